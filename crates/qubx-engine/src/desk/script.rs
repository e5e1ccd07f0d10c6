//! Random sequences of all that can happen to a desk, for the properties.

use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;
use qubx_protocol::{Money, Price, TimeInForce};
use rust_decimal::Decimal;

use super::*;
use crate::testing::{at, config, decimal, id};
use crate::{FundingConfig, InstrumentIndex, Limits, Modification, Touch};

pub(super) const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];

#[derive(Clone, Debug)]
pub(super) enum Step {
    Quote { symbol: u32, bid: Decimal, spread: Decimal, sizes: [Decimal; 2] },
    Trade { symbol: u32, price: Decimal, size: Decimal, side: Side },
    Rate { symbol: u32, bps: i64 },
    Place { symbol: usize, side: Side, numbers: Numbers, options: Options, at_once: bool },
    Modify { number: u64, numbers: Numbers, at_once: bool },
    Cancel { number: u64 },
    StrategyCancel { number: u64 },
    Close { symbol: usize },
    StrategyClose { symbol: usize },
    Pause,
    Resume,
    Wait { millis: i64 },
}

/// What is not usual about an order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) ioc: bool,
    pub(super) post_only: bool,
    pub(super) reduce_only: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) quantity: Decimal,
    pub(super) price: Option<Decimal>,
    pub(super) stop: Option<Decimal>,
}

impl Step {
    /// Returns what it is of a market's.
    pub(super) fn event(&self, time: Timestamp) -> Option<MarketEvent> {
        let (symbol, data) = match *self {
            Step::Quote { symbol, bid, spread, sizes: [bid_size, ask_size] } => {
                let ask = bid.checked_add(spread).unwrap_or(bid);
                let sizes = (Quantity(bid_size), Quantity(ask_size));
                let touch = Touch { bid: Price(bid), ask: Price(ask), bid_size: sizes.0, ask_size: sizes.1 };
                (symbol, MarketData::Quote(touch))
            }
            Step::Trade { symbol, price, size, side } => {
                (symbol, MarketData::Trade { price: Price(price), size: Quantity(size), side })
            }
            Step::Rate { symbol, bps } => (symbol, MarketData::FundingRate(Decimal::new(bps, 4))),
            _ => return None,
        };
        Some(MarketEvent { instrument: InstrumentIndex(symbol), time, data })
    }
}

/// Amounts that make sense: around 100, in steps of five cents, so that many of them meet.
pub(super) fn sensible() -> impl Strategy<Value = Decimal> + Clone {
    prop_oneof![
        4 => (1_980..2_020_i64).prop_map(|steps| Decimal::new(steps * 5, 2)),
        1 => (1..20_000_i64).prop_map(|cents| Decimal::new(cents, 2)),
    ]
}

/// How much: mostly little, sometimes a lot, sometimes nothing.
pub(super) fn size() -> impl Strategy<Value = Decimal> + Clone {
    prop_oneof![
        6 => (1..80_i64).prop_map(|tenths| Decimal::new(tenths, 1)),
        1 => (1..20_000_i64).prop_map(|milli| Decimal::new(milli, 3)),
        1 => (1_000..5_000_i64).prop_map(Decimal::from),
        1 => Just(Decimal::ZERO),
    ]
}

/// Any decimal there is.
pub(super) fn any_decimal() -> impl Strategy<Value = Decimal> + Clone {
    (any::<(u32, u32, u32)>(), any::<bool>(), 0..=28_u32).prop_map(
        |((low, middle, high), negative, scale)| Decimal::from_parts(low, middle, high, negative, scale),
    )
}

pub(super) fn side() -> impl Strategy<Value = Side> + Clone {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

pub(super) fn step(
    amount: impl Strategy<Value = Decimal> + Clone + 'static,
    size: impl Strategy<Value = Decimal> + Clone + 'static,
) -> impl Strategy<Value = Step> {
    let spread =
        prop_oneof![5 => (0..8_i64).prop_map(|steps| Decimal::new(steps * 5, 2)), 1 => amount.clone()];
    let option = proptest::option::weighted(0.6, amount.clone());
    let numbers = (size.clone(), option, proptest::option::weighted(0.2, amount.clone()))
        .prop_map(|(quantity, price, stop)| Numbers { quantity, price, stop });
    let options =
        (proptest::bool::weighted(0.15), proptest::bool::weighted(0.1), proptest::bool::weighted(0.15))
            .prop_map(|(ioc, post_only, reduce_only)| Options { ioc, post_only, reduce_only });
    let at_once = proptest::bool::weighted(0.3);
    let number = 1..40_u64;
    prop_oneof![
        10 => (0..2_u32, amount.clone(), spread, [size.clone(), size.clone()])
            .prop_map(|(symbol, bid, spread, sizes)| Step::Quote { symbol, bid, spread, sizes }),
        3 => (0..2_u32, amount, size, side())
            .prop_map(|(symbol, price, size, side)| Step::Trade { symbol, price, size, side }),
        1 => (0..2_u32, -30..30_i64).prop_map(|(symbol, bps)| Step::Rate { symbol, bps }),
        10 => (0..2_usize, side(), numbers.clone(), options, at_once)
            .prop_map(|(symbol, side, numbers, options, at_once)| {
                Step::Place { symbol, side, numbers, options, at_once }
            }),
        3 => (number.clone(), numbers, at_once)
            .prop_map(|(number, numbers, at_once)| Step::Modify { number, numbers, at_once }),
        1 => number.clone().prop_map(|number| Step::Cancel { number }),
        1 => number.prop_map(|number| Step::StrategyCancel { number }),
        1 => (0..2_usize).prop_map(|symbol| Step::Close { symbol }),
        1 => (0..2_usize).prop_map(|symbol| Step::StrategyClose { symbol }),
        1 => Just(Step::Pause),
        6 => Just(Step::Resume),
        4 => prop_oneof![3 => 1..900_i64, 1 => 1..7_200_000_i64].prop_map(|millis| Step::Wait { millis }),
    ]
}

/// Steps that begin with a quote of each instrument.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let first = (0..2_u32).map(|symbol| Step::Quote {
        symbol,
        bid: Decimal::ONE_HUNDRED,
        spread: Decimal::new(1, 1),
        sizes: [Decimal::TEN; 2],
    });
    let first: Vec<_> = first.collect();
    proptest::collection::vec(step(sensible(), size()), 1..most)
        .prop_map(move |steps| first.iter().cloned().chain(steps).collect())
}

/// Configs that differ in what they charge, allow and how long things take.
pub(super) fn configs() -> impl Strategy<Value = EngineConfig> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, 1..40_u32).prop_map(|((slow, slips, tight, small), leverage)| {
        let limit = |text: &str| Some(Money(decimal(text)));
        let limits = Limits {
            order_notional: limit("20000"),
            position_notional: limit("40000"),
            gross_leverage: Some(decimal("5")),
            orders_per_minute: Some(30),
            daily_loss: limit("300"),
        };
        let mut config = config(if tight { limits } else { Limits::default() });
        let exchange = &mut config.exchanges[0];
        exchange.leverage = leverage.into();
        exchange.capital = if small { decimal("3000").into() } else { exchange.capital };
        exchange.paper.latency = if slow { Duration::from_millis(300) } else { Duration::ZERO };
        exchange.paper.slippage_bps = if slips { decimal("7") } else { Decimal::ZERO };
        exchange.funding = Some(FundingConfig { every: Some("1h".parse().unwrap()), rate_bps: decimal("3") });
        exchange.instruments[1].multiplier = decimal("0.5");
        config
    })
}

/// A desk with a clock.
pub(super) struct Run {
    pub(super) desk: Desk,
    pub(super) time: Timestamp,
    /// Whether the market's events take the long way, also when nothing comes of them.
    pub(super) at_length: bool,
}

impl Run {
    pub(super) fn new(config: &EngineConfig) -> Self {
        Self { desk: Desk::new(config), time: at("12:00:00"), at_length: false }
    }

    pub(super) fn steps(&mut self, steps: &[Step]) -> Vec<EngineEvent> {
        steps.iter().flat_map(|step| self.step(step)).collect()
    }

    /// Does a step, and sends what it decided.
    pub(super) fn step(&mut self, step: &Step) -> Vec<EngineEvent> {
        let mut out = self.decide(step);
        out.extend(self.desk.send(self.time));
        out
    }

    /// Does a step.
    pub(super) fn decide(&mut self, step: &Step) -> Vec<EngineEvent> {
        let by = By::from("tester");
        let name = |number: &u64| OrderId(format!("q{number}"));
        let Self { desk, time, at_length } = self;
        let mut out = Vec::new();
        if let Some(event) = step.event(*time) {
            if *at_length {
                desk.market_at_length(*time, &event, &mut out);
            } else {
                desk.market(*time, &event, &mut out);
            }
            return out;
        }
        let more = match step {
            Step::Place { symbol, side, numbers, options, at_once } => {
                let Numbers { quantity, price, stop } = numbers;
                let Options { ioc, post_only, reduce_only } = *options;
                let request = OrderRequest {
                    stop_price: stop.map(Price),
                    time_in_force: if ioc { TimeInForce::Ioc } else { TimeInForce::Gtc },
                    post_only,
                    reduce_only,
                    ..OrderRequest::new(
                        id(SYMBOLS[*symbol]),
                        *side,
                        Quantity(*quantity),
                        price.map(Price),
                        by,
                    )
                };
                if *at_once { desk.place_at_once(*time, request) } else { desk.place(*time, vec![request]) }
            }
            Step::Modify { number, numbers: Numbers { quantity, price, stop }, at_once } => {
                let quantity = (!quantity.is_zero()).then_some(Quantity(*quantity));
                let (price, stop_price) = (price.map(Price), stop.map(Price));
                let modification = Modification { quantity, price, stop_price };
                let change = if *at_once { Desk::modify_at_once } else { Desk::modify };
                change(desk, *time, &name(number), modification, &by).unwrap_or_default()
            }
            Step::Cancel { number } => desk.cancel(*time, &name(number), "").unwrap_or_default(),
            Step::StrategyCancel { number } => {
                desk.strategy_cancel(*time, &name(number), "").unwrap_or_default()
            }
            Step::Close { symbol } => desk.close(*time, &[id(SYMBOLS[*symbol])], &by),
            Step::StrategyClose { symbol } => desk.strategy_close(*time, &[id(SYMBOLS[*symbol])], &by),
            Step::Pause => desk.pause(*time, "test".to_owned()),
            Step::Resume => desk.resume(*time, &by).unwrap_or_default(),
            Step::Wait { millis } => {
                *time += SignedDuration::from_millis(*millis);
                desk.advance(*time, &mut out);
                Vec::new()
            }
            Step::Quote { .. } | Step::Trade { .. } | Step::Rate { .. } => Vec::new(),
        };
        out.extend(more);
        out
    }
}
