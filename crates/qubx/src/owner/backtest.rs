//! A replay that is run for its results: nobody looks on, so what happens on the way is not printed, only how far it is, and
//! the session ends with the replay.
//!
//! Standard output has the results and nothing else. What a person must know, or the strategy printed, goes to standard
//! error.

mod progress;
#[cfg(test)]
pub(super) mod tests;

use std::path::{Path, PathBuf};
use std::time::Instant;

use qubx_home::replace_private_file;
use qubx_protocol::{Event, Fact, Latest, LogLevel, Results, SessionState, StrategyState};

use crate::config::{Config, Connector, Speed};
use crate::failure::{Failure, Outcome};
use crate::out::{end_progress, out, progress, say};
use crate::plain::render;
use crate::results::{self, Glyphs};
use progress::Progress;

/// A session that is run for its results.
#[derive(Debug)]
pub(crate) struct Backtest {
    name: String,
    /// The session's folder, for the files.
    folder: PathBuf,
    json: bool,
    progress: Progress,
    /// How often the service crashed on the way. The service that was started again knows nothing of it.
    crashes: u64,
    end: Option<End>,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With results, all of which were written or not.
    Results { results: Box<Results>, doubts: Vec<String> },
    /// Without, for this reason.
    Failed(String),
}

/// Tells whether a config is a replay that goes as fast as it can.
pub(crate) fn is_at_full_speed(config: &Config) -> bool {
    let is_max = |connector: &Connector| matches!(connector, Connector::Replay { speed: Speed::Max, .. });
    !config.exchanges.is_empty() && config.exchanges.iter().all(|exchange| is_max(&exchange.connector))
}

impl Backtest {
    pub(crate) fn new(name: &str, folder: &Path, json: bool, is_terminal: bool) -> Self {
        Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            json,
            progress: Progress::new(is_terminal, Instant::now()),
            crashes: 0,
            end: None,
        }
    }

    /// Takes in that the service crashed and is started again.
    pub(crate) fn service_crashed(&mut self) {
        self.crashes += 1;
    }

    /// Takes an event in: `state` is that of before it, or a later one.
    pub(crate) fn event(&mut self, event: &Event, state: &SessionState) {
        match &event.fact {
            Fact::Results(results) => self.results(results, state),
            // That it is stopped then is its own doing.
            Fact::Verb { .. } if self.end.is_some() => {}
            fact if is_told(fact) => {
                if let Some(line) = render(event, state) {
                    say!("{line}");
                }
            }
            _ => {}
        }
    }

    /// Looks at how the session is and how far the replay.
    pub(crate) fn look(&mut self, state: &SessionState, latest: &Latest, now: Instant) {
        if self.end.is_some() {
            return;
        }
        let market = latest.market.as_ref();
        let feed_error = market.and_then(|market| market.feed_error.as_ref());
        let why = feed_error.map(|error| format!("the replay cannot go on: {error}"));
        if let Some(why) = why.or_else(|| strategy_failure(state)) {
            return self.fail(why);
        }
        let place = market.and_then(|market| market.replay.as_ref().zip(market.time));
        let Some(line) = place.and_then(|(replay, time)| self.progress.next(replay.fraction, time, now))
        else {
            return;
        };
        if self.progress.is_terminal { progress(&line) } else { say!("{line}") }
    }

    /// Tells whether the session has no more to do.
    pub(crate) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Returns how the command ends, now that the session has ended.
    pub(crate) fn outcome(self) -> Result<Outcome, Failure> {
        end_progress();
        match &self.end {
            Some(End::Results { results, doubts }) => Ok(self.publish(results, doubts)),
            Some(End::Failed(why)) => {
                Err(Failure::new(why.as_str())
                    .hint(format!("`qubx history {}` shows what happened", self.name)))
            }
            None => {
                Err(Failure::new("the session ended before its replay was at its end; there are no results"))
            }
        }
    }

    fn fail(&mut self, why: String) {
        end_progress();
        self.end = Some(End::Failed(why));
    }

    /// Takes results: those of the market's end, or later ones, of what the strategy did as it stopped.
    fn results(&mut self, results: &Results, state: &SessionState) {
        match (&mut self.end, strategy_failure(state)) {
            (Some(End::Failed(_)), _) => {}
            (Some(End::Results { results: older, .. }), _) => older.clone_from(&Box::new(results.clone())),
            // The market goes on without a strategy, and what comes of that is nobody's result.
            (None, Some(why)) => self.fail(why),
            (None, None) => {
                end_progress();
                let doubts = doubts(state, self.crashes);
                self.end = Some(End::Results { results: Box::new(results.clone()), doubts });
            }
        }
    }

    /// Prints the results and leaves them in files.
    fn publish(&self, results: &Results, doubts: &[String]) -> Outcome {
        let json = results::json(&self.name, results, doubts);
        if self.json {
            out!("{json}");
        } else {
            let glyphs = Glyphs::of_locale(|name| std::env::var(name).ok());
            out!("{}", results::table(&self.name, results, glyphs));
        }
        for doubt in doubts {
            say!("warning: {doubt}");
        }
        let picture = self.folder.join("results.svg");
        let files =
            [(self.folder.join("results.json"), json), (picture.clone(), results::svg(&self.name, results))];
        let written = files.iter().try_for_each(|(path, text)| replace_private_file(path, text.as_bytes()));
        match &written {
            Ok(()) => say!("picture: {}", picture.display()),
            Err(failure) => say!("{failure}"),
        }
        if written.is_ok() { Outcome::Done } else { Outcome::NotWell }
    }
}

/// Tells whether somebody who waits for results wants to know of it: all but what the results are made of, and the ways
/// of the session itself.
fn is_told(fact: &Fact) -> bool {
    match fact {
        Fact::Log { level, source, .. } => *level >= LogLevel::Warning || source == "strategy",
        Fact::Started { .. }
        | Fact::Order { .. }
        | Fact::Fill { .. }
        | Fact::Funding { .. }
        | Fact::Results(_)
        | Fact::Status(_) => false,
        _ => true,
    }
}

/// Returns why there is no strategy; none while one is there, starts, or is about to be started again.
fn strategy_failure(state: &SessionState) -> Option<String> {
    let status = state.status.as_ref()?;
    if status.strategy.state != StrategyState::Failed || status.kernel.next_start.is_some() {
        return None;
    }
    let error = status.strategy.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    Some(format!("the strategy failed{error}"))
}

/// Returns what a person must know of the way to the results, on which the service crashed so many times.
fn doubts(state: &SessionState, crashes: u64) -> Vec<String> {
    let count = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let status = state.status.as_ref();
    let errors = status.map_or(0, |status| status.strategy.callback_errors);
    let restarts = status.map_or(0, |status| u64::from(status.kernel.restarts));
    let raised =
        (errors > 0).then(|| format!("{} of the strategy raised an exception", count(errors, "callback")));
    let restarted =
        (restarts > 0).then(|| format!("Python ended and was started again {}", count(restarts, "time")));
    let crashed = (crashes > 0)
        .then(|| format!("the service crashed and was started again {}", count(crashes, "time")));
    raised.into_iter().chain(restarted).chain(crashed).collect()
}
