//! Short ways to make values, for the unit tests of this crate.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Fill, InstrumentId, Liquidity, Price, Quantity, Quote, Side};
use rust_decimal::Decimal;

use crate::desk::Desk;
use crate::{
    EngineConfig, EngineEvent, ExchangeConfig, FeedConfig, Fees, Limits, MarketEvent, OrderRequest,
    PaperConfig, Touch, default_instrument,
};

/// More than any test takes at once, where it does not matter how much is there.
const DEEP: Quantity = Quantity(Decimal::from_parts(1_000_000_000, 0, 0, false, 0));

pub(crate) fn id(symbol: &str) -> InstrumentId {
    InstrumentId::new("SIM", symbol)
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Returns a time of day on 2026-01-01.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-01-01T{time}Z").parse().unwrap()
}

pub(crate) fn quote_at(symbol: &str, time: &str, bid: &str, ask: &str) -> Quote {
    Quote {
        instrument: id(symbol),
        time: at(time),
        bid: Price(decimal(bid)),
        ask: Price(decimal(ask)),
        bid_size: DEEP,
        ask_size: DEEP,
    }
}

pub(crate) fn request(symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> OrderRequest {
    OrderRequest::new(
        id(symbol),
        side,
        Quantity(decimal(quantity)),
        price.map(|price| Price(decimal(price))),
        "tester".into(),
    )
}

pub(crate) fn fill(symbol: &str, side: Side, quantity: &str, price: &str, fee: &str) -> Fill {
    Fill {
        trade_id: "t1".to_owned(),
        order: "o1".into(),
        instrument: id(symbol),
        side,
        quantity: Quantity(decimal(quantity)),
        price: Price(decimal(price)),
        fee: decimal(fee).into(),
        liquidity: Liquidity::Taker,
        time: at("00:00:00"),
        author: "tester".into(),
    }
}

/// Returns a config of one simulated exchange: capital 100,000, leverage 3, fees of 2 and 5 basis points.
pub(crate) fn config(limits: Limits) -> EngineConfig {
    let instruments = ["BTCUSDT", "ETHUSDT"].map(|symbol| default_instrument("SIM", symbol, "USDT"));
    EngineConfig {
        exchanges: vec![ExchangeConfig {
            name: "SIM".to_owned(),
            currency: "USDT".to_owned(),
            capital: decimal("100000").into(),
            leverage: decimal("3"),
            fees: Fees { maker_bps: decimal("2"), taker_bps: decimal("5") },
            instruments: instruments.to_vec(),
            paper: PaperConfig::default(),
            funding: None,
            feed: FeedConfig::Sim {
                seed: 7,
                quotes_per_second: 10.try_into().unwrap(),
                clock_offset: SignedDuration::ZERO,
            },
        }],
        limits,
        stale_after: std::time::Duration::from_secs(10),
        order_prefix: "q".to_owned(),
        next_order: 1,
        restore: None,
    }
}

/// Lets a desk take a quote in, as of `time`; returns what came of it.
pub(crate) fn quoted(desk: &mut Desk, time: Timestamp, quote: &Quote) -> Vec<EngineEvent> {
    let index = desk.state().index(&quote.instrument).unwrap();
    let mut events = Vec::new();
    desk.market(time, &MarketEvent::quote(index, quote.time, Touch::from(quote)), &mut events);
    events
}

/// Returns a quote of the instrument at this place, of size 1 on both sides.
pub(crate) fn event(instrument: u32, time: Timestamp, bid: &str, ask: &str) -> MarketEvent {
    let touch = Touch {
        bid: Price(decimal(bid)),
        ask: Price(decimal(ask)),
        bid_size: Quantity(Decimal::ONE),
        ask_size: Quantity(Decimal::ONE),
    };
    MarketEvent::quote(crate::InstrumentIndex(instrument), time, touch)
}
