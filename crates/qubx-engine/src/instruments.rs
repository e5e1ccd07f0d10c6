//! What well-known instruments look like, for configs and simulations that do not say.

use qubx_protocol::{Instrument, InstrumentId, InstrumentKind, Money, Price, Quantity};
use rust_decimal::Decimal;

/// What is usual for one asset: tick and lot as (digits, scale), and a price at which a simulation begins.
struct Usual {
    asset: &'static str,
    tick: (i64, u32),
    lot: (i64, u32),
    start_price: i64,
}

const fn usual(asset: &'static str, tick: (i64, u32), lot: (i64, u32), start_price: (i64, u32)) -> Usual {
    // Start prices are kept in thousandths, so that cheap assets have one too.
    Usual { asset, tick, lot, start_price: start_price.0 * 1_000 / 10_i64.pow(start_price.1) }
}

/// Ticks and lots as large exchanges have them for perpetuals quoted in a dollar.
const USUAL: [Usual; 10] = [
    usual("BTC", (1, 1), (1, 3), (87_600, 0)),
    usual("ETH", (1, 2), (1, 3), (2_970, 0)),
    usual("BNB", (1, 2), (1, 2), (860, 0)),
    usual("SOL", (1, 2), (1, 2), (125, 0)),
    usual("LTC", (1, 2), (1, 3), (78, 0)),
    usual("LINK", (1, 3), (1, 2), (124, 1)),
    usual("AVAX", (1, 3), (1, 0), (125, 1)),
    usual("XRP", (1, 4), (1, 1), (187, 2)),
    usual("ADA", (1, 4), (1, 0), (351, 3)),
    usual("DOGE", (1, 5), (1, 0), (123, 3)),
];

/// The asset that nobody knows.
const GENERIC: Usual = usual("", (1, 2), (1, 3), (100, 0));

/// The least value of an order where the config does not say.
const MIN_NOTIONAL: Money = Money(Decimal::from_parts(5, 0, 0, false, 0));

/// The part of a position's value below which an account is liquidated, where the config does not say. Exchanges ask for
/// 0.4 % to 1 % of small positions in liquid perpetuals.
const MAINTENANCE_RATE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Returns `symbol` with the tick and lot that are usual for its asset, else with generic ones
/// (tick 0.01, lot 0.001). The least value of an order is 5.
#[must_use]
pub fn default_instrument(exchange: &str, symbol: &str, currency: &str) -> Instrument {
    let usual = usual_of(symbol);
    Instrument {
        id: InstrumentId::new(exchange, symbol),
        tick_size: Price(Decimal::new(usual.tick.0, usual.tick.1)),
        lot_size: Quantity(Decimal::new(usual.lot.0, usual.lot.1)),
        min_notional: MIN_NOTIONAL,
        currency: currency.to_owned(),
        multiplier: Decimal::ONE,
        kind: InstrumentKind::Perpetual,
        maintenance_rate: MAINTENANCE_RATE,
    }
}

/// Returns the price at which a simulation of `symbol` begins.
pub(crate) fn start_price(symbol: &str) -> f64 {
    usual_of(symbol).start_price as f64 / 1_000.0
}

/// Finds the asset at the beginning of a symbol: `BTCUSDT`, `BTC-USD`, `btc/usdt`.
fn usual_of(symbol: &str) -> &'static Usual {
    let symbol = symbol.to_ascii_uppercase();
    USUAL
        .iter()
        .find(|usual| {
            symbol.strip_prefix(usual.asset).is_some_and(|rest| {
                let quoted_in = rest.trim_start_matches(['-', '/', '_']);
                quoted_in.is_empty() || ["USD", "EUR"].iter().any(|money| quoted_in.starts_with(money))
            })
        })
        .unwrap_or(&GENERIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_symbols_have_their_own_tick_and_lot() {
        for (symbol, tick, lot, start) in [
            ("BTCUSDT", "0.1", "0.001", 87_600.0),
            ("eth-usd", "0.01", "0.001", 2_970.0),
            ("SOL/USDT", "0.01", "0.01", 125.0),
            ("DOGEUSDT", "0.00001", "1", 0.123),
            ("BTCDOMUSDT", "0.01", "0.001", 100.0),
            ("ACME", "0.01", "0.001", 100.0),
        ] {
            let instrument = default_instrument("SIM", symbol, "USDT");
            assert_eq!(instrument.tick_size.to_string(), tick, "{symbol}");
            assert_eq!(instrument.lot_size.to_string(), lot, "{symbol}");
            assert_eq!(start_price(symbol), start, "{symbol}");
        }
    }
}
