//! The session's panel and the log's: what their entries say, and what keys do there.

use crossterm::event::KeyCode;
use qubx_protocol::{
    Author, CommandId, Fact, LedgerRow, Mode, Order, OrderStatus, OrderType, Side, TimeInForce,
};

use super::fixture::Screen;
use crate::message::Effect;
use crate::panel::Panel;
use crate::transcript::View;

/// Returns the row of the screen that has `text`.
fn row(screen: &Screen, text: &str) -> String {
    let drawn = screen.drawn();
    drawn.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}: {drawn}")).to_owned()
}

#[test]
fn an_order_says_what_it_is() {
    let mut screen = Screen::empty(240, 60, false, Mode::Paper);
    let mut order = screen.order("o7", "BTCUSDT", Side::Sell, "0.25", "63900.05", OrderStatus::Rejected);
    (order.status, order.author) = (OrderStatus::New, Author::from("op1"));
    order.order_type = OrderType::StopLimit;
    order.stop_price = Some("64000".parse().unwrap());
    order.time_in_force = TimeInForce::Ioc;
    (order.post_only, order.reduce_only) = (true, true);
    screen.event(Fact::Order { row: LedgerRow(3), order });
    row(&screen, "BTCUSDT  SELL LIMIT 0.250 @ 63,900.05  REJECTED  (strategy)");
    row(&screen, "SELL STOP LIMIT 0.250 @ 63,900.05 stop 64,000.0 IOC post-only reduce-only  NEW  (op1)");
}

#[test]
fn orders_that_the_strategy_gives_by_itself_are_of_the_lowest_level() {
    let mut screen = Screen::empty(200, 60, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    let own = screen.order("o7", "BTCUSDT", Side::Sell, "0.25", "63900", OrderStatus::New);
    let orders = |screen: &Screen| screen.drawn().matches("  SELL LIMIT 0.250 @ 63,900.0").count();
    assert_eq!(orders(&screen), 0, "{}", screen.drawn());
    row(&screen, "D1· ");
    for (status, author, cause, shown) in [
        (OrderStatus::New, "strategy", None, 0),
        (OrderStatus::Cancelled, "strategy", None, 0),
        (OrderStatus::Rejected, "strategy", None, 1),
        // The order of an action that somebody has chosen.
        (OrderStatus::New, "strategy", Some(CommandId::from("c1")), 2),
        (OrderStatus::Cancelled, "op1", None, 3),
    ] {
        let order = Order { status, author: Author::from(author), cause, ..own.clone() };
        screen.event(Fact::Order { row: LedgerRow(3), order });
        assert_eq!(orders(&screen), shown, "{status} of {author}: {}", screen.drawn());
    }
    // Warnings, errors, everything.
    (0..3).for_each(|_| drop(screen.key('l')));
    row(&screen, "D3 ");
    assert_eq!(orders(&screen), 6, "{}", screen.drawn());
    screen.key('7');
    row(&screen, "D0· ");
}

#[test]
fn entries_of_a_replay_show_the_markets_time_with_its_date() {
    let mut screen = Screen::empty(200, 60, false, Mode::Paper);
    let mut fill = screen.fill("BTCUSDT", Side::Buy, "0.15", "64102.1", "0.15", "0");
    row(&screen, "14:02:31 FILL  BTCUSDT  BUY 0.150 @ 64,102.1  fee 1.2 USDT  (strategy)");
    fill.time = "2024-01-05T08:00:01Z".parse().unwrap();
    screen.fills(fill);
    row(&screen, "2024-01-05 08:00:01 FILL  BTCUSDT  BUY 0.150");
    screen.event(Fact::Error {
        cell: None,
        ename: "KeyError".to_owned(),
        evalue: "'x'".to_owned(),
        traceback: Vec::new(),
        market_time: Some("2026-01-05T08:00:02Z".parse().unwrap()),
    });
    row(&screen, "01-05 08:00:02 ERROR");
}

#[test]
fn what_was_today_has_its_date_tomorrow() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.log(qubx_protocol::LogLevel::Info, "engine", "before midnight");
    row(&screen, " 14:02:31 INFO ".trim_start());
    screen.wait(std::time::Duration::from_secs(86_400));
    screen.send(crate::message::Message::Tick);
    row(&screen, "03-02 14:02:31 INFO  engine  before midnight");
}

/// Returns a screen whose panels have the keys, with lines of every level.
fn logged(columns: u16, rows: u16) -> Screen {
    use qubx_protocol::LogLevel::{Debug, Error, Info, Warning};
    let mut screen = Screen::rich(columns, rows, false, Mode::Paper);
    for (level, source, text) in [
        (Debug, "engine", "book of BTCUSDT: 20 levels"),
        (Info, "strategy", "gathering BTCUSDT"),
        (Warning, "engine", "OKX: book stale 3.2 s, resubscribing"),
        (Error, "strategy", "no price of ETHUSDT"),
        (Info, "engine", "okx is back"),
    ] {
        screen.log(level, source, text);
    }
    screen.code(KeyCode::Esc);
    screen
}

#[test]
fn the_session_and_its_log_at_every_size() {
    for (columns, rows) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut screen = logged(columns, rows);
        insta::assert_snapshot!(format!("the_session_{columns}x{rows}"), screen.drawn());
        screen.key('7');
        insta::assert_snapshot!(format!("the_log_{columns}x{rows}"), screen.drawn());
        screen.key('/');
        screen.text("okx -stale");
        insta::assert_snapshot!(format!("the_filtered_log_{columns}x{rows}"), screen.drawn());
    }
}

#[test]
fn a_filter_narrows_while_it_is_typed_and_what_it_hides_is_counted() {
    let mut screen = logged(120, 40);
    screen.key('/');
    screen.text("okx");
    row(&screen, "/okx▌  2 of ");
    row(&screen, "OKX: book stale");
    assert!(!screen.drawn().contains("gathering"));
    let shown = screen.app.transcript.shown(View::Session);
    screen.log(qubx_protocol::LogLevel::Info, "engine", "nothing of it");
    screen.log(qubx_protocol::LogLevel::Info, "engine", "okx again");
    assert_eq!(screen.app.transcript.shown(View::Session), (shown.0 + 1, shown.1 + 2));
    row(&screen, "okx again");
    screen.code(KeyCode::Enter);
    screen.key('k');
    row(&screen, "scrolled up");
    screen.code(KeyCode::Esc);
    row(&screen, "gathering");
    assert!(screen.app.transcript.filter(View::Session).text().is_empty());
    // Another panel's filter is its own.
    screen.key('/');
    screen.text("@strategy no");
    row(&screen, "no price of ETHUSDT");
    assert!(!screen.drawn().contains("OKX"));
    screen.key('x');
    screen.ctrl('w');
    assert_eq!(screen.app.transcript.filter(View::Session).text(), "@strategy ");
    screen.code(KeyCode::Esc);
    screen.key('7');
    row(&screen, "OKX: book stale");
}

#[test]
fn a_level_hides_lines_below_it_and_says_how_many() {
    let mut screen = logged(120, 40);
    assert!(!screen.drawn().contains("20 levels"), "debug is not looked for at first");
    row(&screen, "E1 W2 I3 D2·");
    screen.key('l');
    row(&screen, "E1 W2 I3· D2·");
    assert!(!screen.drawn().contains("gathering") && screen.drawn().contains("FILL"), "what is no log stays");
    screen.key('l');
    screen.key('l');
    row(&screen, "20 levels");
}

#[test]
fn alarms_stand_above_the_log_as_long_as_they_last() {
    let mut screen = logged(120, 40);
    let alarm = |text: &str| qubx_protocol::Alarm {
        source: "disk".to_owned(),
        text: text.to_owned(),
        since: super::fixture::time("14:01:00"),
        stops_orders: false,
    };
    let alarms = vec![alarm("\x1b[2Jfull"), alarm("slow")];
    screen.update(qubx_client::Update::Latest(qubx_protocol::Latest {
        alarms: Some(alarms),
        ..Default::default()
    }));
    screen.key('7');
    row(&screen, "14:01:00 ALARM disk  full");
    row(&screen, "14:01:00 ALARM disk  slow");
}

#[test]
fn a_traceback_is_folded_until_it_is_asked_for() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    let frames: Vec<String> = (0..9)
        .map(|frame| format!("File ~/s.py:{frame}, in f{frame}()\n----> {frame} call_{frame}()"))
        .collect();
    screen.event(Fact::Error {
        cell: None,
        ename: "KeyError".to_owned(),
        evalue: "'x'".to_owned(),
        traceback: frames,
        market_time: None,
    });
    row(&screen, "ERROR strategy  KeyError: 'x'");
    row(&screen, "----> 8 call_8()");
    row(&screen, "… 16 more lines, Enter");
    assert!(!screen.drawn().contains("call_7"));
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Enter);
    row(&screen, "call_7");
    screen.code(KeyCode::Enter);
    assert!(!screen.drawn().contains("call_7"));
    screen.key('k');
    screen.code(KeyCode::Enter);
    row(&screen, "there is nothing to unfold here");
}

#[test]
fn long_output_is_folded_in_the_middle() {
    let mut screen = Screen::empty(120, 70, false, Mode::Paper);
    screen.cell(1, super::fixture::ME, "chatty()");
    for part in 0..10 {
        let lines: Vec<String> = (0..100).map(|line| format!("line {}\n", part * 100 + line)).collect();
        screen.stream(1, &lines.concat());
    }
    row(&screen, " line 19 ");
    row(&screen, "… 960 more lines, Enter");
    row(&screen, " line 980 ");
    assert!(!screen.drawn().contains(" line 20 ") && !screen.drawn().contains(" line 979 "));
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Enter);
    row(&screen, " line 979 ");
    screen.key('g');
    screen.key('j');
    for _ in 0..25 {
        screen.key('j');
    }
    row(&screen, " line 24 ");
}

#[test]
fn keys_go_from_entry_to_entry_and_from_error_to_error() {
    let mut screen = logged(120, 40);
    let chosen = |screen: &Screen| {
        let drawn = screen.draw();
        let area = drawn.buffer().area;
        let rows = (0..area.height)
            .filter(|y| drawn.buffer()[(1, *y)].modifier.contains(ratatui::style::Modifier::REVERSED));
        let text = |y: u16| (1..60).map(|x| drawn.buffer()[(x, y)].symbol().to_owned()).collect::<String>();
        rows.map(text).collect::<Vec<_>>()
    };
    assert!(chosen(&screen)[0].contains("okx is back"), "{:?}", chosen(&screen));
    screen.key('k');
    assert!(chosen(&screen)[0].contains("no price of ETHUSDT"));
    screen.key('N');
    assert!(chosen(&screen)[0].contains("In[43] 1 / 0"));
    screen.key('N');
    row(&screen, "no error before this");
    screen.key('n');
    assert!(chosen(&screen)[0].contains("no price of ETHUSDT"));
    screen.log(qubx_protocol::LogLevel::Info, "engine", "news");
    screen.log(qubx_protocol::LogLevel::Debug, "engine", "news that are not shown");
    row(&screen, "↓ 1 new · G");
    screen.key('j');
    assert!(chosen(&screen)[0].contains("okx is back"));
    screen.key('j');
    assert!(chosen(&screen)[0].contains("news"));
    row(&screen, "↧ following");
    screen.key(' ');
    screen.log(qubx_protocol::LogLevel::Info, "engine", "more");
    row(&screen, "↓ 1 new · G");
    screen.key('G');
    row(&screen, "↧ following");
}

#[test]
fn a_cell_that_runs_shows_for_how_long() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.wait(std::time::Duration::from_secs(12));
    screen.send(crate::message::Message::Tick);
    assert!(row(&screen, "running").contains("12 s ⠹"));
    screen.wait(std::time::Duration::from_secs(120));
    screen.send(crate::message::Message::Tick);
    assert!(row(&screen, "running").contains("02:12 "));
}

#[test]
fn what_is_run_is_seen_also_from_the_log() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.code(KeyCode::F(8));
    screen.key('i');
    screen.text("1");
    screen.code(KeyCode::Enter);
    screen.wait(std::time::Duration::from_secs(1));
    screen.send(crate::message::Message::Tick);
    assert_eq!((screen.app.main, screen.app.reading()), (Panel::Session, View::Session));
}

#[test]
fn what_is_copied_is_what_was_said_without_decoration() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    let copied = |screen: &mut Screen, letter| match screen.key(letter).as_slice() {
        [Effect::Copy(text)] => text.clone(),
        effects => panic!("{effects:?}"),
    };
    // The newest entry waits to run: it has code and no output.
    assert_eq!(screen.key('y'), []);
    row(&screen, "there is no output to copy; Y copies the code");
    assert_eq!(copied(&mut screen, 'Y'), "plot()");
    screen.key('N');
    assert_eq!(
        copied(&mut screen, 'y'),
        "Traceback (most recent call last)\nCell In[43], line 1\n----> 1 1 / 0\nZeroDivisionError: division by zero\n"
    );
    row(&screen, "copied 104 B");
    screen.key('k');
    assert_eq!(copied(&mut screen, 'y'), "BTCUSDT 1.5\nETHUSDT 1.5\nSOLUSDT 1.5\n");
    screen.key('k');
    assert_eq!(copied(&mut screen, 'y'), "14:02:31 WARN  engine  SIM: book stale 3.2 s, resubscribing");
    screen.stream(4, &"é".repeat(100_000));
    screen.key('G');
    screen.key('k');
    assert_eq!(copied(&mut screen, 'y').len(), 74_000);
    row(&screen, "copied the first 74.0 KB of 200.0 KB: terminals take no more");
}

#[test]
fn who_looks_elsewhere_is_called_for_fills_and_for_the_end() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    let fill = screen.fill("BTCUSDT", Side::Buy, "0.15", "64102.1", "0.15", "0");
    let tick = |screen: &mut Screen, seconds| {
        screen.wait(std::time::Duration::from_secs(seconds));
        let mut effects = screen.send(crate::message::Message::Tick);
        effects.retain(|effect| matches!(effect, Effect::Notify(_)));
        effects
    };
    tick(&mut screen, 20);
    screen.key('a');
    screen.fills(fill.clone());
    assert_eq!(tick(&mut screen, 20), [], "who types looks");
    screen.send(crate::message::Message::Focus(false));
    for _ in 0..3 {
        screen.fills(fill.clone());
    }
    let effects = tick(&mut screen, 20);
    let [Effect::Notify(call)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(call.text, "momentum-v3: 3 fills; BTCUSDT BUY 0.15 @ 64102.1");
    screen.send(crate::message::Message::Focus(true));
    screen.fills(fill);
    assert_eq!(tick(&mut screen, 90), []);
    screen.send(crate::message::Message::Focus(false));
    let effects =
        screen.update(qubx_client::Update::Link(qubx_client::Link::Closed(qubx_protocol::ErrorMessage {
            code: qubx_protocol::ErrorCode::Ended,
            message: "stopped by op2".to_owned(),
            hint: None,
        })));
    let [Effect::Notify(call)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(call.text, "momentum-v3: session ended: stopped by op2");
}

#[test]
fn who_comes_back_sees_where_they_left_and_what_came_since() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    let state = screen.app.mirror.state.clone().unwrap();
    let log = state.log.clone();
    // They left before the first fill.
    let time = "2026-03-01T13:58:00Z".parse().unwrap();
    let seen = crate::Seen { log, seq: qubx_protocol::Seq(8), time };
    screen.app.options.seen = Some(seen.clone());
    screen.update(qubx_client::Update::Snapshot(Box::new(state.clone())));
    let mark = "─── you left here 03-01 13:58 · 1 line · 4 cells · 2 fills · 1";
    let drawn = screen.drawn();
    assert!(drawn.find("Out[41] 4") < drawn.find(mark) && drawn.find(mark) < drawn.find("FILL"), "{drawn}");
    screen.log(qubx_protocol::LogLevel::Info, "engine", "news");
    row(&screen, mark);
    row(&screen, "    error since ───");
    assert_eq!(screen.app.seen().unwrap().seq, state.head.next());

    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    let log = qubx_protocol::LogId::from("another log");
    screen.app.options.seen = Some(crate::Seen { log, ..seen });
    screen.update(qubx_client::Update::Snapshot(Box::new(state)));
    assert!(!screen.drawn().contains("you left here"));
}
