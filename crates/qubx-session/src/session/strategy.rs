//! What the strategy says, and what it is told.

use std::time::Instant;

use jiff::Timestamp;
use qubx_engine::{At, Interests, Reply, StrategyBatch};
use qubx_kernel::{CallId, PublishedPart, StrategyCall, StrategyEvent};
use qubx_protocol::{By, Command, CommandId, Fact, LogLevel, StrategyState, VerbOutcome, VerbProgress};

use super::{Asker, Effect, STRATEGY, Session, in_market};
use crate::config::Progress;
use crate::session::input::Input;
use crate::store::Draft;

/// The largest state that is kept, as JSON. Python's own limit is lower.
const LARGEST_STATE: usize = 4 << 20;

impl Session {
    /// Takes news for the strategy.
    pub(super) fn news(&mut self, batch: StrategyBatch) {
        if self.port.send(self.python.kernel().as_ref(), batch) {
            self.watch.got_batch(Instant::now(), self.engine.backlog());
        }
    }

    pub(super) fn take_strategy(&mut self, event: StrategyEvent) {
        // Beside a strategy in Rust, Python has the REPL alone, and nothing to say of a strategy.
        let is_of_the_repl = matches!(
            event,
            StrategyEvent::Log { .. } | StrategyEvent::Call { .. } | StrategyEvent::Publish { .. }
        );
        if self.rust.is_some() && !is_of_the_repl {
            return;
        }
        match event {
            StrategyEvent::Constructed { parameters, actions } => {
                (self.status.strategy.parameters, self.status.strategy.actions) = (parameters, actions);
                self.status_changed();
            }
            StrategyEvent::Parameters { parameters } => {
                self.status.strategy.parameters = parameters;
                self.status_changed();
            }
            StrategyEvent::Started { callbacks } => {
                self.set_strategy(StrategyState::Running, None);
                let has = |name: &str| callbacks.iter().any(|callback| callback == name);
                let interests =
                    Interests { strategy: true, quotes: has("on_quote"), trades: has("on_trade") };
                self.start_feed(interests);
                self.report(Progress::StrategyStarted);
                self.report_first_quotes();
            }
            StrategyEvent::Failed { stage, ename, evalue, traceback } => {
                let error = format!("{ename} in {stage}: {evalue}");
                self.fact(Fact::Error { cell: None, ename, evalue, traceback, market_time: None });
                self.set_strategy(StrategyState::Failed, Some(error.clone()));
                self.start_feed(Interests::NONE);
                self.report(Progress::StrategyFailed { error });
            }
            StrategyEvent::CallbackError { callback, ename, evalue, traceback, time, .. } => {
                let error = format!("{ename} in {callback}: {evalue}");
                let market_time = in_market(time.and_then(of_engine));
                self.fact(Fact::Error { cell: None, ename, evalue, traceback, market_time });
                self.callback_failed(error);
            }
            StrategyEvent::Stopped { .. } => self.strategy_has_stopped(),
            StrategyEvent::Log { level, text, time } => {
                self.log_at(level, STRATEGY, text, time.and_then(of_engine));
            }
            StrategyEvent::BatchDone { batch, reached, callbacks } => {
                self.port.done(batch, reached);
                self.watch.done(Instant::now(), &callbacks);
            }
            StrategyEvent::Publish { name, instrument, time, content } => {
                let time = Timestamp::from_nanosecond(time.into()).unwrap_or(Timestamp::UNIX_EPOCH);
                self.publish(name, instrument, time, content);
            }
            StrategyEvent::CommandDone { command, ok, error } => {
                self.strategy_did(&command, error.map_or_else(|| Ok(ok.unwrap_or_default()), Err));
            }
            StrategyEvent::Call { call, origin, at, request } => {
                let by = self.cause_of(origin);
                self.call(call, request, by, at.map(|place| At { batch: place.batch, record: place.record }));
            }
        }
    }

    /// Answers a call of the strategy, or of a cell.
    fn call(&mut self, call: CallId, request: StrategyCall, by: By, at: Option<At>) {
        match request {
            StrategyCall::SaveState { state } => self.save_state(Asker::Call(call), state, at),
            StrategyCall::LoadState => self.effects.push(Effect::LoadState(Asker::Call(call))),
            request => {
                let Some(kernel) = self.python.kernel() else { return };
                let engine = self.engine.clone();
                let (instruments, places) = (self.status.info.instruments.clone(), self.places.clone());
                self.tracker.spawn(async move {
                    match crate::strategy::calls::answer(&engine, &instruments, request, by, at).await {
                        Ok((value, Reply { facts, end, .. })) => {
                            kernel.reply_in_lockstep(call, Ok(value), places.facts(&facts), end);
                        }
                        Err(error) => kernel.reply(call, Err(error)),
                    }
                });
            }
        }
    }

    /// Has a state kept behind all that the engine told before: one that is newer than the book would trade twice.
    pub(super) fn save_state(&mut self, asker: Asker, state: serde_json::Value, at: Option<At>) {
        let size = state.to_string().len();
        if size > LARGEST_STATE {
            let message = format!("a state of {size} bytes is larger than the {LARGEST_STATE} allowed");
            return self.state_kept(asker, Err(message));
        }
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            // Without an engine the session ends.
            if engine.flush(at).await.is_ok() {
                let _ = inputs.send(Input::KeepState(asker, state)).await;
            }
        });
    }

    pub(super) fn keep_state(&mut self, asker: Asker, state: serde_json::Value) {
        // The newest one counts; an older one of the same turn was kept for nobody.
        self.drafts.retain(|draft| !matches!(draft, Draft::StrategyState(_)));
        self.drafts.push(Draft::StrategyState(state));
        self.effects.push(Effect::StateKept(asker));
    }

    pub(super) fn publish(
        &mut self,
        name: String,
        place: Option<usize>,
        time: Timestamp,
        content: PublishedPart,
    ) {
        let instrument = place.and_then(|place| self.status.info.instruments.get(place));
        let instrument = instrument.map(|instrument| instrument.id.clone());
        let refused = self.watch.change_board(Instant::now(), |board| {
            let refused = board.publish(name.clone(), instrument, time, content).err();
            refused.filter(|_| board.warns_of(&name))
        });
        if let Some(reason) = refused {
            self.log(LogLevel::Warning, STRATEGY, format!("not published: {reason}"));
        }
    }

    /// Notes that the strategy's `on_stop` ran.
    pub(super) fn strategy_has_stopped(&mut self) {
        self.set_strategy(StrategyState::Stopped, None);
        self.release_stop();
    }

    /// Lets a stop go on that waits for the strategy.
    pub(super) fn release_stop(&mut self) {
        if let Some(stopped) = self.strategy_stopped.take() {
            // Whoever waited may have lost patience.
            let _ = stopped.send(());
        }
    }

    /// Has the strategy do something on its own thread; [`Session::strategy_did`] hears what came of it.
    pub(super) fn tell_strategy(&mut self, id: CommandId, command: Command, progress: VerbProgress) {
        let author = progress.author.clone();
        self.told.insert(id.clone(), progress);
        let state = self.status.strategy.state;
        if state != StrategyState::Running {
            let why = "the strategy does not run, so it can do nothing now".to_owned();
            return self.strategy_did(&id, Err(why));
        }
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            if let Err(error) = engine.tell_strategy(id.clone(), author, command).await {
                let _ = inputs.send(Input::StrategyCannotDo(id, error.to_string())).await;
            }
        });
    }

    /// Notes what came of something that the strategy was told to do.
    pub(super) fn strategy_did(&mut self, command: &CommandId, result: Result<String, String>) {
        let Some(progress) = self.told.shift_remove(command) else { return };
        let (outcome, text) = match result {
            Ok(text) => (VerbOutcome::Done, text),
            Err(text) => (VerbOutcome::Failed, text),
        };
        self.drafts.push(Draft::Verb(VerbProgress { outcome, text, ..progress }));
    }

    /// Notes that the strategy will not do any more what it was told.
    pub(super) fn forget_told(&mut self, why: &str) {
        for command in self.told.keys().cloned().collect::<Vec<_>>() {
            self.strategy_did(&command, Err(why.to_owned()));
        }
    }

    /// Counts a callback that failed. Whoever runs the callbacks pauses after too many: in a replay it must be where they
    /// raised.
    pub(super) fn callback_failed(&mut self, error: String) {
        self.status.strategy.callback_errors += 1;
        self.set_strategy(self.status.strategy.state, Some(error));
    }

    /// Lets the feed run; a later call only changes what the strategy is told.
    pub(super) fn start_feed(&self, interests: Interests) {
        let engine = self.engine.clone();
        self.tracker.spawn(async move {
            if let Err(error) = engine.start_feed(interests).await {
                tracing::error!(%error, "the feed does not start");
            }
        });
    }

    pub(super) fn set_strategy(&mut self, state: StrategyState, error: Option<String>) {
        self.status.strategy.state = state;
        self.status.strategy.error = error;
        self.status_changed();
    }
}

/// Returns a time that Python tells in nanoseconds since 1970.
fn of_engine(time: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.into()).ok()
}
