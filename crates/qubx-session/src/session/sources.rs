//! Everything that the session task listens to.

use std::time::Instant;

use qubx_engine::{EngineOutput, StrategyBatch};
use qubx_kernel::KernelEvent;
use tokio::sync::mpsc;

use crate::session::input::Input;

/// Everything that the session task listens to.
pub(crate) struct Sources {
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) engine: mpsc::Receiver<EngineOutput>,
    pub(crate) kernel: mpsc::Receiver<KernelEvent>,
    pub(crate) strategy: mpsc::Receiver<StrategyBatch>,
}

/// One thing that happened.
pub(super) enum Turn {
    Input(Input),
    Engine(EngineOutput),
    /// The engine's task ended by itself.
    EngineGone,
    Kernel(KernelEvent),
    Strategy(StrategyBatch),
    /// Something is due by time.
    Tick,
}

impl Sources {
    /// Waits for the next thing, until `due` at most. Engine and kernel come before what people ask, so that an answer shows their news.
    pub(super) async fn next(&mut self, due: Instant) -> Turn {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.into()) => Turn::Tick,
            output = self.engine.recv() => output.map_or(Turn::EngineGone, Turn::Engine),
            Some(event) = self.kernel.recv() => Turn::Kernel(event),
            Some(batch) = self.strategy.recv() => Turn::Strategy(batch),
            Some(input) = self.inputs.recv() => Turn::Input(input),
        }
    }

    /// Returns what waits to be taken in together with it, `limit` at most. What people ask has a place in it however much
    /// engine and kernel have to say: a cell that prints without end must not keep out the wish to interrupt it.
    pub(super) fn waiting(&mut self, limit: usize) -> Vec<Turn> {
        let mut waiting: Vec<Turn> = std::iter::from_fn(|| self.try_next()).take(limit).collect();
        if waiting.len() == limit {
            waiting.extend(std::iter::from_fn(|| self.inputs.try_recv().ok()).take(limit).map(Turn::Input));
        }
        waiting
    }

    fn try_next(&mut self) -> Option<Turn> {
        if let Ok(output) = self.engine.try_recv() {
            return Some(Turn::Engine(output));
        }
        if let Ok(event) = self.kernel.try_recv() {
            return Some(Turn::Kernel(event));
        }
        if let Ok(batch) = self.strategy.try_recv() {
            return Some(Turn::Strategy(batch));
        }
        self.inputs.try_recv().ok().map(Turn::Input)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn however_much_the_kernel_has_to_say_what_people_ask_is_heard() {
        let (_engine_sender, engine) = mpsc::channel(1);
        let (inputs_sender, inputs) = mpsc::channel(1);
        let (kernel_sender, kernel) = mpsc::channel(100);
        let (_strategy_sender, strategy) = mpsc::channel(1);
        let mut sources = Sources { inputs, engine, kernel, strategy };
        for _ in 0..100 {
            kernel_sender.send(KernelEvent::Responding(true)).await.unwrap();
        }
        inputs_sender.send(Input::OwnerGone).await.unwrap();
        let words = |turns: Vec<Turn>| -> String {
            let word = |turn: &Turn| if matches!(turn, Turn::Input(_)) { 'i' } else { 'k' };
            turns.iter().map(word).collect()
        };
        assert_eq!(words(sources.waiting(5)), "kkkkki");
        assert_eq!(words(sources.waiting(5)), "kkkkk");
        // As long as there is time for all, news come before what people ask, so that an answer shows them.
        inputs_sender.send(Input::OwnerGone).await.unwrap();
        assert_eq!(words(sources.waiting(200)), "k".repeat(90) + "i");
    }

    #[tokio::test]
    async fn an_engine_that_ends_by_itself_is_noticed() {
        let (engine_sender, engine) = mpsc::channel(1);
        let (_inputs_sender, inputs) = mpsc::channel(1);
        let (_kernel_sender, kernel) = mpsc::channel(1);
        let (_strategy_sender, strategy) = mpsc::channel(1);
        let mut sources = Sources { inputs, engine, kernel, strategy };
        let later = Instant::now() + Duration::from_secs(60);
        drop(engine_sender);
        assert!(matches!(sources.next(later).await, Turn::EngineGone));
    }
}
