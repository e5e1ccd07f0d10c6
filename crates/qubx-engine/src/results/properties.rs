//! What holds for every sequence of prices, fills and funding.

use jiff::SignedDuration;
use proptest::prelude::*;
use qubx_protocol::Side;

use super::tests::{Market, account};
use super::*;
use crate::testing::at;

#[derive(Clone, Debug)]
enum Step {
    /// Time passes, and the market says a price.
    Price {
        seconds: i64,
        price: i64,
    },
    Fill {
        buys: bool,
        lots: i64,
        fee: i64,
    },
    Fund {
        amount: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..7_200_i64, 5_000..15_000_i64).prop_map(|(seconds, price)| Step::Price { seconds, price }),
        3 => (any::<bool>(), 1..300_i64, -50..500_i64)
            .prop_map(|(buys, lots, fee)| Step::Fill { buys, lots, fee }),
        1 => (-300..300_i64).prop_map(|amount| Step::Fund { amount }),
    ]
}

/// Prices of 50 to 150 and fills of up to 3, so that equity, of 1,000 at first, mostly stays positive.
fn take(market: &mut Market, price: &mut Decimal, step: &Step) {
    match *step {
        Step::Price { seconds, price: cents } => {
            *price = Decimal::new(cents, 2);
            market.price(market.time + SignedDuration::from_secs(seconds), *price);
        }
        Step::Fill { buys, lots, fee } => {
            let side = if buys { Side::Buy } else { Side::Sell };
            let (quantity, fee) = (Decimal::new(lots, 2), Decimal::new(fee, 3));
            market.fill(side, &quantity.to_string(), &price.to_string(), &fee.to_string());
        }
        Step::Fund { amount } if !market.position.quantity.is_zero() => {
            market.fund(&Decimal::new(amount, 2).to_string());
        }
        Step::Fund { .. } => {}
    }
}

fn run(steps: &[Step]) -> Market {
    let mut market = Market::new();
    let mut price = Decimal::ONE_HUNDRED;
    market.price(at("00:00:00"), price);
    steps.iter().for_each(|step| take(&mut market, &mut price, step));
    market
}

/// Returns the results of a series of equities, of which those that are `told` are sampled.
fn fallen(series: &[(i64, bool)], told: impl Fn(bool) -> bool) -> AccountResults {
    let mut collector = ResultsCollector::default();
    let mut time = at("00:00:00");
    let worth =
        |equity: i64| [account(Decimal::new(equity, 1), Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO)];
    for (equity, always) in series {
        time += SignedDuration::from_secs(20);
        if told(*always) {
            collector.sample(time, &worth(*equity));
        }
    }
    collector.finish(time, &worth(series.last().map_or(10_000, |(equity, _)| *equity)), 0).accounts.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn profit_is_what_the_trips_brought_and_what_is_open(steps in prop::collection::vec(step(), 0..80)) {
        let market = run(&steps);
        let results = market.results();
        prop_assert_eq!(results.profit, results.account.equity - results.account.capital);
        let counts = market.collector.counts.get("SIM").cloned().unwrap_or_default();
        let open: Money = market.collector.trips.values().map(Trip::so_far).sum();
        let closed = counts.profits.won - counts.profits.lost;
        let unrealized = Money(rounded(results.account.unrealized_pnl.unwrap().0));
        let error = (closed + open + unrealized - results.profit).abs();
        // The account rounds once where here each part is exact.
        prop_assert!(error.0 <= Decimal::new(2, 12), "{} + {} + {} is not {}", closed, open, unrealized, results.profit);
        prop_assert!(results.winning_trades <= results.trades && results.trades <= results.fills);
    }

    #[test]
    fn a_fall_is_no_deeper_than_the_height(series in prop::collection::vec((0..20_000_i64, any::<bool>()), 0..60)) {
        let results = fallen(&series, |_| true);
        let highest = series.iter().map(|(equity, _)| Decimal::new(*equity, 1)).max().unwrap_or_default();
        prop_assert!(results.max_drawdown >= Money::ZERO);
        prop_assert!(results.max_drawdown.0 <= highest.max(results.account.capital.0));
        prop_assert!(results.max_drawdown_part >= Decimal::ZERO && results.max_drawdown_part <= Decimal::ONE);
        let kept = |point: &qubx_protocol::EquityPoint| {
            series.iter().any(|(equity, _)| Decimal::new(*equity, 1) == point.equity.0)
        };
        prop_assert!(series.is_empty() || results.equity.iter().all(kept), "a point is a sample");
    }

    #[test]
    fn more_samples_never_make_a_fall_smaller(series in prop::collection::vec((0..20_000_i64, any::<bool>()), 0..60)) {
        let (some, all) = (fallen(&series, |always| always), fallen(&series, |_| true));
        prop_assert!(some.max_drawdown <= all.max_drawdown);
        prop_assert!(some.max_drawdown_part <= all.max_drawdown_part);
    }

    #[test]
    fn a_replay_that_is_restored_in_the_middle_ends_the_same(
        steps in prop::collection::vec(step(), 0..80),
        middle in 0..80_usize,
    ) {
        let whole = run(&steps);
        let (before, after) = steps.split_at(middle.min(steps.len()));
        let mut market = run(before);
        let stored = serde_json::to_value(&market.collector).unwrap().to_string();
        market.collector = serde_json::from_str(&stored).unwrap();
        market.collector.begin([], [&market.position]);
        let last = before.iter().rev().find_map(|step| match step {
            Step::Price { price, .. } => Some(Decimal::new(*price, 2)),
            _ => None,
        });
        let mut price = last.unwrap_or(Decimal::ONE_HUNDRED);
        after.iter().for_each(|step| take(&mut market, &mut price, step));
        prop_assert_eq!(&market.results(), &whole.results());
    }
}
