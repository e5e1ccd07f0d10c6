//! What a person who waits for results gets.

use jiff::Timestamp;
use qubx_protocol::{
    KernelState, KernelStatus, LogId, MarketView, Mode, Ownership, Phase, Runtime, SessionInfo,
    SessionStatus, StrategyStatus,
};

use super::*;

/// How many entries of each kind the history of [`session`] keeps.
pub(crate) const LIMIT: usize = 10;

pub(crate) fn session() -> SessionState {
    session_with(StrategyState::Running, None)
}

/// Returns a session whose Python is started again at a time, if it is.
fn session_with(strategy: StrategyState, next_start: Option<Timestamp>) -> SessionState {
    let since = Timestamp::UNIX_EPOCH;
    let mut state = SessionState::new(LogId::default(), LIMIT);
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
            exchanges: Vec::new(),
            limits: qubx_protocol::Limits::default(),
            timeframes: Vec::new(),
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
fn what_went_wrong_on_the_way_is_said_with_the_results_also_to_programs() {
    let folder = tempfile::tempdir().unwrap();
    let mut backtest = Backtest::new("ema", folder.path(), false, false);
    backtest.service_crashed();
    backtest.event(&event(Fact::Results(Box::new(crate::results::tests::results()))), &session());
    assert_eq!(backtest.outcome().unwrap(), Outcome::Done);
    let json = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["doubts"],
        serde_json::json!([
            "2 callbacks of the strategy raised an exception",
            "Python ended and was started again 1 time",
            "the service crashed and was started again 1 time"
        ])
    );
    let mut well = session();
    let status = well.status.as_mut().unwrap();
    (status.strategy.callback_errors, status.kernel.restarts) = (0, 0);
    assert_eq!(doubts(&well, 0), [""; 0]);
}

#[test]
fn an_end_from_elsewhere_is_no_success() {
    let failure = Backtest::new("ema", Path::new("/nowhere"), false, false).outcome().unwrap_err();
    assert!(failure.message().contains("no results"));
}

#[test]
fn what_a_person_must_know_is_told_and_the_trading_is_not() {
    let log = |level, source: &str| Fact::Log {
        level,
        source: source.to_owned(),
        text: String::new(),
        market_time: None,
    };
    for (fact, expected) in [
        (log(LogLevel::Info, "engine"), false),
        (log(LogLevel::Warning, "engine"), true),
        (log(LogLevel::Info, "strategy"), true),
        (Fact::Started { epoch: qubx_protocol::Epoch(1), restored: false }, false),
    ] {
        assert_eq!(is_told(&fact), expected, "{fact:?}");
    }
}
