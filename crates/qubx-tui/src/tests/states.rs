//! States of session and connection, with what the screen says in each.

use std::time::Duration;

use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    ErrorCode, ErrorMessage, KernelState, Latest, LogLevel, Mode, StrategyState, WrongClock,
};

use super::fixture::Screen;
use crate::message::Message;

/// Returns a screen whose connection was lost seven seconds ago, and the screen's own state of then.
fn lost() -> Screen {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.lose(ServiceFate::Lives);
    screen.wait(Duration::from_secs(7));
    screen
}

fn connected() -> Update {
    Update::Link(Link::Connected { latency: None })
}

#[track_caller]
fn shows(screen: &Screen, text: &str) {
    let drawn = screen.drawn();
    assert!(drawn.contains(text), "`{text}` is not in\n{drawn}");
}

#[test]
fn a_long_loss_says_what_is_known_of_the_service_and_what_to_check() {
    let mut screen = Screen::rich(280, 40, false, Mode::Paper);
    let since = screen.app.now.instant;
    screen.wait(Duration::from_secs(61));
    for (service, text) in [
        (ServiceFate::Lives, "The service lives: the strategy keeps running."),
        (ServiceFate::Full, "The session has no place for another screen now: close one."),
        (ServiceFate::Ended, "The service has ended; waiting for its owner to start it again."),
        (ServiceFate::Unknown, "What became of the strategy is not known from here."),
    ] {
        let retry_at = since + Duration::from_secs(64);
        screen.update(Update::Link(Link::Lost { since, attempt: 9, retry_at, service }));
        shows(&screen, "Connection lost 01:01. Showing data of 14:02:31. Retry in 3 s (Enter now).");
        shows(&screen, text);
        shows(&screen, "Still trying (attempt 9). Check on the host: qubx kernel list");
    }
}

#[test]
fn what_is_shown_without_a_connection_is_of_when_the_service_was_heard_last() {
    let mut screen = Screen::rich(200, 40, false, Mode::Paper);
    screen.wait(Duration::from_secs(6));
    screen.send(Message::Tick);
    let since = screen.app.now.instant;
    let service = ServiceFate::Lives;
    screen.update(Update::Link(Link::Lost { since, attempt: 1, retry_at: since, service }));
    shows(&screen, "Connection lost 00:00. Showing data of 14:02:31.");
}

#[test]
fn a_connection_that_is_back_counts_what_was_missed_and_nothing_that_is_new() {
    let mut screen = lost();
    screen.update(connected());
    shows(&screen, " Back after 00:07. ");
    screen.log(LogLevel::Info, "engine", "missed");
    shows(&screen, " Back after 00:07. 1 message replayed. ");
    screen.log(LogLevel::Info, "engine", "missed too");
    shows(&screen, " Back after 00:07. 2 messages replayed. ");
    screen.wait(Duration::from_secs(1));
    screen.log(LogLevel::Info, "engine", "new");
    shows(&screen, " Back after 00:07. 2 messages replayed. ");
    screen.wait(Duration::from_secs(3));
    screen.send(Message::Tick);
    assert!(!screen.drawn().contains("Back after"));
}

#[test]
fn a_connection_that_missed_too_much_says_that_the_history_was_reloaded() {
    let mut screen = lost();
    let state = screen.app.mirror.state.clone().unwrap();
    screen.update(Update::Snapshot(Box::new(state)));
    screen.update(connected());
    shows(&screen, "Back after 00:07. History before 14:02:38 reloaded.");
}

#[test]
fn another_version_of_the_service_is_told_once_and_until_it_is_dismissed() {
    let own = env!("CARGO_PKG_VERSION");
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    assert!(!screen.drawn().contains("this client"));
    let mut state = screen.app.mirror.state.clone().unwrap();
    state.status.as_mut().unwrap().info.version = "0.0.9".to_owned();
    screen.app.knows_version = false;
    for _ in 0..2 {
        screen.update(Update::Snapshot(Box::new(state.clone())));
    }
    shows(&screen, &format!("Session runs 0.0.9, this client {own}: some panels may be missing."));
    assert_eq!(screen.app.notices.len(), 1);
}

#[test]
fn a_clock_that_is_wrong_is_told_with_the_exchange() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut screen = Screen::rich(width, height, false, Mode::Paper);
        let mut market = screen.app.mirror.latest.market.clone().unwrap();
        assert!(!screen.drawn().contains("clock "), "{}", screen.drawn());
        for (ahead_ms, chip) in [(2_340, "clock +2.3 s vs SIM"), (-61_000, "clock −61.0 s vs SIM")] {
            market.clocks = vec![WrongClock { exchange: "SIM".to_owned(), ahead_ms }];
            screen.update(Update::Latest(Latest { market: Some(market.clone()), ..Latest::default() }));
            shows(&screen, chip);
        }
    }
}

#[test]
fn a_start_says_what_is_there_and_what_is_waited_for() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.status(|status| {
        status.kernel.state = KernelState::Starting;
        status.strategy.state = StrategyState::Starting;
    });
    shows(&screen, "Starting: Python … · strategy … · quotes 0/");
    screen.status(|status| status.kernel.state = KernelState::Ready);
    shows(&screen, "Starting: Python ✓ · strategy … · quotes 0/");
    screen.status(|status| status.strategy.state = StrategyState::Running);
    assert!(!screen.drawn().contains("Starting:"));
}

#[test]
fn a_session_that_has_ended_says_when_and_what_it_leaves_behind() {
    for (mut screen, flat) in [
        (Screen::empty(200, 40, false, Mode::Paper), "yes"),
        (Screen::rich(200, 40, false, Mode::Paper), "no, 2 positions stay"),
    ] {
        let hint = Some("go on with it".to_owned());
        let message = "the service has ended without a word".to_owned();
        screen.update(Update::Link(Link::Closed(ErrorMessage { code: ErrorCode::Ended, message, hint })));
        shows(
            &screen,
            &format!(
                "Session ended 14:02:31: the service has ended without a word. go on with it. Flat: {flat}. \
                 Keep it: qubx export momentum-v3 --ipynb FILE. Any key leaves."
            ),
        );
    }
}
