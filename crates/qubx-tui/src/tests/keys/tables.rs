//! Sorting, filtering, choosing columns, and looking closely at rows.

use std::time::Duration;

use crossterm::event::KeyCode;
use qubx_client::Update;
use qubx_protocol::{
    AnswerResult, Command, Event, Fact, Fill, HistoryKind, Mode, OrderId, Position, RequestKind, Role, Seq,
    Side,
};

use crate::detail::Subject;
use crate::message::{Effect, Purpose, Question};
use crate::panel::Panel;
use crate::table::{RowKey, Sort};
use crate::tests::fixture::answer;
use crate::tests::fixture::{Screen, instrument, time};
use crate::update::panels::{selected_instrument, selected_text};

/// Returns the symbols of the positions in the order in which they stand on the screen.
fn symbols(screen: &Screen) -> Vec<&'static str> {
    let drawn = screen.drawn();
    let place =
        |symbol: &'static str| drawn.lines().position(|line| line.contains(symbol)).map(|row| (row, symbol));
    let mut symbols: Vec<_> = ["BTCUSDT", "ETHUSDT", "SOLUSDT"].into_iter().filter_map(place).collect();
    symbols.sort_unstable();
    symbols.into_iter().map(|(_, symbol)| symbol).collect()
}

fn positions() -> Screen {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('2');
    screen
}

#[test]
fn a_key_sorts_by_the_next_column_and_another_turns_it_around() {
    let mut screen = positions();
    assert_eq!(symbols(&screen), ["BTCUSDT", "ETHUSDT"]);
    // After the leverage comes what was realized.
    screen.key('s');
    assert_eq!(screen.app.view(Panel::Positions).sort, Some(Sort { column: 7, descending: true }));
    assert!(screen.drawn().contains("▼rPnL"), "{}", screen.drawn());
    screen.key('S');
    assert_eq!(symbols(&screen), ["ETHUSDT", "BTCUSDT"]);
    assert!(screen.drawn().contains("▲rPnL"), "{}", screen.drawn());
}

#[test]
fn the_selected_row_stays_selected_when_rows_are_sorted_anew() {
    let mut screen = positions();
    screen.key('j');
    assert_eq!(selected_instrument(&screen.app), Some(instrument("ETHUSDT")));
    screen.key('s');
    screen.key('S');
    assert_eq!(selected_instrument(&screen.app), Some(instrument("ETHUSDT")));
}

#[test]
fn rows_keep_their_place_under_the_cursor_and_for_two_seconds() {
    let mut screen = positions();
    screen.key('s');
    screen.fill("ETHUSDT", Side::Sell, "1", "3211", "-3", "9999");
    screen.wait(Duration::from_secs(3));
    screen.send(crate::message::Message::Tick);
    assert_eq!(symbols(&screen), ["BTCUSDT", "ETHUSDT"], "under the cursor");
    screen.app.panel = Panel::Market;
    screen.send(crate::message::Message::Tick);
    screen.app.panel = Panel::Positions;
    assert_eq!(symbols(&screen), ["ETHUSDT", "BTCUSDT"], "after it has gone");
}

#[test]
fn a_filter_leaves_rows_out_until_escape() {
    let mut screen = positions();
    screen.key('/');
    screen.text("eth");
    assert_eq!(symbols(&screen), ["ETHUSDT"]);
    assert!(screen.drawn().contains("/eth▌"), "{}", screen.drawn());
    assert!(screen.drawn().contains("1 of 2"), "{}", screen.drawn());
    // Letters went to the filter, and now they act again.
    screen.code(KeyCode::Enter);
    assert_eq!(selected_instrument(&screen.app), Some(instrument("ETHUSDT")));
    screen.key('x');
    assert!(screen.app.dialog.take().is_some());
    screen.code(KeyCode::Esc);
    assert_eq!(symbols(&screen), ["BTCUSDT", "ETHUSDT"]);
}

#[test]
fn what_a_filter_hides_is_never_acted_on() {
    let mut screen = positions();
    screen.key('/');
    screen.text("nothing like it");
    screen.code(KeyCode::Enter);
    assert!(screen.drawn().contains("No row has “nothing like it”."), "{}", screen.drawn());
    screen.key('x');
    assert!(screen.app.dialog.is_none());
}

#[test]
fn columns_are_chosen_and_stay_so() {
    let mut screen = positions();
    screen.key('|');
    screen.text("jjj ");
    screen.code(KeyCode::Esc);
    assert!(!screen.drawn().contains("Avg"), "{}", screen.drawn());
    screen.key('3');
    screen.key('2');
    assert!(!screen.drawn().contains("Avg"), "{}", screen.drawn());
    screen.key('-');
    screen.text("jjj ");
    screen.code(KeyCode::Enter);
    assert!(screen.drawn().contains("Avg"), "{}", screen.drawn());
}

#[test]
fn a_panel_takes_the_whole_screen_and_gives_it_back() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('3');
    screen.key('z');
    assert!(!screen.drawn().contains("1 Session"), "{}", screen.drawn());
    assert!(screen.drawn().contains("TIF"), "{}", screen.drawn());
    screen.key('z');
    assert!(screen.drawn().contains("1 Session"), "{}", screen.drawn());
    assert!(!screen.drawn().contains("TIF"), "{}", screen.drawn());
}

#[test]
fn enter_looks_closely_at_a_row_and_escape_goes_back() {
    let mut screen = positions();
    screen.code(KeyCode::Enter);
    let subject = |screen: &Screen| screen.app.detail.as_ref().map(|detail| detail.subject.clone());
    assert_eq!(subject(&screen), Some(Subject::Instrument(instrument("BTCUSDT"))));
    assert_eq!(selected_instrument(&screen.app), Some(instrument("BTCUSDT")));
    screen.code(KeyCode::Esc);
    assert_eq!(subject(&screen), None);
    screen.key('3');
    screen.code(KeyCode::Enter);
    assert!(screen.drawn().contains("time in force"), "{}", screen.drawn());
    // What is looked at can be acted on.
    let cancel = Command::CancelOrder { order: OrderId::from("o1") };
    assert_eq!(screen.key('c'), [Effect::Send(cancel.clone(), Purpose::Verb(cancel.verb()))]);
}

#[test]
fn a_row_is_text_with_tabs_between_its_fields() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('4');
    let text = selected_text(&screen.app).unwrap();
    assert!(text.starts_with("BTCUSDT\t64,232.9\t64,233.0\t"), "{text:?}");
}

#[test]
fn a_watching_screen_sorts_and_looks_closely_too() {
    let mut screen = Screen::filled(Screen::of(Role::Viewer, 80, 24, false, Mode::Live));
    screen.key('2');
    screen.key('s');
    screen.code(KeyCode::Enter);
    assert!(screen.app.detail.is_some());
    screen.key('x');
    assert!(screen.app.dialog.is_none());
}

#[test]
fn the_end_of_the_fills_asks_for_those_before() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('6');
    // With what a screen gets that attaches later.
    let state = screen.app.mirror.state.clone().unwrap();
    screen.update(Update::Snapshot(Box::new(state)));
    assert_eq!(screen.app.fills.newest_first().count(), 2);
    let asked = screen.key('G');
    let trading = screen.app.mirror.state.as_ref().unwrap().history.of(HistoryKind::Trading).next();
    let before = trading.unwrap().seq;
    let kind = RequestKind::History { before, kind: Some(HistoryKind::Trading), limit: 200 };
    assert_eq!(asked, [Effect::Ask(kind, Question::Fills)]);
    // One page at a time.
    assert_eq!(screen.key('G'), []);
    let fill: Fill = screen.app.fills.newest_first().next().unwrap().fill.clone();
    let event = Event {
        seq: Seq(2),
        time: time("13:00:00"),
        fact: Fact::Fill {
            row: qubx_protocol::LedgerRow(1),
            position: Position { quantity: "-2".parse().unwrap(), ..Position::flat(fill.instrument.clone()) },
            fill,
        },
    };
    answer(&mut screen, Question::Fills, AnswerResult::History { events: vec![event], complete: true });
    assert_eq!(screen.app.fills.newest_first().count(), 3);
    assert_eq!(screen.key('G'), [], "there is nothing before");
    assert_eq!(screen.app.view(Panel::Fills).selected, Some(RowKey::Entry(Seq(2))));
}

#[test]
fn a_new_fill_flashes_once_and_an_old_one_does_not() {
    let mut screen = positions();
    screen.wait(Duration::from_secs(2));
    screen.send(crate::message::Message::Tick);
    assert!(!screen.app.flashes(&instrument("BTCUSDT")));
    screen.fill("BTCUSDT", Side::Sell, "0.050", "64180.5", "0.100", "16.42");
    assert!(screen.app.flashes(&instrument("BTCUSDT")));
    assert!(!screen.app.flashes(&instrument("ETHUSDT")));
    let rest = screen.app.next_deadline().unwrap();
    assert_eq!(rest, screen.app.now.instant + Duration::from_secs(1));
    screen.wait(Duration::from_secs(1));
    screen.send(crate::message::Message::Tick);
    assert!(!screen.app.flashes(&instrument("BTCUSDT")));
    screen.app.options.settings.animations = false;
    screen.fill("BTCUSDT", Side::Sell, "0.050", "64180.5", "0.050", "16.42");
    assert!(!screen.app.flashes(&instrument("BTCUSDT")));
}

#[test]
fn what_a_fill_realized_is_told_apart_from_what_was_realized_before() {
    let mut screen = positions();
    screen.fill("BTCUSDT", Side::Sell, "0.050", "64180.5", "0.100", "16.42");
    let realized: Vec<Option<String>> =
        screen.app.fills.newest_first().map(|known| known.realized.map(|value| value.to_string())).collect();
    assert_eq!(realized, [Some("3.92".to_owned()), Some("0".to_owned()), Some("0".to_owned())]);
}

#[test]
fn what_is_pasted_into_a_tables_filter_filters_the_table_and_ctrl_c_ends_it() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('2');
    screen.key('/');
    screen.send(crate::message::Message::Paste("ETH".to_owned()));
    assert!(screen.drawn().contains("1 of 2"), "{}", screen.drawn());
    assert_eq!(screen.app.transcript.filter(crate::transcript::View::Session).text(), "");
    screen.ctrl('c');
    assert!(!screen.drawn().contains("1 of 2"), "{}", screen.drawn());
    assert!(!screen.app.filtering);
}
