//! What a strategy in Rust says, and what Python is shown of the market beside it.

use std::time::Instant;

use qubx_engine::{Content, EngineEvent, HostEvent};
use qubx_kernel::PublishedPart;
use qubx_protocol::{Fact, StrategyState};

use super::{Asker, Effect, STRATEGY, Session};
use crate::config::Progress;

impl Session {
    /// Starts the thread of a strategy in Rust, with the first Python that is up: then all of the session is.
    pub(super) fn start_rust(&mut self) {
        let Some(rust) = &mut self.rust else { return };
        if let Err(error) = rust.start(&self.status.info.instruments, &self.engine) {
            self.rust_failed("its thread", &error.to_string());
        }
    }

    pub(super) fn take_host(&mut self, event: HostEvent) {
        let now = Instant::now();
        match event {
            HostEvent::Constructed { parameters, actions } => {
                (self.status.strategy.parameters, self.status.strategy.actions) = (parameters, actions);
                self.status_changed();
            }
            HostEvent::Parameters(parameters) => {
                self.status.strategy.parameters = parameters;
                self.status_changed();
            }
            HostEvent::Started { .. } => {
                self.set_strategy(StrategyState::Running, None);
                self.report(Progress::StrategyStarted);
            }
            HostEvent::Failed { stage, error } => self.rust_failed(stage, &error),
            HostEvent::CallbackError { callback, error, in_a_row } => {
                self.error(callback, &error);
                self.callback_failed(format!("{callback}: {error}"), in_a_row);
            }
            HostEvent::Log { level, text } => self.log(level, STRATEGY, text),
            HostEvent::Callbacks(callbacks) => self.watch.counted(now, callbacks),
            HostEvent::Published { name, instrument, time, content } => {
                let part = match content {
                    Content::Value(value) => PublishedPart::Value(value),
                    Content::Table { columns, rows } => PublishedPart::Table { columns, rows },
                    Content::Point(value) => PublishedPart::Point(value),
                };
                self.publish(name, instrument.map(qubx_engine::InstrumentIndex::place), time, part);
            }
            HostEvent::CommandDone(command, result) => self.strategy_did(&command, result),
            HostEvent::SaveState(state, reply) => self.save_state(Asker::Keeps(reply), state),
            HostEvent::LoadState(reply) => self.effects.push(Effect::LoadState(Asker::Loads(reply))),
            HostEvent::Stopped => self.strategy_has_stopped(),
        }
    }

    fn rust_failed(&mut self, stage: &str, error: &str) {
        self.error(stage, error);
        let error = format!("{stage}: {error}");
        self.set_strategy(StrategyState::Failed, Some(error.clone()));
        self.report(Progress::StrategyFailed { error });
    }

    /// Tells an error of the strategy's; Rust has no traceback.
    fn error(&mut self, place: &str, error: &str) {
        let (ename, evalue) = (format!("the strategy's {place}"), error.to_owned());
        self.fact(Fact::Error { cell: None, ename, evalue, traceback: Vec::new() });
    }

    /// Shows Python what became of orders and positions, beside a strategy in Rust.
    pub(super) fn show_events(&mut self, events: &[EngineEvent]) {
        if let (Some(rust), Some(kernel)) = (&mut self.rust, self.python.kernel()) {
            rust.show_events(&kernel, events);
        }
    }

    /// Shows Python the newest quotes, beside a strategy in Rust, if it is time.
    pub(super) fn show_quotes(&mut self, now: Instant) {
        if let (Some(rust), Some(kernel)) = (&mut self.rust, self.python.kernel()) {
            rust.show_quotes(now, &kernel, &self.engine.market().borrow());
        }
    }

    /// Returns when Python is shown quotes next.
    pub(super) fn shown_due(&self) -> Option<Instant> {
        self.rust.as_ref().and_then(crate::strategy::rust::RustStrategy::due)
    }
}
