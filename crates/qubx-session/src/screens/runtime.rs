//! The thread that serves screens. It comes behind the session's own: however many screens there are, orders go first.

use std::io;

use rustix::process::{getpriority_process, setpriority_process};
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
    /// When the system gives it nothing to wait with.
    pub(crate) fn start() -> io::Result<Self> {
        // A thread begins as far behind as the one that starts it, and here they start one another.
        let behind = getpriority_process(None).map_or(BEHIND, |own| own + BEHIND);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("screens")
            .on_thread_start(move || {
                // Of a thread alone, as Linux has it. Without it screens are served as well.
                let _ = setpriority_process(None, behind);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever blocks hands what else there is to do to a new thread.
    #[test]
    fn every_thread_of_it_is_as_far_behind() {
        let runtime = ScreensRuntime::start().unwrap();
        let (sender, found) = std::sync::mpsc::channel();
        for _ in 0..4 {
            let (sender, (go, gone)) = (sender.clone(), std::sync::mpsc::channel::<()>());
            // The next one runs while this one blocks, so on another thread.
            runtime.handle().spawn(async move {
                tokio::task::block_in_place(|| {
                    sender.send((go, getpriority_process(None).unwrap())).unwrap();
                    let _ = gone.recv();
                });
            });
        }
        let found: Vec<_> = (0..4)
            .map(|_| found.recv_timeout(std::time::Duration::from_secs(10)).expect("a thread"))
            .collect();
        let own = getpriority_process(None).unwrap();
        let expected = (own + BEHIND).min(19);
        assert!(found.iter().all(|(_, behind)| *behind == expected), "{found:?}");
    }
}
