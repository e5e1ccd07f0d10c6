//! Results of small replays, computed by hand.

use jiff::SignedDuration;
use qubx_protocol::{Money, OrderType, Price, Quantity, Side, TimeInForce};

use super::*;
use crate::testing::{at, decimal, fill, id};

/// A market that tells the collector what an engine would.
pub(super) struct Market {
    pub(super) collector: ResultsCollector,
    pub(super) position: Position,
    pub(super) time: Timestamp,
    /// What the position is valued at.
    price: Decimal,
}

impl Market {
    pub(super) fn new() -> Self {
        Self {
            collector: ResultsCollector::default(),
            position: Position::flat(id("BTCUSDT")),
            time: at("00:00:00"),
            price: Decimal::ONE,
        }
    }

    /// Lets the engine's clock come to a moment, at which the market says a price.
    pub(super) fn price(&mut self, time: Timestamp, price: Decimal) {
        if time > self.collector.due() {
            let accounts = self.accounts();
            self.collector.sample(time, &accounts);
        }
        self.time = time;
        self.price = price;
    }

    pub(super) fn fill(&mut self, side: Side, quantity: &str, price: &str, fee: &str) {
        let fill = fill("BTCUSDT", side, quantity, price, fee);
        book(&mut self.position, &fill);
        self.collector.events(&[EngineEvent::Fill { fill, position: self.position.clone() }]);
    }

    pub(super) fn fund(&mut self, amount: &str) {
        self.position.funding += decimal(amount).into();
        let funding = qubx_protocol::Funding {
            instrument: id("BTCUSDT"),
            time: self.time,
            rate: decimal("0.0001"),
            quantity: self.position.quantity,
            price: Price(self.price),
            amount: decimal(amount).into(),
        };
        self.collector.events(&[EngineEvent::Funding { funding, position: self.position.clone() }]);
    }

    pub(super) fn accounts(&self) -> [Account; 1] {
        let Position { realized_pnl, fees, funding, .. } = self.position;
        let unrealized = self.position.unrealized_pnl(Price(self.price), Decimal::ONE);
        let equity = decimal("1000") + realized_pnl.0 + unrealized.0 - fees.0 - funding.0;
        [account(equity, realized_pnl, unrealized, fees, funding)]
    }

    pub(super) fn results(&self) -> AccountResults {
        self.collector.finish(self.time, &self.accounts(), 1).accounts.remove(0)
    }
}

/// Books a fill as an exchange does: it adds at the average price, or realizes what it closes.
fn book(position: &mut Position, fill: &Fill) {
    let (held, traded) = (position.quantity.0, fill.side.sign() * fill.quantity.0);
    let average = position.avg_price.map_or(Decimal::ZERO, |price| price.0);
    let after = held + traded;
    if held * traded >= Decimal::ZERO {
        let cost = average * held.abs() + fill.price.0 * fill.quantity.0;
        position.avg_price = Some(Price(rounded(cost / after.abs())));
    } else {
        let closed = held.abs().min(fill.quantity.0);
        position.realized_pnl += Money((average - fill.price.0) * closed * fill.side.sign());
        if after * held < Decimal::ZERO {
            position.avg_price = Some(fill.price);
        } else if after.is_zero() {
            position.avg_price = None;
        }
    }
    position.quantity = Quantity(after);
    position.fees += fill.fee;
}

pub(super) fn account(
    equity: Decimal,
    realized_pnl: Money,
    unrealized: Money,
    fees: Money,
    funding: Money,
) -> Account {
    Account {
        exchange: "SIM".to_owned(),
        currency: "USDT".to_owned(),
        capital: decimal("1000").into(),
        equity: Money(rounded(equity)),
        day_start_equity: None,
        realized_pnl,
        unrealized_pnl: Some(unrealized),
        fees,
        funding,
        initial_margin: None,
        maintenance_margin: None,
        net_leverage: None,
        gross_leverage: None,
    }
}

fn worth(equity: &str) -> [Account; 1] {
    [account(decimal(equity), Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO)]
}

/// Samples a series, one value each so many minutes; the first is at the beginning.
fn sampled(minutes: i64, series: impl IntoIterator<Item = Decimal>) -> AccountResults {
    let mut collector = ResultsCollector::default();
    let mut time = at("00:00:00");
    let mut last = worth("1000");
    for equity in series {
        let now = [account(equity, Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO)];
        // The equity is so from this moment on, and was as before until then.
        collector.sample(time, &last);
        last = now;
        time += SignedDuration::from_mins(minutes);
    }
    time -= SignedDuration::from_mins(minutes);
    collector.finish(time, &last, 1).accounts.remove(0)
}

#[test]
fn a_round_trip_is_net_of_its_fees_and_its_funding() {
    use Side::{Buy, Sell};
    let mut market = Market::new();
    market.price(at("00:00:00"), decimal("100"));
    market.fill(Buy, "2", "100", "0.2");
    market.fund("0.5");
    // Half of it: the trip is not over.
    market.fill(Sell, "1", "110", "0.11");
    assert_eq!(market.results().trades, 0);
    // Through zero: two thirds of the fee are the new trip's. 10 + 5 − 0.2 − 0.5 − 0.11 − 0.1 = 14.09.
    market.fill(Sell, "3", "105", "0.3");
    // The short of 2 loses 2 × 3, pays 0.2 + 0.216 and gets funding of 0.4: −6.016.
    market.fund("-0.4");
    market.fill(Buy, "2", "108", "0.216");
    market.price(at("00:03:00"), decimal("108"));
    let results = market.results();
    assert_eq!((results.trades, results.winning_trades, results.fills), (2, 1, 4));
    // 14.09 / 6.016
    assert_eq!(results.profit_factor, Some(decimal("2.342088")));
    assert_eq!(results.profit, Money(decimal("8.074")), "14.09 − 6.016");
    assert_eq!(results.return_on_capital, decimal("0.008074"));
    assert_eq!(results.turnover, Money(decimal("841")), "200 + 110 + 315 + 216");
}

#[test]
fn without_a_loss_there_is_no_profit_factor_and_a_trade_that_only_costs_is_lost() {
    let mut market = Market::new();
    market.fill(Side::Buy, "1", "100", "0.1");
    market.fill(Side::Sell, "1", "101", "0.1");
    assert_eq!((market.results().trades, market.results().profit_factor), (1, None));
    market.fill(Side::Buy, "1", "100", "0.1");
    market.fill(Side::Sell, "1", "100.2", "0.1");
    let results = market.results();
    assert_eq!((results.trades, results.winning_trades), (2, 1), "0.2 for fees of 0.2 is no profit");
    assert_eq!(results.profit_factor, None);
}

#[test]
fn a_position_of_before_is_closed_as_a_trade_and_a_contract_counts_as_much_as_it_is() {
    let mut instrument = crate::default_instrument("SIM", "BTCUSDT", "USDT");
    instrument.multiplier = decimal("0.01");
    let mut market = Market::new();
    book(&mut market.position, &fill("BTCUSDT", Side::Buy, "5", "100", "1"));
    market.collector.begin([&instrument], [&market.position]);
    market.fill(Side::Sell, "5", "120", "1");
    let results = market.results();
    assert_eq!((results.trades, results.winning_trades), (1, 1));
    assert_eq!(results.turnover, Money(decimal("6")));
}

#[test]
fn the_greatest_fall_in_money_and_the_greatest_part_need_not_be_the_same() {
    // From 1000 to 900 it falls by a tenth; from 2000 to 1850 by more money and a smaller part.
    let series = ["1000", "900", "2000", "1850", "1900"].map(decimal);
    let results = sampled(1, series);
    assert_eq!(results.max_drawdown, Money(decimal("150")));
    assert_eq!(results.max_drawdown_part, decimal("0.1"));
    assert_eq!(results.equity.len(), 5);
    let unharmed = sampled(1, ["1000", "1001", "1001"].map(decimal));
    assert_eq!((unharmed.max_drawdown, unharmed.max_drawdown_part), (Money::ZERO, Decimal::ZERO));
}

#[test]
fn the_sharpe_ratio_of_a_known_series() {
    // 24 hours, in turn +2 % and −1 %: the mean is 0.005; each is 0.015 away from it, so the sample deviation is
    // √(24 × 0.015² / 23) = 0.015322672…, and the ratio 0.005 / 0.015322672 × √8760 = 30.541…
    let series = |hours: usize| {
        let factors = ["1.02", "0.99"].map(decimal).into_iter().cycle().take(hours);
        let mut equity = decimal("1000");
        let mut all = vec![equity];
        for factor in factors {
            equity *= factor;
            all.push(equity.round_dp(12));
        }
        all
    };
    let expected = 0.005 / (24.0 * 0.015_f64.powi(2) / 23.0).sqrt() * 8760_f64.sqrt();
    let sharpe = sampled(60, series(24)).sharpe.unwrap();
    assert_eq!(sharpe.to_string(), format!("{expected:.6}"));
    assert!(sharpe.to_string().starts_with("30.541"), "{sharpe}");
    assert_eq!(sampled(60, series(23)).sharpe, None, "a day is the least");
    // Twelve more values of the same equity change what happens within hours, not from hour to hour.
    let finer = series(24).into_iter().flat_map(|equity| [equity; 12]).take(24 * 12 + 1);
    assert_eq!(sampled(5, finer).sharpe, Some(sharpe));
}

#[test]
fn without_a_change_or_without_equity_there_is_no_sharpe_ratio() {
    let hours = 100;
    assert_eq!(sampled(60, vec![decimal("1000"); hours]).sharpe, None);
    let grows = (0..hours).scan(decimal("1000"), |equity, _| {
        *equity = (*equity * decimal("1.001")).round_dp(12);
        Some(*equity)
    });
    assert_eq!(sampled(60, grows.collect::<Vec<_>>()).sharpe, None, "the same return each hour");
    let ruined = (0..hours).map(|hour| if hour == 50 { decimal("-3") } else { decimal("1000") });
    assert_eq!(sampled(60, ruined.collect::<Vec<_>>()).sharpe, None);
}

#[test]
fn hours_without_an_event_count_as_hours_without_a_change() {
    let with_a_gap = |until_one: &str| {
        let mut collector = ResultsCollector::default();
        collector.sample(at("00:00:00"), &worth("1000"));
        collector.sample(at("00:30:00"), &worth("1000"));
        collector.sample(at("01:00:00"), &worth(until_one));
        collector.sample(at("23:30:00"), &worth("1010"));
        collector.finish("2026-01-02T00:00:00Z".parse().unwrap(), &worth("1020"), 3).accounts.remove(0)
    };
    // 24 returns: 1000 → 1010 at 01:00, 22 times none, 1010 → 1020 at 24:00.
    let returns: [f64; 2] = [0.01, 10.0 / 1010.0];
    let mean = returns.iter().sum::<f64>() / 24.0;
    let squares = returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>() + 22.0 * mean * mean;
    let expected = mean / (squares / 23.0).sqrt() * 8760_f64.sqrt();
    assert_eq!(with_a_gap("1000").sharpe.unwrap().to_string(), format!("{expected:.6}"));
    // What an event at the whole hour itself makes of it is what the hour ends with.
    assert_eq!(with_a_gap("1000").sharpe, with_a_gap("999").sharpe);
}

#[test]
fn the_points_stay_few_even_and_end_exactly() {
    for minutes in [1, 998, 999, 1_000, 5_000, 600_000] {
        let mut collector = ResultsCollector::default();
        let begin = at("00:00:30");
        collector.sample(begin, &worth("1000"));
        let mut time = at("00:01:00");
        for minute in 0..minutes {
            time = at("00:01:00") + SignedDuration::from_mins(minute);
            if time > collector.due() {
                let equity = Decimal::from(1_000 + minute - 1);
                let now = [account(equity, Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO)];
                collector.sample(time, &now);
            }
        }
        let equity = collector.finish(time, &worth("1234.123456789012"), 1).accounts.remove(0).equity;
        assert!(equity.len() <= 1_000 && equity.len() as i64 >= (minutes + 1).min(500), "{}", equity.len());
        assert_eq!(equity[0].time, begin);
        let last = equity.last().unwrap();
        assert_eq!((last.time, last.equity), (time, Money(decimal("1234.123456789012"))));
        let on_grid = &equity[1..equity.len() - 1];
        let steps: std::collections::BTreeSet<SignedDuration> =
            on_grid.windows(2).map(|pair| pair[1].time.duration_since(pair[0].time)).collect();
        assert!(steps.len() <= 1, "{steps:?}");
        for point in on_grid {
            let minute = point.time.duration_since(at("00:01:00")).as_mins();
            assert_eq!(point.equity.0, Decimal::from(1_000 + minute), "the equity of its own moment");
        }
    }
}

#[test]
fn a_long_gap_costs_no_more_than_a_short_one() {
    let mut collector = ResultsCollector::default();
    collector.sample(Timestamp::UNIX_EPOCH, &worth("1000"));
    let results = collector.finish(at("00:00:00"), &worth("1000"), 2).accounts.remove(0);
    assert!((500..=1_000).contains(&results.equity.len()));
}

#[test]
fn each_order_counts_once_however_often_it_changes() {
    let order = Order {
        id: "o".into(),
        instrument: id("BTCUSDT"),
        side: Side::Buy,
        order_type: OrderType::Market,
        quantity: Quantity(Decimal::ONE),
        filled: Quantity::ZERO,
        price: None,
        stop_price: None,
        triggered: false,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        avg_price: None,
        status: OrderStatus::Intended,
        author: "tester".into(),
        cause: None,
        created_at: at("00:00:00"),
        changed_at: None,
        reason: None,
        rejection: None,
    };
    let mut collector = ResultsCollector::default();
    let mut tell = |id: &str, statuses: &[OrderStatus]| {
        for &status in statuses {
            collector.events(&[EngineEvent::Order(Order { id: id.into(), status, ..order.clone() })]);
        }
    };
    use OrderStatus::{Cancelled, Filled, Intended, New, PartiallyFilled, Rejected};
    tell("o1", &[Rejected]);
    tell("o2", &[Intended, Rejected]);
    tell("o3", &[Intended, New, New, PartiallyFilled, PartiallyFilled, Filled]);
    tell("o4", &[Intended, New, Cancelled]);
    tell("o5", &[Intended, Filled]);
    tell("o6", &[Intended]);
    let results = collector.finish(at("00:00:00"), &worth("1000"), 1).accounts.remove(0);
    assert_eq!((results.orders, results.rejected), (3, 2));
    assert!(collector.open.is_empty());
}

#[test]
fn nothing_at_all_has_results_too() {
    let collector = ResultsCollector::default();
    assert_eq!(collector.due(), Timestamp::MIN, "the first event is told in any case");
    let Results { from, to, accounts, .. } = collector.finish(at("00:00:00"), &worth("1000"), 0);
    assert_eq!(
        (from, to, accounts[0].trades, accounts[0].equity.len()),
        (at("00:00:00"), at("00:00:00"), 0, 1)
    );
}
