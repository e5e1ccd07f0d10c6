//! How results look.

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Account, AccountResults, EquityPoint, Fact, Money, Results};
use rust_decimal::Decimal;

use super::*;
use crate::json::documented;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Two days of an account that rises, falls and rises again.
pub(crate) fn results() -> Results {
    let from: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let hour = |hour: i64| from + SignedDuration::from_hours(hour);
    let heights = [0, 120, 480, 700, 430, 60, -250, -90, 310, 820, 1_105, 990, 1_234];
    let equity = heights
        .iter()
        .zip(0..)
        .map(|(&height, place)| EquityPoint {
            time: hour(place * 4),
            equity: Money(Decimal::new(10_000_000 + height * 100 + i64::from(height > 0) * 56, 2)),
        })
        .collect();
    let account = Account {
        exchange: "REPLAY".to_owned(),
        currency: "USDT".to_owned(),
        capital: money("100000"),
        equity: money("101234.56"),
        day_start_equity: None,
        realized_pnl: money("1400.2"),
        unrealized_pnl: Some(money("0")),
        fees: money("160.14"),
        funding: money("5.5"),
        initial_margin: None,
        maintenance_margin: None,
        net_leverage: None,
        gross_leverage: None,
    };
    let account = AccountResults {
        account,
        profit: money("1234.56"),
        return_on_capital: "0.012346".parse().unwrap(),
        orders: 1_042,
        rejected: 3,
        fills: 1_040,
        turnover: money("3202800.25"),
        trades: 520,
        winning_trades: 286,
        profit_factor: Some("1.314159".parse().unwrap()),
        max_drawdown: money("950.56"),
        max_drawdown_part: "0.009439".parse().unwrap(),
        sharpe: Some("2.718282".parse().unwrap()),
        equity,
    };
    Results { from, to: hour(48), events: 1_234_567, accounts: vec![account] }
}

/// An account of bitcoins in which nothing happened.
fn nothing() -> Results {
    let mut results = results();
    let account = &mut results.accounts[0];
    account.account = Account {
        currency: "BTC".to_owned(),
        capital: money("1"),
        equity: money("1"),
        realized_pnl: money("0"),
        fees: money("0"),
        funding: money("0"),
        ..account.account.clone()
    };
    *account = AccountResults {
        account: account.account.clone(),
        profit: money("0"),
        return_on_capital: Decimal::ZERO,
        orders: 0,
        rejected: 0,
        fills: 0,
        turnover: money("0"),
        trades: 0,
        winning_trades: 0,
        profit_factor: None,
        max_drawdown: money("0"),
        max_drawdown_part: Decimal::ZERO,
        sharpe: None,
        equity: vec![EquityPoint { time: results.from, equity: money("1") }],
    };
    results
}

/// The greatest amounts that there can be.
fn enormous() -> Results {
    let mut results = results();
    let account = &mut results.accounts[0];
    account.profit = money("-999999999999.99");
    account.max_drawdown = money("999999999999.99");
    account.turnover = money("999999999999999.99");
    account.account.fees = money("123456789012.34");
    account.equity[3].equity = money("-999999999999.99");
    results
}

#[test]
fn the_table_of_a_replay() {
    assert_snapshot!(table("ema-cross", &results(), Glyphs::Unicode));
}

#[test]
fn the_table_of_a_replay_in_ascii() {
    let table = table("ema-cross", &results(), Glyphs::Ascii);
    assert!(table.is_ascii());
    assert_snapshot!(table);
}

#[test]
fn the_table_of_a_replay_in_which_nothing_happened() {
    assert_snapshot!(table("idle", &nothing(), Glyphs::Unicode));
}

#[test]
fn the_table_has_a_part_for_each_account_and_fits_80_columns() {
    let mut two = results();
    two.accounts.extend(nothing().accounts);
    two.accounts.extend(enormous().accounts);
    let table = table("ema-cross", &two, Glyphs::Unicode);
    assert_eq!(table.matches("max drawdown").count(), 3);
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn the_picture_of_a_replay() {
    assert_snapshot!(svg("ema-cross", &results()));
}

#[test]
fn a_picture_shows_every_account_and_no_name_breaks_it() {
    let mut two = results();
    two.accounts.extend(nothing().accounts);
    let svg = svg("<a href=\"x\">&\u{1b}[2J", &two);
    assert!(svg.contains(r#"width="960" height="720""#));
    assert!(svg.contains("&lt;a href=&quot;x&quot;&gt;&amp;[2J · REPLAY"), "{svg}");
    assert!(!svg.contains("<a ") && !svg.contains("NaN") && !svg.contains("inf"));
    for results in [nothing(), enormous()] {
        let svg = super::svg("x", &results);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn json_has_the_name_and_every_figure() {
    let json = json("ema-cross", &results(), &[]);
    assert!(json.ends_with("}\n"));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["name"], "ema-cross");
    assert_eq!(value["doubts"], serde_json::json!([]));
    assert_eq!(value["accounts"][0]["profit"], "1234.56");
    assert_eq!(value["accounts"][0]["sharpe"], "2.718282");
    assert_eq!(value["accounts"][0]["equity"][12]["equity"], "101234.56");
    assert_eq!(serde_json::from_value::<Results>(value).unwrap(), results());
}

#[test]
fn the_line_has_the_main_figures_of_each_account() {
    let mut two = results();
    two.accounts.extend(nothing().accounts);
    assert_eq!(
        line(&two),
        "REPLAY profit +1,234.56 USDT (+1.23 %), max drawdown 950.56 (0.94 %), Sharpe 2.72, 520 trades, \
         fees 160.14; REPLAY profit 0.00000000 BTC (0.00 %), max drawdown 0.00000000 (0.00 %), Sharpe -, \
         0 trades, fees 0.00000000"
    );
}

#[test]
fn the_history_has_a_line_for_it() {
    let fact = qubx_protocol::Fact::Results(Box::new(results()));
    let time = "2026-03-02T14:02:31Z".parse().unwrap();
    let event = qubx_protocol::Event { seq: qubx_protocol::Seq(1), time, fact };
    let state = qubx_protocol::SessionState::new(qubx_protocol::LogId::default(), 0);
    let shown = crate::plain::render(&event, &state).unwrap();
    assert!(
        shown.starts_with("14:02:31 RESULTS REPLAY profit +1,234.56 USDT (+1.23 %), max drawdown"),
        "{shown}"
    );
}

#[test]
fn braille_is_for_terminals_that_know_it() {
    for (name, value, expected) in [
        ("LANG", "en_US.UTF-8", Glyphs::Unicode),
        ("LC_CTYPE", "C.utf8", Glyphs::Unicode),
        ("LANG", "C", Glyphs::Ascii),
        ("LC_ALL", "POSIX", Glyphs::Ascii),
        ("OTHER", "en_US.UTF-8", Glyphs::Ascii),
        ("LANG", "", Glyphs::Ascii),
    ] {
        let variable = |asked: &str| (asked == name).then(|| value.to_owned());
        assert_eq!(Glyphs::of_locale(variable), expected, "{name}={value}");
    }
    let both = |asked: &str| match asked {
        "LC_ALL" => Some("C".to_owned()),
        "LANG" => Some("en_US.UTF-8".to_owned()),
        _ => None,
    };
    assert_eq!(Glyphs::of_locale(both), Glyphs::Ascii, "the first that is set decides");
}

#[test]
fn the_results_as_json_are_as_documented() {
    let (events, _) = documented::golden();
    let of_replay = events.into_iter().find_map(|event| match event.fact {
        Fact::Results(results) => Some(results),
        _ => None,
    });
    let text = super::json("ema-cross", &of_replay.unwrap(), &["the strategy raised 2 times".to_owned()]);
    documented::check("qubx run", &[serde_json::from_str(&text).unwrap()]);
}
