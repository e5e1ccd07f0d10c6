//! A replay that is run for its results: nobody looks on, so what happens on the way is not printed, only how far it is, and
//! the session ends with the replay.
//!
//! Standard output has the results and nothing else. What a person must know, or the strategy printed, goes to standard
//! error.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_home::write_private_file;
use qubx_protocol::{Event, Fact, Latest, LogLevel, Results, SessionState, StrategyState};

use crate::config::{Config, Connector, Speed};
use crate::failure::{Failure, Outcome};
use crate::out::{end_progress, out, progress, say};
use crate::plain::render;
use crate::results::{self, Glyphs};

/// A session that is run for its results.
#[derive(Debug)]
pub(crate) struct Backtest {
    name: String,
    /// The session's folder, for the files.
    folder: PathBuf,
    json: bool,
    progress: Progress,
    end: Option<End>,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With results, all of which were written or not.
    Results { complete: bool },
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
            end: None,
        }
    }

    /// Takes an event in: `state` is that of before it, or a later one.
    pub(crate) fn event(&mut self, event: &Event, state: &SessionState) {
        match &event.fact {
            Fact::Results(results) if self.end.is_none() => match strategy_failure(state) {
                // The market goes on without a strategy, and what comes of that is nobody's result.
                Some(why) => self.fail(why),
                None => self.publish(results, state),
            },
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
        match self.end {
            Some(End::Results { complete: true }) => Ok(Outcome::Done),
            Some(End::Results { complete: false }) => Ok(Outcome::NotWell),
            Some(End::Failed(why)) => {
                Err(Failure::new(why).hint(format!("`qubx history {}` shows what happened", self.name)))
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

    /// Prints the results and leaves them in files.
    fn publish(&mut self, results: &Results, state: &SessionState) {
        end_progress();
        let json = results::json(&self.name, results);
        if self.json {
            out!("{json}");
        } else {
            let glyphs = Glyphs::of_locale(|name| std::env::var(name).ok());
            out!("{}", results::table(&self.name, results, glyphs));
        }
        for doubt in doubts(state) {
            say!("warning: {doubt}");
        }
        let picture = self.folder.join("results.svg");
        let files =
            [(self.folder.join("results.json"), json), (picture.clone(), results::svg(&self.name, results))];
        let written = files.iter().try_for_each(|(path, text)| replace(path, text));
        match &written {
            Ok(()) => say!("picture: {}", picture.display()),
            Err(failure) => say!("{failure}"),
        }
        self.end = Some(End::Results { complete: written.is_ok() });
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

/// Returns what a person must know of the way to the results.
fn doubts(state: &SessionState) -> Vec<String> {
    let Some(status) = &state.status else { return Vec::new() };
    let count = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let errors = status.strategy.callback_errors;
    let restarts = u64::from(status.kernel.restarts);
    let raised =
        (errors > 0).then(|| format!("{} of the strategy raised an exception", count(errors, "callback")));
    let restarted =
        (restarts > 0).then(|| format!("Python ended and was started again {}", count(restarts, "time")));
    raised.into_iter().chain(restarted).collect()
}

/// Writes a file of ours in the place of the one before, so that a reader finds one or the other.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut new = path.to_owned().into_os_string();
    new.push(".new");
    // What a crash left.
    let _ = std::fs::remove_file(&new);
    write_private_file(Path::new(&new), text.as_bytes())?;
    std::fs::rename(&new, path).map_err(Failure::because(format!("cannot write {}", path.display())))
}

/// How far it is, said now and then.
#[derive(Debug)]
struct Progress {
    is_terminal: bool,
    /// When it was said last, at first when it began.
    said: Instant,
}

/// How often a line that is written over is written.
const ON_A_TERMINAL: Duration = Duration::from_millis(100);
/// How often a line is added to a file or a log.
const IN_A_PIPE: Duration = Duration::from_secs(30);

impl Progress {
    fn new(is_terminal: bool, now: Instant) -> Self {
        Self { is_terminal, said: now }
    }

    /// Returns what to say, if it is time to say something.
    fn next(&mut self, fraction: f64, time: Timestamp, now: Instant) -> Option<String> {
        let pause = if self.is_terminal { ON_A_TERMINAL } else { IN_A_PIPE };
        if now.saturating_duration_since(self.said) < pause {
            return None;
        }
        self.said = now;
        // The last percent is over when the results are there.
        let percent = (fraction.clamp(0.0, 1.0) * 100.0).floor().min(99.0);
        Some(format!("{percent:>3} %  {} UTC", time.strftime("%F %T")))
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::{
        KernelState, KernelStatus, LogId, MarketView, Mode, Ownership, Phase, Runtime, SessionInfo,
        SessionStatus, StrategyStatus,
    };

    use super::*;

    fn session() -> SessionState {
        session_with(StrategyState::Running, None)
    }

    /// Returns a session whose Python is started again at a time, if it is.
    fn session_with(strategy: StrategyState, next_start: Option<Timestamp>) -> SessionState {
        let since = Timestamp::UNIX_EPOCH;
        let mut state = SessionState::new(LogId::default(), 10);
        state.status = Some(SessionStatus {
            info: SessionInfo {
                name: "ema".to_owned(),
                strategy_name: "ema".to_owned(),
                strategy: "ema.Ema".to_owned(),
                mode: Mode::Paper,
                runtime: Runtime::Native,
                config: String::new(),
                connection_file: String::new(),
                session_dir: String::new(),
                pid: 1,
                started_at: since,
                instruments: Vec::new(),
                version: String::new(),
            },
            kernel: KernelStatus {
                state: KernelState::Ready,
                since,
                pid: None,
                restarts: 1,
                ended: None,
                next_start,
            },
            strategy: StrategyStatus {
                state: strategy,
                error: (strategy == StrategyState::Failed).then(|| "KeyError in on_start: 'x'".to_owned()),
                callback_errors: 2,
                parameters: Vec::new(),
                actions: Vec::new(),
            },
            paused: false,
            ownership: Ownership::Owned,
            phase: Phase::Running,
        });
        state
    }

    fn latest(feed_error: Option<&str>) -> Latest {
        let market = MarketView { feed_error: feed_error.map(str::to_owned), ..MarketView::default() };
        Latest { market: Some(market), ..Latest::default() }
    }

    fn event(fact: Fact) -> Event {
        Event { seq: qubx_protocol::Seq(1), time: Timestamp::UNIX_EPOCH, fact }
    }

    #[test]
    fn the_results_are_left_in_files_and_end_it() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let mut backtest = Backtest::new("ema", folder.path(), true, false);
            let results = crate::results::tests::results();
            backtest.event(&event(Fact::Results(Box::new(results.clone()))), &session());
            assert!(backtest.is_over());
            // What comes later changes nothing.
            backtest.look(&session(), &latest(Some("the disk is gone")), Instant::now());
            assert_eq!(backtest.outcome().unwrap(), Outcome::Done);
            let json = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
            assert_eq!(serde_json::from_str::<Results>(&json).unwrap(), results);
            assert!(std::fs::read_to_string(folder.path().join("results.svg")).unwrap().starts_with("<svg"));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn results_that_cannot_be_kept_are_printed_and_not_well() {
        let mut backtest = Backtest::new("ema", Path::new("/nowhere"), true, false);
        let results = Box::new(crate::results::tests::results());
        backtest.event(&event(Fact::Results(results)), &session());
        assert_eq!(backtest.outcome().unwrap(), Outcome::NotWell);
    }

    #[test]
    fn a_feed_that_fails_ends_it_without_results() {
        let mut backtest = Backtest::new("ema", Path::new("/nowhere"), false, false);
        backtest.look(&session(), &latest(None), Instant::now());
        assert!(!backtest.is_over());
        backtest.look(&session(), &latest(Some("quotes.csv, line 7: no number")), Instant::now());
        assert!(backtest.is_over());
        let failure = backtest.outcome().unwrap_err();
        assert_eq!(failure.message(), "the replay cannot go on: quotes.csv, line 7: no number");
    }

    #[test]
    fn without_a_strategy_there_are_no_results() {
        let failed = session_with(StrategyState::Failed, None);
        let mut seen = Backtest::new("ema", Path::new("/nowhere"), false, false);
        seen.look(&failed, &latest(None), Instant::now());
        // A short replay is at its end before anybody looked.
        let mut late = Backtest::new("ema", Path::new("/nowhere"), false, false);
        late.event(&event(Fact::Results(Box::new(crate::results::tests::results()))), &failed);
        for backtest in [seen, late] {
            let failure = backtest.outcome().unwrap_err();
            assert_eq!(failure.message(), "the strategy failed: KeyError in on_start: 'x'");
        }
        let mut backtest = Backtest::new("ema", Path::new("/nowhere"), false, false);
        let again = session_with(StrategyState::Failed, Some(Timestamp::UNIX_EPOCH));
        backtest.look(&again, &latest(None), Instant::now());
        assert!(!backtest.is_over(), "Python is started again, and the strategy goes on");
    }

    #[test]
    fn what_went_wrong_on_the_way_is_said_with_the_results() {
        assert_eq!(
            doubts(&session()),
            ["2 callbacks of the strategy raised an exception", "Python ended and was started again 1 time"]
        );
    }

    #[test]
    fn an_end_from_elsewhere_is_no_success() {
        let failure = Backtest::new("ema", Path::new("/nowhere"), false, false).outcome().unwrap_err();
        assert!(failure.message().contains("no results"));
    }

    #[test]
    fn what_a_person_must_know_is_told_and_the_trading_is_not() {
        let log = |level, source: &str| Fact::Log { level, source: source.to_owned(), text: String::new() };
        for (fact, expected) in [
            (log(LogLevel::Info, "engine"), false),
            (log(LogLevel::Warning, "engine"), true),
            (log(LogLevel::Info, "strategy"), true),
            (Fact::Started { epoch: qubx_protocol::Epoch(1), restored: false }, false),
        ] {
            assert_eq!(is_told(&fact), expected, "{fact:?}");
        }
    }

    #[test]
    fn progress_is_said_often_on_a_terminal_and_rarely_in_a_pipe() {
        let begin = Instant::now();
        let time: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let said = |is_terminal, milliseconds: &[u64]| {
            let mut progress = Progress::new(is_terminal, begin);
            let at = |ms: &u64| progress.next(0.426, time, begin + Duration::from_millis(*ms));
            milliseconds.iter().filter_map(at).collect::<Vec<_>>()
        };
        let line = " 42 %  2026-01-01 12:00:00 UTC";
        assert_eq!(said(true, &[10, 100, 150, 200]), [line, line]);
        assert_eq!(said(false, &[10, 100, 29_999, 30_000, 31_000]), [line]);
        let mut progress = Progress::new(true, begin);
        let end = progress.next(1.0, time, begin + Duration::from_secs(1)).unwrap();
        assert!(end.starts_with(" 99 %"), "{end}");
    }
}
