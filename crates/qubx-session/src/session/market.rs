//! What engine and strategy say.

use qubx_engine::{Checkpoint, EngineEvent, EngineOutput, Interests};
use qubx_kernel::{CallId, StrategyCall, StrategyEvent};
use qubx_protocol::{By, Fact, LogLevel, StrategyState};

use super::{Effect, STRATEGY, Session};
use crate::config::Progress;
use crate::store::Draft;

/// The largest state that a strategy may keep, in bytes of JSON: it is written anew each time.
const LARGEST_STATE: usize = 4 << 20;

impl Session {
    pub(super) fn take_engine(&mut self, output: EngineOutput) {
        for event in output.events {
            match event {
                EngineEvent::Order(order) => self.drafts.push(Draft::Order(order)),
                EngineEvent::Fill { fill, position } => self.drafts.push(Draft::Fill { fill, position }),
                EngineEvent::Funding { funding, position } => {
                    self.drafts.push(Draft::Funding { funding, position });
                }
                EngineEvent::Results(results) => self.fact(Fact::Results(results)),
                EngineEvent::Paused { paused, reason } => {
                    self.status.paused = paused;
                    self.status_changed();
                    let level = if paused { LogLevel::Warning } else { LogLevel::Info };
                    self.log(level, "engine", reason);
                }
                EngineEvent::Log { level, text } => self.log(level, "engine", text),
                EngineEvent::FeedFinished => {
                    self.log(LogLevel::Info, "engine", "the replay is at its end".to_owned());
                }
            }
        }
        self.checkpoint(&output.checkpoint);
        self.effects.extend(output.committed.map(Effect::Release));
    }

    /// Keeps the engine's place with the facts of this turn; only the newest one counts.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        let checkpoint = serde_json::to_value(checkpoint).expect("a checkpoint has string keys");
        self.drafts.retain(|draft| !matches!(draft, Draft::Checkpoint(_)));
        self.drafts.push(Draft::Checkpoint(checkpoint));
    }

    pub(super) fn take_strategy(&mut self, event: StrategyEvent) {
        match event {
            StrategyEvent::Constructed => {}
            StrategyEvent::Started { callbacks } => {
                self.set_strategy(StrategyState::Running, None);
                let quotes = callbacks.iter().any(|callback| callback == "on_quote");
                self.start_feed(Interests { quotes, ..Interests::FACTS });
                self.report(Progress::StrategyStarted);
            }
            StrategyEvent::Failed { stage, ename, evalue, traceback } => {
                let error = format!("{ename} in {stage}: {evalue}");
                self.fact(Fact::Error { cell: None, ename, evalue, traceback });
                self.set_strategy(StrategyState::Failed, Some(error.clone()));
                self.start_feed(Interests::NONE);
                self.report(Progress::StrategyFailed { error });
            }
            StrategyEvent::CallbackError { callback, ename, evalue, traceback } => {
                self.status.strategy.callback_errors += 1;
                let error = format!("{ename} in {callback}: {evalue}");
                self.fact(Fact::Error { cell: None, ename, evalue, traceback });
                self.set_strategy(self.status.strategy.state, Some(error));
            }
            StrategyEvent::Stopped => {
                self.set_strategy(StrategyState::Stopped, None);
                if let Some(stopped) = self.strategy_stopped.take() {
                    let _ = stopped.send(());
                }
            }
            StrategyEvent::Log { level, text } => self.log(level, STRATEGY, text),
            StrategyEvent::BatchDone { batch } => self.port.done(batch),
            StrategyEvent::Call { call, origin, request } => {
                let by = self.cause_of(origin);
                self.call(call, request, by);
            }
        }
    }

    fn call(&mut self, call: CallId, request: StrategyCall, by: By) {
        match request {
            StrategyCall::SaveState { state } => self.save_state(call, state),
            StrategyCall::LoadState => self.effects.push(Effect::LoadState(call)),
            request => {
                let Some(kernel) = self.python.kernel() else { return };
                let engine = self.engine.clone();
                let instruments = self.status.info.instruments.clone();
                self.tracker.spawn(async move {
                    let answer = crate::python::port::answer(&engine, &instruments, request, by).await;
                    kernel.reply(call, answer);
                });
            }
        }
    }

    fn save_state(&mut self, call: CallId, state: serde_json::Value) {
        let size = state.to_string().len();
        if size > LARGEST_STATE {
            let message = format!("a state of {size} bytes is larger than the {LARGEST_STATE} allowed");
            return self.reply(call, Err(message));
        }
        self.drafts.retain(|draft| !matches!(draft, Draft::StrategyState(_)));
        self.drafts.push(Draft::StrategyState(state));
        self.effects.push(Effect::StateKept(call));
    }

    pub(super) fn start_feed(&self, interests: Interests) {
        let engine = self.engine.clone();
        self.tracker.spawn(async move {
            if let Err(error) = engine.start_feed(interests).await {
                tracing::error!(%error, "the feed does not start");
            }
        });
    }

    fn set_strategy(&mut self, state: StrategyState, error: Option<String>) {
        self.status.strategy.state = state;
        self.status.strategy.error = error;
        self.status_changed();
    }
}
