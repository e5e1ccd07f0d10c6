//! The Python process of a session over its lives: started, ended, started again in the same place.
//!
//! Every life has the same folder, so ports and key stay and Jupyter guests go on. Whoever asks Python something gets
//! the process of now by [`Python::watch`].

use std::time::{Duration, Instant};

use qubx_kernel::{KernelConfig, KernelError, KernelEvent, KernelHandle};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::python::restarts::Restarts;

/// How long Python may take to end by itself.
pub(crate) const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// The Python process, or its absence.
#[derive(Debug)]
pub(crate) struct Python {
    config: KernelConfig,
    events: mpsc::Sender<KernelEvent>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    current: watch::Sender<Option<KernelHandle>>,
    restarts: Restarts,
    next_start: Option<Instant>,
    /// Whether the end that comes next was asked for.
    end_was_asked_for: bool,
    /// How often it was started.
    starts: u32,
    was_ever_ready: bool,
}

/// What follows the end of a Python process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterEnd {
    /// It is started again after this pause.
    StartsAgain(Duration),
    /// It stays down until somebody asks for a restart.
    StaysDown,
    /// It never came up, twice: the session cannot begin.
    NeverCameUp,
}

impl Python {
    /// Prepares a process; [`Python::start`] starts it.
    pub(crate) fn new(
        config: KernelConfig,
        restart_limit: u32,
        events: mpsc::Sender<KernelEvent>,
        tracker: TaskTracker,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            config,
            events,
            tracker,
            cancel,
            current: watch::Sender::new(None),
            restarts: Restarts::new(restart_limit),
            next_start: None,
            end_was_asked_for: false,
            starts: 0,
            was_ever_ready: false,
        }
    }

    /// Starts the process; its events follow.
    ///
    /// # Errors
    /// What can be seen before it runs.
    pub(crate) fn start(&mut self) -> Result<(), KernelError> {
        self.next_start = None;
        self.starts += 1;
        // What the Python of a killed service had started may hold what the next one needs.
        let ended = qubx_home::end_python_group(&self.config.runtime_dir);
        if ended > 0 {
            tracing::warn!(ended, "processes that an earlier Python had left behind were ended");
        }
        let kernel = qubx_kernel::start(
            self.config.clone(),
            self.events.clone(),
            &self.tracker,
            self.cancel.child_token(),
        )?;
        if let Err(error) = qubx_home::note_python(&self.config.runtime_dir, kernel.pid()) {
            tracing::warn!(%error, "what Python starts may outlive this service if it is killed");
        }
        self.current.send_replace(Some(kernel));
        Ok(())
    }

    /// Returns the process; none while there is none.
    pub(crate) fn kernel(&self) -> Option<KernelHandle> {
        self.current.borrow().clone()
    }

    /// Returns where the process of now can always be found.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<KernelHandle>> {
        self.current.subscribe()
    }

    /// Notes that it answers.
    pub(crate) fn ready(&mut self) {
        self.was_ever_ready = true;
    }

    /// Returns how often it was started again.
    pub(crate) fn restarts(&self) -> u32 {
        self.starts.saturating_sub(1)
    }

    /// Tells whether the end that comes next was asked for.
    pub(crate) fn end_was_asked_for(&self) -> bool {
        self.end_was_asked_for
    }

    /// Notes the end of the process and says what follows. One that was asked for is followed by a start at once.
    pub(crate) fn ended(&mut self, now: Instant) -> AfterEnd {
        self.current.send_replace(None);
        let asked_for = std::mem::take(&mut self.end_was_asked_for);
        if asked_for {
            self.restarts.forget();
        }
        let pause = match (asked_for, self.was_ever_ready) {
            (true, _) => Some(Duration::ZERO),
            // One more try: a machine that is very busy may have kept it from coming up.
            (false, false) if self.starts < 2 => Some(Duration::ZERO),
            (false, false) => return AfterEnd::NeverCameUp,
            (false, true) => self.restarts.crashed(now),
        };
        self.next_start = pause.map(|pause| now + pause);
        pause.map_or(AfterEnd::StaysDown, AfterEnd::StartsAgain)
    }

    /// Lets it start at once, as somebody asked for it.
    pub(crate) fn start_now(&mut self, now: Instant) {
        self.restarts.forget();
        self.next_start = Some(now);
    }

    /// Returns when it is to be started.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next_start
    }

    /// Returns how many crashes not long ago there were.
    pub(crate) fn crashes(&self) -> usize {
        self.restarts.count()
    }

    /// Gives up a start that is due.
    pub(crate) fn stay_down(&mut self) {
        self.next_start = None;
    }

    /// Ends the process, so that another one is started.
    pub(crate) fn restart(&mut self) {
        if self.kernel().is_none() {
            // It ended by itself meanwhile.
            return self.start_now(Instant::now());
        }
        self.end_was_asked_for = true;
        self.tracker.spawn(self.shutdown());
    }

    /// Ends the process and waits for its end.
    pub(crate) fn shutdown(&self) -> impl Future<Output = ()> + Send + use<> {
        let kernel = self.kernel();
        async move {
            if let Some(kernel) = kernel {
                kernel.shutdown(ENDS_WITHIN).await;
            }
        }
    }
}
