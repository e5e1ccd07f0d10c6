//! Real recorded data, if it is there.

use std::collections::BTreeMap;

use qubx_protocol::{Bar, Price, Quantity, Timeframe};
use rust_decimal::Decimal;

use super::*;
use crate::bars::Bars;

/// Returns a file, or none where it is absent and nothing requires it.
fn real(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|what| what.trim() == "data"), "{} is required", path.display());
    println!("skipped: {} is not there", path.display());
    None
}

/// Returns all events of some real files; none where one is absent.
fn events_of(files: &[(&str, RecordedKind, &str)]) -> Option<Vec<MarketEvent>> {
    let file = |&(symbol, kind, name): &(&str, RecordedKind, &str)| {
        Some(RecordedFile { instrument: id(symbol), kind, path: real(name)? })
    };
    let files = files.iter().map(file).collect::<Option<Vec<_>>>()?;
    let mut feed = ReplayFeed::open(&exchanges("max", files)).unwrap().unwrap();
    let (events, end) = all(&mut feed);
    assert_eq!(end, Ok(()));
    assert!(events.is_sorted_by_key(|event| event.time));
    Some(events)
}

/// Makes bars of the first instrument.
fn bars_of(events: &[MarketEvent], timeframes: &[&str]) -> Vec<Bar> {
    let mut bars = Bars::new(["BTCUSDT", "ETHUSDT"].map(id));
    timeframes.iter().for_each(|timeframe| bars.subscribe(timeframe.parse().unwrap()));
    let mut complete = Vec::new();
    for event in events {
        let before = complete.len();
        let closes = bars.closes(event);
        bars.market(event, &mut complete);
        assert!(closes || complete.len() == before);
    }
    complete.retain(|bar| bar.instrument == id("BTCUSDT"));
    complete
}

#[test]
fn minutes_of_two_instruments_are_told_as_recorded_and_put_together_to_hours() {
    let files = [
        ("BTCUSDT", BARS, "binance-um-BTCUSDT-1min.csv.gz"),
        ("ETHUSDT", BARS, "binance-um-ETHUSDT-1min.csv.gz"),
    ];
    let Some(events) = events_of(&files) else { return };
    assert_eq!(events.len(), 2 * 5 * 65_178);
    let recorded: Vec<(i64, [Price; 4], Quantity)> = events
        .iter()
        .filter(|event| event.instrument.0 == 0)
        .filter_map(|event| match event.data {
            MarketData::Bar { open, high, low, close, volume, .. } => {
                Some((event.time.as_second() - 60, [open, high, low, close], volume))
            }
            _ => None,
        })
        .collect();
    let mut hours: BTreeMap<i64, ([Price; 4], Quantity)> = BTreeMap::new();
    for (start, prices @ [_, high, low, close], volume) in &recorded {
        let (hour, sum) = hours.entry(start / 3_600 * 3_600).or_insert((*prices, Quantity::ZERO));
        *hour = [hour[0], hour[1].max(*high), hour[2].min(*low), *close];
        *sum += *volume;
    }
    let told = bars_of(&events, &["1m", "1h"]);
    let of = |timeframe: &str| {
        let timeframe: Timeframe = timeframe.parse().unwrap();
        let bars = told.iter().filter(move |bar| bar.timeframe == timeframe);
        bars.map(|bar| {
            assert_eq!(bar.quotes, 0);
            (bar.time.as_second(), [bar.open, bar.high, bar.low, bar.close], bar.volume)
        })
    };
    assert!(of("1m").eq(recorded.iter().copied()));
    // The last hour is not over.
    assert_eq!(hours.len(), 1_087);
    assert!(
        of("1h").eq(hours.into_iter().map(|(start, (prices, volume))| (start, prices, volume)).take(1_086))
    );
}

#[test]
fn the_quotes_that_stand_for_minutes_make_the_same_minutes() {
    let Some(events) = events_of(&[("BTCUSDT", BARS, "binance-um-BTCUSDT-1min.csv.gz")]) else { return };
    let (quotes, recorded): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| matches!(event.data, MarketData::Quote(_)));
    let made = bars_of(&quotes, &["1m"]);
    let recorded = bars_of(&recorded, &["1m"]);
    // No quote comes that would close the last one.
    assert_eq!((made.len(), recorded.len()), (65_177, 65_178));
    for (made, recorded) in made.iter().zip(&recorded) {
        assert_eq!(made.quotes, 4);
        assert_eq!(*made, Bar { quotes: 4, volume: Quantity::ZERO, ..recorded.clone() });
    }
}

#[test]
fn real_trades_come_each_behind_its_quote_and_their_volume_is_in_the_bars() {
    let Some(events) = events_of(&[("BTCUSDT", TRADES, "binance-um-BTCUSDT-trades.csv.gz")]) else { return };
    assert_eq!(events.len(), 2 * 99_294);
    let mut traded = Quantity::ZERO;
    for pair in events.chunks(2) {
        let [quote, trade] = pair else { unreachable!() };
        let (MarketData::Quote(touch), MarketData::Trade { price, size, .. }) = (quote.data, trade.data)
        else {
            panic!("{pair:?}")
        };
        assert!(
            quote.time == trade.time && touch.bid == price && touch.ask == price && touch.ask_size == size
        );
        traded += size;
    }
    let bars = bars_of(&events, &["1s"]);
    let quotes: u64 = bars.iter().map(|bar| bar.quotes).sum();
    let volume: Quantity = bars.iter().fold(Quantity::ZERO, |sum, bar| sum + bar.volume);
    // Only the last second is not over.
    assert!(quotes > 99_000 && volume.0 > traded.0 * "0.99".parse::<Decimal>().unwrap(), "{quotes} {volume}");
}

#[test]
fn real_quotes_come_all() {
    let Some(events) = events_of(&[("BTCUSDT", QUOTES, "binance-um-BTCUSDT-quotes.csv.gz")]) else { return };
    assert_eq!(events.len(), 172_686);
    assert_eq!(short(&events[0]), "00:00:00 0 quote 87608.2 87608.3 4.258 5.799");
    assert_eq!(short(&events[172_685]), "23:59:59 0 quote 89951.4 89951.5 13.568 2.188");
}
