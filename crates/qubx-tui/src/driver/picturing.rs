//! Making the pictures that a drawing lacks, one at a time and beside the screen: typing never waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::app::App;
use crate::pictures::Made;

/// How long an image may take; one that takes longer is named only.
const LONGEST: Duration = Duration::from_secs(5);

/// What is being made, if anything is. What is under way ends soon after this.
#[derive(Debug, Default)]
pub(super) struct Picturing {
    making: Option<JoinHandle<Made>>,
    is_over: Arc<AtomicBool>,
}

impl Picturing {
    /// Begins with a picture that the last drawing lacked, unless one is under way.
    pub(super) fn follow(&mut self, app: &App) {
        if self.making.is_some() {
            return;
        }
        let Some(job) = app.pictures.next_job(app.transcript.gallery()) else { return };
        let is_over = Arc::clone(&self.is_over);
        self.making = Some(spawn_blocking(move || {
            let end = Instant::now() + LONGEST;
            job.run(&|| is_over.load(Ordering::Relaxed) || Instant::now() > end)
        }));
    }

    /// Waits for what is being made. May be dropped half-way.
    pub(super) async fn made(&mut self) -> Made {
        loop {
            let Some(making) = &mut self.making else { return std::future::pending().await };
            let made = making.await;
            self.making = None;
            // One that cannot be waited for is wanted again by the next drawing.
            if let Ok(made) = made {
                return made;
            }
        }
    }
}

impl Drop for Picturing {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
