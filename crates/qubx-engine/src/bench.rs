//! How fast the core is, for `cargo xtask bench`. Nothing else uses it.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{By, Price, Quantity, Side, nearest_f64};
use rust_decimal::Decimal;

use crate::bars::Bars;
use crate::desk::Desk;
use crate::floor::Floor;
use crate::{
    Call, EngineConfig, ExchangeConfig, FeedConfig, Fees, InstrumentIndex, Limits, MarketEvent, OrderRequest,
    PaperConfig, Speed, Touch, default_instrument,
};

/// Returns how many quotes a second a desk takes in that holds a position, has an order that rests and a limit on the
/// loss of a day, while nothing happens. Each is asked about first when `asked`, as a batch is made in lockstep.
#[must_use]
pub fn quiet_quotes_per_second(quotes: u32, asked: bool) -> f64 {
    let mut desk = desk();
    let begin = Timestamp::UNIX_EPOCH;
    let mut out = Vec::new();
    desk.market(begin, &quote(0), &mut out);
    let id = default_instrument("SIM", "BTCUSDT", "USDT").id;
    for (side, price) in [(Side::Buy, None), (Side::Sell, Some(Price(Decimal::from(120_000))))] {
        let by = By::from("bench");
        desk.place(begin, vec![OrderRequest::new(id.clone(), side, Quantity(Decimal::ONE), price, by)]);
        desk.send(begin);
    }
    // Made before, so that only the desk is measured.
    let events: Vec<MarketEvent> = (0..4_096).map(quote).collect();
    let began = Instant::now();
    let mut quiet = 0;
    for number in 0..quotes {
        let event = &events[number as usize % events.len()];
        if !asked || desk.is_quiet(event.time, event) {
            desk.market(event.time, event, &mut out);
            quiet += 1;
        }
    }
    let took = began.elapsed().as_secs_f64();
    assert!(out.is_empty() && quiet == quotes, "something happened: {out:?}");
    f64::from(quotes) / took
}

/// Returns how many quotes a second the core takes in, in one thread, with the rules of `examples/ema_cross.py` on bars of
/// `timeframe`: desk, bars, averages and orders. The quotes are 100 ms apart, and made before.
///
/// # Panics
/// `timeframe` is none.
#[must_use]
pub fn ema_quotes_per_second(quotes: u32, timeframe: &str) -> f64 {
    let desk = desk();
    let bars = Bars::new(desk.state().instruments());
    let mut floor = Floor::new(desk, bars, Timestamp::UNIX_EPOCH, 0);
    let timeframe = timeframe.parse().expect("a timeframe");
    floor.decide(Call::SubscribeBars(timeframe)).expect("bars can be subscribed");
    let id = default_instrument("SIM", "BTCUSDT", "USDT").id;
    let events: Vec<MarketEvent> = (0..4_096).map(quote).collect();
    let (mut averages, mut held, mut orders) = (None, Decimal::ZERO, 0);
    let size = Decimal::new(1, 1);
    let mut out = Vec::new();
    let began = Instant::now();
    for number in 0..quotes {
        let mut event = events[number as usize % events.len()];
        event.time = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(100 * i64::from(number));
        floor.see_time(event.time);
        for bar in floor.market(&event, &mut out) {
            let close = nearest_f64(bar.close.0);
            let (fast, slow) = averages.get_or_insert((close, close));
            *fast += (close - *fast) * 2.0 / 21.0;
            *slow += (close - *slow) * 2.0 / 61.0;
            let target = if fast > slow { size } else { -size };
            let delta = target - held;
            if !delta.is_zero() {
                let side = if delta.is_sign_positive() { Side::Buy } else { Side::Sell };
                let request =
                    OrderRequest::new(id.clone(), side, Quantity(delta.abs()), None, By::from("strategy"));
                floor.decide(Call::Place(request)).expect("an order can be given");
                floor.desk.send(event.time);
                (held, orders) = (target, orders + 1);
            }
        }
        out.clear();
    }
    let took = began.elapsed().as_secs_f64();
    assert!(
        orders > 0 && floor.desk.state().position(&id).is_some_and(|position| position.quantity.0 == held)
    );
    f64::from(quotes) / took
}

fn quote(number: i64) -> MarketEvent {
    let bid = Decimal::new(876_000 + number % 97, 1);
    let size = |number: i64| Quantity(Decimal::new(500 + number % 31, 3));
    let touch = Touch {
        bid: Price(bid),
        ask: Price(bid + Decimal::new(1, 1)),
        bid_size: size(number),
        ask_size: size(number + 7),
    };
    let time = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(number);
    MarketEvent::quote(InstrumentIndex(0), time, touch)
}

fn desk() -> Desk {
    let instruments = ["BTCUSDT", "ETHUSDT"].map(|symbol| default_instrument("SIM", symbol, "USDT"));
    Desk::new(&EngineConfig {
        exchanges: vec![ExchangeConfig {
            name: "SIM".to_owned(),
            currency: "USDT".to_owned(),
            capital: Decimal::from(100_000).into(),
            leverage: Decimal::from(3),
            fees: Fees::default(),
            instruments: instruments.to_vec(),
            paper: PaperConfig::default(),
            funding: None,
            feed: FeedConfig::Replay { speed: Speed::Max, files: Vec::new() },
        }],
        limits: Limits { daily_loss: Some(Decimal::from(5_000).into()), ..Limits::default() },
        stale_after: std::time::Duration::from_secs(10),
        order_prefix: "q".to_owned(),
        next_order: 1,
        restore: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_quiet() {
        assert!(quiet_quotes_per_second(10_000, false) > 0.0);
        assert!(quiet_quotes_per_second(10_000, true) > 0.0);
    }
}
