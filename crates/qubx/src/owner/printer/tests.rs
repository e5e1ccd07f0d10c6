//! What an owner hears of the run that it started.

use std::path::Path;

use jiff::Timestamp;
use qubx_protocol::{Epoch, LogLevel};

use super::*;
use crate::owner::backtest::tests::{LIMIT, session};

/// Returns a printer for a backtest, to which a session was told whose older run ended with results and whose own wrote
/// so many lines.
fn told(lines: usize) -> Printer {
    let started_at = Timestamp::from_second(100).unwrap();
    let mut state = session();
    let mut status = state.status.clone().unwrap();
    status.info.started_at = started_at;
    let line = Fact::Log {
        level: LogLevel::Info,
        source: "strategy".to_owned(),
        text: String::new(),
        market_time: None,
    };
    let older = [
        Fact::Started { epoch: Epoch(1), restored: false },
        Fact::Results(Box::new(crate::results::tests::results())),
    ];
    let own = [Fact::Started { epoch: Epoch(2), restored: false }, Fact::Status(Box::new(status))];
    let own = own.into_iter().chain((0..lines).map(|_| line.clone()));
    let older = older.into_iter().map(|fact| (Timestamp::from_second(99).unwrap(), fact));
    let own = own.map(|fact| (started_at, fact));
    for (seq, (time, fact)) in (1..).zip(older.chain(own)) {
        state.apply(&Event { seq: Seq(seq), time, fact });
    }
    let has_its_start = state.history.all().iter().any(|event| matches!(event.fact, Fact::Started { .. }));
    assert_eq!(has_its_start, lines < LIMIT);
    let backtest = Backtest::new("ema", Path::new("/nowhere"), true, false);
    let mut printer = Printer::new(Audience::Backtest(Box::new(backtest)));
    printer.missed(&state);
    assert_eq!(printer.printed, state.head);
    printer
}

#[test]
fn the_results_of_an_older_run_are_not_taken_for_its_own() {
    for lines in [1, 50] {
        let backtest = told(lines).into_backtest().unwrap();
        assert!(!backtest.is_over(), "{lines} lines");
    }
}
