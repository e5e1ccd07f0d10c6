//! Everything that the session task listens to.

use std::time::Instant;

use qubx_engine::{EngineOutput, HostEvent, StrategyBatch};
use qubx_kernel::KernelEvent;
use tokio::sync::mpsc;

use crate::session::input::Input;

/// Everything that the session task listens to.
pub(crate) struct Sources {
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) engine: mpsc::Receiver<EngineOutput>,
    pub(crate) kernel: mpsc::Receiver<KernelEvent>,
    /// The news for a strategy in Python.
    pub(crate) strategy: mpsc::Receiver<StrategyBatch>,
    /// What a strategy in Rust says.
    pub(crate) host: mpsc::Receiver<HostEvent>,
}

/// One thing that happened.
pub(super) enum Turn {
    Input(Input),
    Engine(Box<EngineOutput>),
    /// The engine's task ended by itself.
    EngineGone,
    Kernel(KernelEvent),
    Strategy(StrategyBatch),
    Host(HostEvent),
    /// Something is due by time.
    Tick,
}

impl Sources {
    /// Waits for the next thing, until `due` at most. Engine and kernel come before what people ask, so that an answer shows their news.
    pub(super) async fn next(&mut self, due: Instant) -> Turn {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.into()) => Turn::Tick,
            output = self.engine.recv() => output.map_or(Turn::EngineGone, |output| Turn::Engine(Box::new(output))),
            Some(event) = self.kernel.recv() => Turn::Kernel(event),
            Some(batch) = self.strategy.recv() => Turn::Strategy(batch),
            Some(event) = self.host.recv() => Turn::Host(event),
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
            return Some(Turn::Engine(Box::new(output)));
        }
        if let Ok(event) = self.kernel.try_recv() {
            return Some(Turn::Kernel(event));
        }
        if let Ok(batch) = self.strategy.try_recv() {
            return Some(Turn::Strategy(batch));
        }
        if let Ok(event) = self.host.try_recv() {
            return Some(Turn::Host(event));
        }
        self.inputs.try_recv().ok().map(Turn::Input)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The other ends of the sources.
    struct Ends {
        inputs: mpsc::Sender<Input>,
        engine: mpsc::Sender<EngineOutput>,
        kernel: mpsc::Sender<KernelEvent>,
        _strategy: mpsc::Sender<StrategyBatch>,
    }

    fn sources() -> (Ends, Sources) {
        let (inputs_end, inputs) = mpsc::channel(1);
        let (engine_end, engine) = mpsc::channel(1);
        let (kernel_end, kernel) = mpsc::channel(100);
        let (strategy_end, strategy) = mpsc::channel(1);
        let ends =
            Ends { inputs: inputs_end, engine: engine_end, kernel: kernel_end, _strategy: strategy_end };
        (ends, Sources { inputs, engine, kernel, strategy, host: mpsc::channel(1).1 })
    }

    #[tokio::test]
    async fn however_much_the_kernel_has_to_say_what_people_ask_is_heard() {
        let (ends, mut sources) = sources();
        for _ in 0..100 {
            ends.kernel.send(KernelEvent::Responding(true)).await.unwrap();
        }
        ends.inputs.send(Input::OwnerGone).await.unwrap();
        let words = |turns: Vec<Turn>| -> String {
            let word = |turn: &Turn| if matches!(turn, Turn::Input(_)) { 'i' } else { 'k' };
            turns.iter().map(word).collect()
        };
        assert_eq!(words(sources.waiting(5)), "kkkkki");
        assert_eq!(words(sources.waiting(5)), "kkkkk");
        // As long as there is time for all, news come before what people ask, so that an answer shows them.
        ends.inputs.send(Input::OwnerGone).await.unwrap();
        assert_eq!(words(sources.waiting(200)), "k".repeat(90) + "i");
    }

    #[tokio::test]
    async fn an_engine_that_ends_by_itself_is_noticed() {
        let (ends, mut sources) = sources();
        let later = Instant::now() + Duration::from_secs(60);
        drop(ends.engine);
        assert!(matches!(sources.next(later).await, Turn::EngineGone));
    }
}
