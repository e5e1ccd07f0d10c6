//! Whatever a strategy does, it sees and causes the same in batches of any size.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use qubx_protocol::{Price, Quantity, Side};
use rust_decimal::Decimal;

use super::script::{Run, SYMBOLS, Step};
use crate::testing::{config, decimal};
use crate::{
    EngineConfig, EngineEvent, FundingConfig, InstrumentIndex, Interests, Limits, MarketData, MarketEvent,
    Touch,
};

/// What happens next in the market: which instrument, after how many milliseconds, by how many tenths the price moves,
/// and what is told of it.
type Move = (u32, i64, i64, Told);

#[derive(Clone, Copy, Debug)]
enum Told {
    Quote,
    Trade,
    /// A recorded bar of so many seconds.
    Bar(u32),
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![30 => Just(Told::Quote), 5 => Just(Told::Trade), 1 => (1..4_u32).prop_map(Told::Bar)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let milliseconds = prop_oneof![8 => 0..400_i64, 2 => 400..3_000_i64, 1 => -2_000..0_i64];
    let one = (0..SYMBOLS.len() as u32, milliseconds, -30..=30_i64, told());
    proptest::collection::vec(one, 1..250)
}

fn events(moves: &[Move]) -> Vec<MarketEvent> {
    let mut time = BEGIN.parse().unwrap();
    let mut prices = [10_000_i64; SYMBOLS.len()];
    let event = |(instrument, passed, moved, told): &Move| {
        // A time before the newest one is that of an event that comes late.
        let of_event = add(time, *passed);
        time = time.max(of_event);
        let price = &mut prices[*instrument as usize];
        *price = (*price + moved).max(100);
        let (bid, ask) = (Price(Decimal::new(*price, 1)), Price(Decimal::new(*price + 1, 1)));
        let size = Quantity(Decimal::ONE);
        let data = match told {
            Told::Quote => MarketData::Quote(Touch { bid, ask, bid_size: size, ask_size: size }),
            Told::Trade => MarketData::Trade { price: bid, size, side: Side::Sell },
            Told::Bar(seconds) => MarketData::Bar {
                timeframe: format!("{seconds}s").parse().unwrap(),
                open: bid,
                high: ask,
                low: bid,
                close: ask,
                volume: size,
            },
        };
        MarketEvent { instrument: InstrumentIndex(*instrument), time: of_event, data }
    };
    moves.iter().map(event).collect()
}

fn add(time: Timestamp, milliseconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_millis(milliseconds)).unwrap()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (instrument, buys, lots) = (0..SYMBOLS.len(), any::<bool>(), 1..10_u32);
    let seconds = 1..8_u32;
    let market = (instrument.clone(), buys, lots.clone()).prop_map(|(instrument, buys, lots)| Step::Market {
        instrument,
        buys,
        lots,
    });
    let limit = (instrument.clone(), buys, lots.clone(), -6..=6_i64, 0..7_usize)
        .prop_map(|(instrument, buys, lots, away, kind)| Step::Limit { instrument, buys, lots, away, kind });
    let stop =
        (instrument, buys, lots, -6..=6_i64, buys).prop_map(|(instrument, buys, lots, away, has_limit)| {
            Step::Stop { instrument, buys, lots, away, has_limit }
        });
    let timer = (0..2_usize, proptest::option::weighted(0.8, seconds.clone()))
        .prop_map(|(name, every)| Step::Timer { name, every });
    let step = prop_oneof![
        20 => Just(Step::Nothing),
        2 => market,
        4 => limit,
        2 => stop,
        2 => (-4..=4_i64).prop_map(|away| Step::Modify { away }),
        1 => Just(Step::CancelOldest),
        1 => Just(Step::CancelAll),
        1 => Just(Step::CloseAll),
        1 => timer,
        1 => seconds.clone().prop_map(|every| Step::Bars { every }),
        1 => seconds.prop_map(|every| Step::History { every }),
        2 => Just(Step::Accounts),
    ];
    proptest::collection::vec(step, 1..60)
}

fn interests() -> impl Strategy<Value = Interests> {
    prop_oneof![
        3 => Just(Interests::ALL),
        2 => Just(Interests::QUOTES),
        1 => Just(Interests::FACTS),
        1 => Just(Interests { quotes: false, ..Interests::ALL }),
    ]
}

/// How the exchange is.
#[derive(Clone, Copy, Debug)]
struct Terms {
    is_tight: bool,
    latency: u64,
    has_funding: bool,
    is_margined: bool,
}

fn terms() -> impl Strategy<Value = Terms> {
    let latency = prop_oneof![2 => Just(0_u64), 1 => 1..1_500_u64];
    (any::<bool>(), latency, any::<bool>(), any::<bool>()).prop_map(
        |(is_tight, latency, has_funding, is_margined)| Terms { is_tight, latency, has_funding, is_margined },
    )
}

impl Terms {
    fn config(self) -> EngineConfig {
        let limits = Limits {
            orders_per_minute: Some(30),
            daily_loss: Some("40".parse().unwrap()),
            position_notional: Some("3000".parse().unwrap()),
            ..Limits::default()
        };
        let mut config = config(if self.is_tight { limits } else { Limits::default() });
        let exchange = &mut config.exchanges[0];
        exchange.paper.latency = std::time::Duration::from_millis(self.latency);
        if self.is_margined {
            // Little enough to be liquidated.
            exchange.capital = decimal("150").into();
            exchange.leverage = decimal("20");
        }
        exchange.funding = self
            .has_funding
            .then(|| FundingConfig { every: Some("10s".parse().unwrap()), rate_bps: decimal("10") });
        config
    }
}

fn outcome(
    events: &[MarketEvent],
    steps: &[Step],
    interests: Interests,
    terms: Terms,
    sizes: (usize, usize),
) -> (Vec<String>, Vec<EngineEvent>) {
    let (largest, piece) = sizes;
    let mut run = Run::new(steps.to_vec(), interests, &terms.config(), BEGIN.parse().unwrap(), largest);
    run.replay(events, piece);
    (run.script.log, run.facts)
}

/// A day begins after a quarter of a minute.
const BEGIN: &str = "2026-01-01T23:59:45Z";

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_strategy_sees_and_causes_the_same_in_batches_of_any_size(
        moves in moves(),
        steps in steps(),
        interests in interests(),
        terms in terms(),
        piece in 1..300_usize,
    ) {
        let events = events(&moves);
        let expected = outcome(&events, &steps, interests, terms, (0, 1));
        for sizes in [(1, 1), (2, piece), (7, piece), (4_096, piece), (4_096, 1_000)] {
            let found = outcome(&events, &steps, interests, terms, sizes);
            for (found, expected) in found.0.iter().zip(&expected.0) {
                prop_assert_eq!(found, expected, "{:?}", sizes);
            }
            prop_assert_eq!(&found, &expected);
        }
    }
}
