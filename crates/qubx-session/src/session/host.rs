//! What a strategy in Rust says, and what Python is shown of the market beside it.

use std::time::Instant;

use jiff::Timestamp;
use qubx_engine::{Content, EngineEvent, EngineSnapshot, HostEvent};
use qubx_kernel::PublishedPart;
use qubx_protocol::{Fact, StrategyState};

use super::{Asker, Effect, STRATEGY, Session, in_market};
use crate::config::Progress;
use crate::session::input::Input;

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
                self.report_first_quotes();
            }
            HostEvent::Failed { stage, error } => self.rust_failed(stage, &error),
            HostEvent::CallbackError { callback, error, time, .. } => {
                self.error(callback, &error, Some(time));
                self.callback_failed(format!("{callback}: {error}"));
            }
            HostEvent::Log { level, text, time } => self.log_at(level, STRATEGY, text, Some(time)),
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
            HostEvent::SaveState(state, at, reply) => self.save_state(Asker::Keeps(reply), state, at),
            HostEvent::LoadState(reply) => self.effects.push(Effect::LoadState(Asker::Loads(reply))),
            HostEvent::Stopped => self.strategy_has_stopped(),
        }
    }

    fn rust_failed(&mut self, stage: &str, error: &str) {
        self.error(stage, error, None);
        let error = format!("{stage}: {error}");
        self.set_strategy(StrategyState::Failed, Some(error.clone()));
        // Its thread ends without another word.
        self.release_stop();
        self.report(Progress::StrategyFailed { error });
    }

    /// Tells an error of the strategy's; Rust has no traceback.
    fn error(&mut self, place: &str, error: &str, time: Option<Timestamp>) {
        let (ename, evalue) = (format!("the strategy's {place}"), error.to_owned());
        let market_time = in_market(time);
        self.fact(Fact::Error { cell: None, ename, evalue, traceback: Vec::new(), market_time });
    }

    /// Shows Python what became of orders and positions, beside a strategy in Rust.
    pub(super) fn show_events(&mut self, events: &[EngineEvent]) {
        if let Some(rust) = &mut self.rust {
            rust.show_events(Instant::now(), self.python.kernel().as_ref(), events);
        }
    }

    /// Asks the engine for the book that Python is shown, beside a strategy in Rust.
    pub(super) fn ask_for_book(&mut self) {
        let Some(rust) = &mut self.rust else { return };
        let number = rust.ask_for_book();
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            match engine.snapshot().await {
                // The session is gone only when everything is.
                Ok(book) => drop(inputs.send(Input::Book(number, Box::new(book))).await),
                Err(error) => tracing::error!(%error, "Python is not shown the book"),
            }
        });
    }

    /// Gives Python the book that was asked for.
    pub(super) fn show_book(&mut self, number: u64, book: &EngineSnapshot) {
        if let (Some(rust), Some(kernel)) = (&mut self.rust, self.python.kernel()) {
            rust.show_book(Instant::now(), &kernel, number, book);
        }
    }

    /// Shows Python what is due, beside a strategy in Rust: the newest quotes, or the book anew.
    pub(super) fn show_market(&mut self, now: Instant) {
        let (Some(rust), Some(kernel)) = (&mut self.rust, self.python.kernel()) else { return };
        if rust.show_due(now, &kernel, &self.engine.market().borrow()) {
            self.ask_for_book();
        }
    }

    /// Looks whether a strategy in Rust is busy: one that hangs says nothing.
    pub(super) fn look_at_host(&mut self, now: Instant) {
        if let Some(host) = self.rust.as_mut().and_then(|rust| rust.look(now)) {
            self.watch.looked(now, Timestamp::now(), host.busy_since(), self.engine.backlog());
        }
    }

    /// Returns when something is due because of a strategy in Rust.
    pub(super) fn rust_due(&self) -> Option<Instant> {
        self.rust.as_ref().and_then(crate::strategy::rust::RustStrategy::due)
    }
}
