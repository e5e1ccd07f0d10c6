//! How every panel looks, full and empty, at the sizes that people have.

use std::time::Duration;

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use qubx_protocol::{Mode, Role, Side};

use super::fixture::Screen;
use crate::detail::{Detail, Subject};
use crate::layout::Size;
use crate::message::Message;
use crate::panel::Panel;

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 16)];

/// Returns what a screen shows at each size, without the spaces at the ends of lines.
fn at_all_sizes(screen: &mut Screen) -> String {
    let mut shown = String::new();
    for (columns, rows) in SIZES {
        let effects = screen.send(Message::Resize(Size { columns, rows }));
        screen.series(&effects, 60);
        shown.push_str(&format!("{columns}x{rows}\n"));
        for line in screen.drawn().lines() {
            shown.push_str(line.trim_matches('"').trim_end());
            shown.push('\n');
        }
    }
    shown
}

fn full() -> Screen {
    let mut screen = Screen::rich(200, 60, false, Mode::Paper);
    screen.publish();
    screen.fill("BTCUSDT", Side::Sell, "0.050", "64180.5", "0.100", "16.42");
    screen.wait(Duration::from_secs(2));
    screen.code(KeyCode::Esc);
    screen
}

fn panel(screen: &mut Screen, panel: Panel) -> String {
    let key = char::from(b'0' + panel.number());
    let effects = screen.key(key);
    screen.series(&effects, 60);
    at_all_sizes(screen)
}

#[test]
fn positions() {
    assert_snapshot!(panel(&mut full(), Panel::Positions));
}

#[test]
fn who_holds_nothing_sees_when_the_strategy_decides_next() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.market();
    assert!(screen.drawn().contains("(in 00:28)"), "{}", screen.drawn());
    screen.wait(Duration::from_secs(20));
    assert!(screen.drawn().contains("(in 00:28)"), "the time of the last message counts");
    screen.send(Message::Tick);
    assert!(screen.drawn().contains("(in 00:08)"), "{}", screen.drawn());
    let Some(market) = &mut screen.app.mirror.latest.market else { panic!("a market") };
    market.next_bar = None;
    assert!(!screen.drawn().contains("decides"), "{}", screen.drawn());
}

#[test]
fn orders() {
    assert_snapshot!(panel(&mut full(), Panel::Orders));
}

#[test]
fn market() {
    assert_snapshot!(panel(&mut full(), Panel::Market));
}

#[test]
fn fills() {
    assert_snapshot!(panel(&mut full(), Panel::Fills));
}

#[test]
fn peers() {
    assert_snapshot!(panel(&mut full(), Panel::Peers));
}

#[test]
fn strategy() {
    assert_snapshot!(panel(&mut full(), Panel::Strategy));
}

#[test]
fn an_order_looked_at_closely() {
    let mut screen = full();
    screen.key('3');
    screen.code(KeyCode::Enter);
    assert_snapshot!(at_all_sizes(&mut screen));
}

#[test]
fn a_published_line_looked_at_closely() {
    let mut screen = full();
    let effects = screen.key('9');
    screen.series(&effects, 60);
    let id = super::fixture::instrument("BTCUSDT");
    screen.app.detail = Some(Detail {
        subject: Subject::Published("z-score".to_owned(), Some(id)),
        scroll: 0,
        view: Default::default(),
        chart_alone: false,
    });
    assert_snapshot!(at_all_sizes(&mut screen));
}

#[test]
fn the_columns_to_choose_from() {
    let mut screen = full();
    screen.key('2');
    screen.key('|');
    screen.key('j');
    screen.key(' ');
    assert_snapshot!(at_all_sizes(&mut screen));
}

#[test]
fn what_is_empty_says_what_could_be_there() {
    let mut shown = String::new();
    for role in [Role::Admin, Role::Viewer] {
        for panel in Panel::ALL {
            let mut screen = Screen::of(role, 80, 24, false, Mode::Paper);
            screen.code(KeyCode::Esc);
            screen.key(char::from(b'0' + panel.number()));
            let drawn = screen.drawn();
            let lines = drawn.lines().skip(2).map(|line| line.trim_matches('"').trim());
            let lines: Vec<&str> =
                lines.take_while(|line| !line.starts_with("In[")).filter(|line| !line.is_empty()).collect();
            shown.push_str(&format!("{role:?} {panel:?}: {}\n", lines.join(" / ")));
        }
    }
    assert_snapshot!(shown);
}

/// Looks closely at the first instrument, with a minute of quotes and an answer about its line.
fn chart() -> Screen {
    let mut screen = full();
    screen.key('4');
    screen.code(KeyCode::Enter);
    let id = super::fixture::instrument("BTCUSDT");
    screen.send(Message::Tick);
    let mut told = crate::candles::Candles::default();
    told.look_at(&id, "1m".parse().unwrap());
    for second in (0..400_i64).map(|step| step * 20) {
        let wave = (second as f64 / 700.0).sin() * 90.0 + (second as f64 / 90.0).cos() * 25.0;
        let price =
            rust_decimal::Decimal::try_from(64_120.0 + wave + second as f64 * 0.01).unwrap().round_dp(1);
        let time =
            jiff::Timestamp::from_second(super::fixture::time("11:49:20").as_second() + second).unwrap();
        told.quote(time, price.into());
    }
    screen.app.candles.take(told.bars(&id, "1m".parse().unwrap()).to_vec());
    screen
}

#[test]
fn a_chart_with_fills_orders_and_a_line_of_the_strategy() {
    assert_snapshot!(at_all_sizes(&mut chart()));
}

#[test]
fn a_chart_alone_and_without_colour() {
    let mut screen = chart();
    screen.key('z');
    screen.app.set_theme(crate::theme::ThemeChoice::Monochrome);
    assert_snapshot!(at_all_sizes(&mut screen));
}

#[test]
fn equity() {
    let mut screen = full();
    let account = screen.app.mirror.latest.market.clone().unwrap().accounts.remove(0);
    screen.app.equity.forget();
    for minute in 0..90_i64 {
        let wave = (minute as f64 / 9.0).sin() * 700.0 + minute as f64 * 9.0;
        let equity = rust_decimal::Decimal::try_from(103_000.0 + wave).unwrap().round_dp(2);
        let time = super::fixture::time("12:33:00").as_second() + minute * 60;
        let account = qubx_protocol::Account { equity: equity.into(), ..account.clone() };
        screen.app.equity.tell(&[account], jiff::Timestamp::from_second(time).unwrap());
    }
    screen.key('5');
    screen.code(KeyCode::Left);
    assert_snapshot!(at_all_sizes(&mut screen));
}
