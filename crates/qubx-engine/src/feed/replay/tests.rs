//! What a replay promises: whatever is in the files comes, exactly, in a fixed order, and never early.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use qubx_protocol::Side;

use super::*;
use crate::testing::{config, id};
use crate::{Limits, MarketData, RecordedFile};

mod formats;
mod merged;
mod paced;
mod real;
mod resumed;

const QUOTES: RecordedKind = RecordedKind::Quotes;
const TRADES: RecordedKind = RecordedKind::Trades;
const BARS: RecordedKind = RecordedKind::Bars;
const FUNDING: RecordedKind = RecordedKind::Funding;

/// A folder with recorded files.
struct Folder {
    folder: tempfile::TempDir,
    files: Vec<RecordedFile>,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), files: Vec::new() }
    }

    /// Adds a file of an instrument; `name.csv.gz` is zipped.
    fn with(mut self, symbol: &str, kind: RecordedKind, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        if Path::new(name).extension().is_some_and(|extension| extension == "gz") {
            let file = std::fs::File::create(&path).unwrap();
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap();
        } else {
            std::fs::write(&path, text).unwrap();
        }
        self.files.push(RecordedFile { instrument: id(symbol), kind, path });
        self
    }

    fn exchanges(&self, speed: &str) -> Vec<ExchangeConfig> {
        exchanges(speed, self.files.clone())
    }

    fn open(&self, speed: &str) -> Result<ReplayFeed, String> {
        let folder = format!("{}/", self.folder.path().display());
        ReplayFeed::open(&self.exchanges(speed))
            .map(Option::unwrap)
            .map_err(|error| error.to_string().replace(&folder, ""))
    }

    /// Returns all that is replayed, in short, and what ended it.
    fn replayed(&self) -> (Vec<String>, Result<(), String>) {
        let mut feed = match self.open("max") {
            Ok(feed) => feed,
            Err(error) => return (Vec::new(), Err(error)),
        };
        let (events, end) = all(&mut feed);
        let folder = format!("{}/", self.folder.path().display());
        (events.iter().map(short).collect(), end.map_err(|error| error.to_string().replace(&folder, "")))
    }
}

/// Returns exchanges that replay these files of BTCUSDT and ETHUSDT.
fn exchanges(speed: &str, files: Vec<RecordedFile>) -> Vec<ExchangeConfig> {
    let mut exchanges = config(Limits::default()).exchanges;
    let replayed: HashSet<_> = files.iter().map(|file| file.instrument.clone()).collect();
    exchanges[0].instruments.retain(|instrument| replayed.contains(&instrument.id));
    exchanges[0].feed = FeedConfig::Replay { speed: speed.parse().unwrap(), files };
    exchanges
}

/// Runs a feed to its end.
fn all(feed: &mut ReplayFeed) -> (Vec<MarketEvent>, Result<(), DataError>) {
    let mut events = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let end = runtime.block_on(async {
        loop {
            let before = events.len();
            match feed.next(&mut events, 1_000).await {
                Ok(true) => assert!((1..=1_000).contains(&(events.len() - before))),
                Ok(false) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    });
    (events, end)
}

/// Writes an event in short: time, the instrument's place, and what it tells.
fn short(event: &MarketEvent) -> String {
    let time = event.time.strftime("%H:%M:%S%.f");
    let what = match event.data {
        MarketData::Quote(touch) => {
            format!("quote {} {} {} {}", touch.bid, touch.ask, touch.bid_size, touch.ask_size)
        }
        MarketData::Trade { price, size, side } => {
            format!("trade {price} {size} {}", if side == Side::Buy { "buy" } else { "sell" })
        }
        MarketData::Bar { timeframe, open, high, low, close, volume } => {
            format!("{timeframe} {open} {high} {low} {close} {volume}")
        }
        MarketData::FundingRate(rate) => format!("rate {rate}"),
    };
    format!("{time} {} {what}", event.instrument.0)
}
