//! The thread that serves screens. It comes behind the session's own: however many screens there are, no order waits for them.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// How far behind, as nice(2) counts it.
const BEHIND: i32 = 5;

/// A runtime with one worker, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ScreensRuntime(Option<Runtime>);

impl ScreensRuntime {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives it no thread.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("screens")
            .on_thread_start(|| {
                // Of a thread alone, as Linux has it. Without it screens are served as well.
                let _ = rustix::process::nice(BEHIND);
            })
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Returns where its tasks are spawned.
    pub(crate) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("it is there until it is dropped").handle()
    }
}

impl Drop for ScreensRuntime {
    fn drop(&mut self) {
        // Its tasks have ended, or were given up.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
