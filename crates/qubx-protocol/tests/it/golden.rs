//! Messages and the reducer against the files in `golden/`, which every other implementation is held to as well.
//!
//! `QUBX_BLESS=1 cargo test -p qubx-protocol` writes the files anew; look at the difference before you commit it.

use std::path::PathBuf;

use qubx_protocol::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::samples::{account, btc, events, status, strategy_view, time};

/// Compares the lines of a golden file with the messages, both ways.
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, messages: &[T]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let lines: Vec<String> = messages.iter().map(|message| serde_json::to_string(message).unwrap()).collect();
    if std::env::var_os("QUBX_BLESS").is_some() {
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(golden.lines().collect::<Vec<_>>(), lines, "{name}");
    for (line, message) in golden.lines().zip(messages) {
        assert_eq!(&serde_json::from_str::<T>(line).unwrap(), message, "{name}");
    }
}

#[test]
fn what_a_client_sends_is_as_it_was() {
    let command = |command| ClientMessage::Command { id: "c1".into(), command };
    let request = |kind| ClientMessage::Request(Request { id: "r1".into(), kind });
    check(
        "client.jsonl",
        &[
            ClientMessage::Hello(Hello {
                version: PROTOCOL_VERSION,
                log: Some("a1b2".into()),
                after: Some(Seq(41)),
                identity: "op1@pts/0".into(),
                owner: true,
                screen: true,
                latest: true,
                role: Role::Trader,
            }),
            command(Command::Execute { code: "print('ä')\n".to_owned() }),
            command(Command::Interrupt { cell: Some(CellNumber(2)) }),
            command(Command::Place(NewOrder {
                instrument: btc(),
                side: Side::Sell,
                quantity: "0.150".parse().unwrap(),
                price: Some("63900".parse().unwrap()),
                stop_price: Some("64000.1".parse().unwrap()),
                time_in_force: TimeInForce::Ioc,
                post_only: true,
                reduce_only: true,
            })),
            command(Command::Place(NewOrder {
                instrument: btc(),
                side: Side::Buy,
                quantity: "2".parse().unwrap(),
                price: None,
                stop_price: None,
                time_in_force: TimeInForce::Gtc,
                post_only: false,
                reduce_only: false,
            })),
            command(Command::Modify {
                order: "q1-1".into(),
                price: Some("63950.5".parse().unwrap()),
                stop_price: None,
                quantity: Some("0.2".parse().unwrap()),
            }),
            command(Command::CancelOrder { order: "q1-1".into() }),
            command(Command::CancelOrders { instrument: Some(btc()) }),
            command(Command::CancelOrders { instrument: None }),
            command(Command::Close { instrument: btc() }),
            command(Command::Flatten),
            command(Command::Answer { input: "1-1".into(), text: "4".to_owned() }),
            command(Command::RestartKernel),
            command(Command::Pause),
            command(Command::Resume),
            command(Command::Stop { flatten: true, keep_orders: false }),
            command(Command::Release),
            command(Command::SetParameter { name: "fast".to_owned(), value: 25.into() }),
            command(Command::Action {
                name: "rebalance".to_owned(),
                arguments: [("size".to_owned(), 0.5.into())].into_iter().collect(),
            }),
            request(RequestKind::Complete { code: "ctx.".to_owned(), cursor: 4 }),
            request(RequestKind::IsComplete { code: "for i in x:".to_owned() }),
            request(RequestKind::Inspect { code: "ctx.trade".to_owned(), cursor: 9 }),
            request(RequestKind::History { before: Seq(7), kind: Some(HistoryKind::Trading), limit: 100 }),
            request(RequestKind::History { before: Seq(7), kind: None, limit: 100 }),
            request(RequestKind::Cells {
                before: Seq(9),
                contains: Some("trade(".to_owned()),
                author: Some("op1".into()),
                limit: 20,
            }),
            request(RequestKind::Equity { after: Some(time(1)) }),
            request(RequestKind::Bars {
                instrument: btc(),
                timeframe: "15m".parse().unwrap(),
                after: Some(time(1)),
                limit: 500,
            }),
            request(RequestKind::Series {
                name: "fast".to_owned(),
                instrument: Some(btc()),
                after: Some(time(1)),
            }),
            ClientMessage::Ping { nonce: 9 },
        ],
    );
}

#[test]
fn what_a_service_sends_is_as_it_was() {
    let answer = |result| ServerMessage::Answer(Answer { request: "r1".into(), result });
    let quote = Quote {
        instrument: btc(),
        time: time(1),
        bid: "64000.0".parse().unwrap(),
        ask: "64000.1".parse().unwrap(),
        bid_size: "1.5".parse().unwrap(),
        ask_size: "2".parse().unwrap(),
    };
    let market = MarketView {
        time: Some(time(1)),
        quotes: vec![quote],
        marks: vec![PositionMark {
            instrument: btc(),
            last_price: Some("64000.05".parse().unwrap()),
            unrealized_pnl: Some("-3.1".parse().unwrap()),
            market_value: None,
        }],
        accounts: vec![account()],
        replay: Some(ReplayProgress { fraction: 0.25, speed: "max".to_owned(), finished: false }),
        feed_error: None,
        stale: Vec::new(),
        clocks: Vec::new(),
        next_bar: Some(time(60)),
    };
    let old = MarketView {
        stale: vec![Stale { instrument: btc(), since: time(2) }],
        clocks: vec![WrongClock { exchange: "SIM".to_owned(), ahead_ms: 2_300 }],
        ..MarketView::default()
    };
    let presence = vec![Presence {
        identity: "op1@pts/0".into(),
        owner: true,
        role: Role::Admin,
        since: time(0),
        screens: 1,
    }];
    let alarm = Alarm {
        source: "disk".to_owned(),
        text: "the disk is full".to_owned(),
        since: time(3),
        stops_orders: true,
    };
    let mut messages = vec![
        ServerMessage::Welcome(Welcome { log: "a1b2".into(), epoch: Epoch(3), head: Seq(9), snapshot: None }),
        ServerMessage::Error(ErrorMessage {
            code: ErrorCode::Version,
            message: "versions differ".to_owned(),
            hint: Some("update".to_owned()),
        }),
        ServerMessage::Latest(Latest { market: Some(market), ..Latest::default() }),
        ServerMessage::Latest(Latest { market: Some(old), ..Latest::default() }),
        ServerMessage::Latest(Latest {
            presence: Some(presence),
            alarms: Some(vec![alarm]),
            ..Latest::default()
        }),
        ServerMessage::Latest(Latest { strategy: Some(strategy_view()), ..Latest::default() }),
        answer(AnswerResult::Completions {
            start: 4,
            end: 4,
            matches: vec![Completion { text: "time".to_owned(), kind: "function".to_owned() }],
        }),
        answer(AnswerResult::IsComplete { status: Completeness::Incomplete, indent: "    ".to_owned() }),
        answer(AnswerResult::Inspection { text: Some("trade(instrument, amount)".to_owned()) }),
        answer(AnswerResult::History { events: events()[..1].to_vec(), complete: true }),
        answer(AnswerResult::Cells {
            cells: vec![PastCell {
                seq: Seq(3),
                cell: CellNumber(1),
                code: "trade('BTCUSDT', 1)".to_owned(),
                author: "op1@pts/0".into(),
                time: time(1),
            }],
            complete: true,
        }),
        answer(AnswerResult::Equity {
            points: vec![EquitySample {
                time: time(1),
                equity: [("SIM".to_owned(), "99987.85".parse().unwrap())].into(),
            }],
        }),
        answer(AnswerResult::Bars {
            bars: vec![Bar {
                instrument: btc(),
                timeframe: "15m".parse().unwrap(),
                time: time(0),
                open: "64000".parse().unwrap(),
                high: "64010.5".parse().unwrap(),
                low: "63990".parse().unwrap(),
                close: "64001".parse().unwrap(),
                volume: "1.5".parse().unwrap(),
                quotes: 7,
            }],
        }),
        answer(AnswerResult::Series { points: vec![SeriesPoint { time: time(1), value: Some(1.5) }] }),
        answer(AnswerResult::Failed { message: "the kernel has ended".to_owned() }),
        ServerMessage::Refused(Refusal { command: "c1".into(), message: "too long".to_owned() }),
        ServerMessage::Pong { nonce: 9 },
    ];
    messages.extend(events().into_iter().map(ServerMessage::Event));
    check("server.jsonl", &messages);
}

#[test]
fn the_reducer_makes_of_the_events_what_it_made() {
    let mut state = SessionState::new("a1b2".into(), 1_000);
    for event in events() {
        assert_eq!(state.apply(&event), Applied::Applied);
    }
    check("reducer_state.jsonl", &[state]);
}

#[test]
fn what_an_older_service_says_of_itself_is_read() {
    let mut info = serde_json::to_value(status().info).unwrap();
    let mut worth = serde_json::to_value(account()).unwrap();
    for field in ["exchanges", "limits", "timeframes"] {
        info.as_object_mut().unwrap().remove(field).unwrap();
    }
    worth.as_object_mut().unwrap().remove("day_start_equity").unwrap();
    let info: SessionInfo = serde_json::from_value(info).unwrap();
    assert!(info.exchanges.is_empty() && info.limits == Limits::default());
    let worth: Account = serde_json::from_value(worth).unwrap();
    assert_eq!(worth, Account { day_start_equity: None, ..account() });
}

#[test]
fn a_kind_of_a_newer_version_is_kept_as_it_came() {
    let line = r#"{"seq":5,"time":"2026-01-01T00:00:00Z","fact":{"weather":{"rain":{"mm":[1,2]}}}}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert!(event.fact.kind() == "weather" && matches!(event.fact, Fact::Unknown(_)));
    let again: serde_json::Value = serde_json::to_value(&event).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(line).unwrap());
}

#[test]
fn a_known_kind_with_a_wrong_field_is_an_error_that_names_it() {
    let line = r#"{"seq":5,"time":"2026-01-01T00:00:00Z","fact":{"cell_started":{"cell":"x"}}}"#;
    let error = serde_json::from_str::<Event>(line).unwrap_err().to_string();
    assert!(error.contains("invalid type: string \"x\""), "{error}");
}

/// The file is made by `cargo xtask record`, and never by hand.
#[test]
fn a_recorded_session_in_mode_live_is_read_and_its_events_follow_its_state() {
    let recording = include_str!("../../golden/live.jsonl");
    let messages: Vec<ServerMessage> =
        recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Of newest values the last digit of a number may be read as another one.
    let exact = |(_, message): &(&str, &ServerMessage)| !matches!(message, ServerMessage::Latest(_));
    for (line, message) in recording.lines().zip(&messages).filter(exact) {
        assert_eq!(serde_json::to_string(message).unwrap(), line);
    }
    let Some(ServerMessage::Welcome(welcome)) = messages.first() else { panic!("{:?}", messages.first()) };
    let mut state = *welcome.snapshot.clone().unwrap();
    for message in &messages[1..] {
        match message {
            ServerMessage::Event(event) => assert_eq!(state.apply(event), Applied::Applied),
            ServerMessage::Latest(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(state.status.unwrap().info.mode, Mode::Live);
}
