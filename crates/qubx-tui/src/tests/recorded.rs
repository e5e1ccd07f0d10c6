//! A real session, as it was recorded, on screens of every size.

use std::time::Duration;

use insta::assert_snapshot;
use qubx_client::{Link, Update};
use qubx_protocol::{Role, ServerMessage};

use super::fixture::Screen;

/// What a service told a screen, of a session in mode live.
const LIVE: &str = include_str!("../../../qubx-protocol/golden/live.jsonl");

/// Returns a screen that was told all of it, a few seconds later.
fn recorded(columns: u16, rows: u16) -> Screen {
    let messages: Vec<ServerMessage> = LIVE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = messages.iter().rev().find_map(|message| match message {
        ServerMessage::Event(event) => Some(event.time),
        _ => None,
    });
    let mut screen = Screen::opening(Screen::options(Role::Admin, false), columns, rows);
    screen.it_is(end.unwrap() + Duration::from_secs(3));
    screen.update(Update::Link(Link::Connected { latency: Some(Duration::from_millis(14)) }));
    for message in messages {
        match message {
            ServerMessage::Welcome(welcome) => screen.update(Update::Snapshot(welcome.snapshot.unwrap())),
            ServerMessage::Event(event) => screen.update(Update::Event(event)),
            ServerMessage::Latest(latest) => screen.update(Update::Latest(latest)),
            other => panic!("nothing else was recorded: {other:?}"),
        };
    }
    screen
}

#[test]
fn a_recorded_session_in_mode_live_at_every_size() {
    for (columns, rows) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let screen = recorded(columns, rows);
        assert_snapshot!(format!("a_recorded_session_{columns}x{rows}"), screen.drawn());
    }
}
