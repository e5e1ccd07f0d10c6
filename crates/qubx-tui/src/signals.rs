//! The signals that end a screen, stop it, or tell that it was stopped.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::select_all;
use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::terminal;

/// The signals that end a screen: its terminal is given back, and the command tells how it ended.
const ENDS: [Number; 4] = [Number::TERM, Number::HUP, Number::INT, Number::QUIT];

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To leave.
    End,
    /// To give the terminal back and stop.
    Suspend,
    /// To take the terminal again: this process was stopped, and others may have drawn on it.
    Continue,
}

/// All of them. From the moment on at which they are taken, none does what it would do by itself.
pub(crate) struct Signals {
    ends: Vec<Signal>,
    suspend: Signal,
    continued: Signal,
}

impl Signals {
    pub(crate) fn take() -> std::io::Result<Self> {
        let take = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            ends: ENDS.into_iter().map(take).collect::<Result<_, _>>()?,
            suspend: take(Number::TSTP)?,
            continued: take(Number::CONT)?,
        })
    }

    /// Waits for the next one. May be dropped half-way.
    pub(crate) async fn next(&mut self) -> Asked {
        let ends = select_all(self.ends.iter_mut().map(|end| Box::pin(end.recv())));
        tokio::select! {
            biased;
            _ = ends => Asked::End,
            _ = self.suspend.recv() => Asked::Suspend,
            _ = self.continued.recv() => Asked::Continue,
        }
    }

    /// Waits until this process is continued.
    pub(crate) async fn continued(&mut self) {
        let _ = self.continued.recv().await;
    }

    /// Forgets that this process was continued before.
    pub(crate) fn forget_continued(&mut self) {
        let _ = self.continued.recv().now_or_never();
    }

    /// Waits for another program's end, which has the terminal. Its keys for interrupting and stopping reach this process
    /// too: the first are for it alone, and when it stops, this process does, or the shell would wait for both. A signal
    /// that ends this process is told by `ending`.
    pub(crate) async fn stop_along_with<B: Future>(&mut self, ending: &Notify, borrower: B) -> B::Output {
        let mut borrower = std::pin::pin!(borrower);
        let result = loop {
            let is_key = |number: Number| matches!(number, Number::INT | Number::QUIT);
            let ends = self.ends.iter_mut().zip(ENDS).filter(|(_, number)| !is_key(*number));
            let ends = select_all(ends.map(|(end, _)| Box::pin(end.recv())));
            tokio::select! {
                biased;
                _ = ends => ending.notify_one(),
                result = &mut borrower => break result,
                _ = self.suspend.recv() => {
                    // If it cannot be stopped, the other program stands alone.
                    let _ = terminal::stop_this();
                }
            }
        };
        for (end, number) in self.ends.iter_mut().zip(ENDS) {
            if matches!(number, Number::INT | Number::QUIT) {
                let _ = end.recv().now_or_never();
            }
        }
        self.forget_continued();
        result
    }
}
