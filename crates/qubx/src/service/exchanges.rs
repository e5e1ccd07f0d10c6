//! From the exchanges of a checked config to those of the engine. No I/O.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use qubx_engine::{ExchangeConfig, FeedConfig, FundingConfig, PaperConfig, RecordedFile, RecordedKind};
use qubx_protocol::{Instrument, InstrumentId};
use rust_decimal::Decimal;

use crate::config::{Config, Connector, Exchange, Funding, Recording, Speed};

/// Returns the exchanges of a config.
pub(crate) fn of(config: &Config) -> Vec<ExchangeConfig> {
    config.exchanges.iter().map(exchange).collect()
}

fn exchange(exchange: &Exchange) -> ExchangeConfig {
    ExchangeConfig {
        name: exchange.name.clone(),
        currency: exchange.base_currency.clone(),
        capital: exchange.capital,
        leverage: exchange.leverage,
        fees: qubx_engine::Fees { maker_bps: exchange.fees.maker_bps, taker_bps: exchange.fees.taker_bps },
        instruments: instruments(exchange),
        paper: PaperConfig {
            latency: Duration::from_millis(exchange.paper.latency_ms.into()),
            slippage_bps: exchange.paper.slippage_bps,
        },
        funding: funding(exchange),
        feed: match &exchange.connector {
            Connector::Sim { seed, quotes_per_second, clock_offset } => FeedConfig::Sim {
                seed: *seed,
                quotes_per_second: at_least_one(*quotes_per_second),
                clock_offset: *clock_offset,
            },
            Connector::Replay { speed, files } => FeedConfig::Replay {
                speed: match speed {
                    Speed::Times(times) => qubx_engine::Speed::Times(at_least_one(*times)),
                    Speed::Max => qubx_engine::Speed::Max,
                },
                files: files
                    .iter()
                    .flat_map(|(symbol, recording)| {
                        recorded(&InstrumentId::new(&exchange.name, symbol), recording)
                    })
                    .collect(),
            },
        },
    }
}

/// Returns how funding is paid. Where only files tell of it, nothing is paid of an instrument that has none.
fn funding(exchange: &Exchange) -> Option<FundingConfig> {
    let Connector::Replay { files, .. } = &exchange.connector else { return exchange.funding.map(paid) };
    let is_recorded = files.values().any(|recording| recording.funding.is_some());
    let recorded = Funding { rate_bps: Decimal::ZERO, ..Funding::default() };
    exchange.funding.or(is_recorded.then_some(recorded)).map(paid)
}

fn paid(funding: Funding) -> FundingConfig {
    FundingConfig { every: funding.every, rate_bps: funding.rate_bps }
}

/// Returns the instruments of an exchange with all their rules: what the config does not say has its default.
pub(crate) fn instruments(exchange: &Exchange) -> Vec<Instrument> {
    exchange.universe.iter().map(|symbol| instrument(exchange, symbol)).collect()
}

fn instrument(exchange: &Exchange, symbol: &str) -> Instrument {
    let default = qubx_engine::default_instrument(&exchange.name, symbol, &exchange.base_currency);
    let rules = exchange.instruments.get(symbol).copied().unwrap_or_default();
    Instrument {
        tick_size: rules.tick_size.unwrap_or(default.tick_size),
        lot_size: rules.lot_size.unwrap_or(default.lot_size),
        min_notional: rules.min_notional.unwrap_or(default.min_notional),
        multiplier: rules.multiplier.unwrap_or(default.multiplier),
        kind: rules.kind.unwrap_or(default.kind),
        maintenance_rate: rules.maintenance_rate.unwrap_or(default.maintenance_rate),
        ..default
    }
}

fn recorded(instrument: &InstrumentId, recording: &Recording) -> Vec<RecordedFile> {
    let Recording { quotes, trades, bars, funding } = recording;
    let file = |kind, path: &Option<PathBuf>| {
        path.clone().map(|path| RecordedFile { instrument: instrument.clone(), kind, path })
    };
    let files = [
        file(RecordedKind::Quotes, quotes),
        file(RecordedKind::Trades, trades),
        file(RecordedKind::Bars, bars),
        file(RecordedKind::Funding, funding),
    ];
    files.into_iter().flatten().collect()
}

/// Both numbers are checked where they are read.
fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use qubx_protocol::InstrumentKind;

    use super::*;
    use crate::config::{Settings, check, load};

    fn exchange_of(text: &str) -> ExchangeConfig {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yml");
        std::fs::write(folder.path().join("data.csv"), "").unwrap();
        std::fs::write(&file, format!("strategy: a.B\nlive: {{ exchanges: {{ X: {text} }} }}\n")).unwrap();
        let config = check(&load(&file, &[], &[]).unwrap(), &Settings::default(), None).unwrap();
        of(&config).remove(0)
    }

    #[test]
    fn the_engine_gets_what_the_config_says_and_defaults_for_the_rest() {
        let exchange = exchange_of(
            "{ connector: sim, universe: [BTCUSDT, ETHUSDT], paper: { latency_ms: 250 }, funding: {}, \
             instruments: { ETHUSDT: { multiplier: 0.01, kind: future, maintenance_rate: 0.02, tick_size: 5 } } }",
        );
        assert_eq!(exchange.paper.latency, Duration::from_millis(250));
        assert_eq!(exchange.paper.slippage_bps, Decimal::ZERO);
        let funding = exchange.funding.unwrap();
        assert_eq!((funding.every, funding.rate_bps), (None, Decimal::ONE));
        let [btc, eth] = &exchange.instruments[..] else { panic!("{exchange:?}") };
        assert_eq!(*btc, qubx_engine::default_instrument("X", "BTCUSDT", "USDT"));
        assert_eq!((eth.multiplier.to_string().as_str(), eth.kind), ("0.01", InstrumentKind::Future));
        assert_eq!(
            (eth.maintenance_rate.to_string().as_str(), eth.tick_size.to_string().as_str()),
            ("0.02", "5")
        );
        assert_eq!(eth.lot_size.to_string(), "0.001", "the default");

        let exchange = exchange_of("{ connector: sim, universe: [BTCUSDT] }");
        assert_eq!((exchange.paper, exchange.funding), (PaperConfig::default(), None));
    }

    #[test]
    fn each_recorded_file_has_its_kind() {
        let exchange = exchange_of(
            "{ connector: replay, universe: [B, A], params: { speed: max, files: { \
             A: { bars: data.csv, funding: data.csv }, B: { quotes: data.csv, trades: data.csv } } } }",
        );
        let funding = exchange.funding.expect("a file tells of it");
        assert_eq!((funding.every, funding.rate_bps), (None, Decimal::ZERO));
        let FeedConfig::Replay { speed, files } = exchange.feed else { panic!("a replay") };
        assert_eq!(speed, qubx_engine::Speed::Max);
        let files: Vec<_> = files.iter().map(|file| (file.instrument.symbol.as_str(), file.kind)).collect();
        use RecordedKind::{Bars, Funding, Quotes, Trades};
        assert_eq!(files, [("B", Quotes), ("B", Trades), ("A", Bars), ("A", Funding)]);
    }
}
