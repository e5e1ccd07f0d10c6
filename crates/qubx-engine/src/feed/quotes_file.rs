//! One file of recorded quotes, read row by row: `.csv`, or `.csv.gz`, which is known by its first bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ErrorKind, StringRecord};
use flate2::bufread::MultiGzDecoder;
use qubx_protocol::{Price, Quantity};
use rust_decimal::Decimal;

use super::columns::{Columns, Field};
use super::time;
use crate::core::check_touch;
use crate::{DataError, InstrumentIndex, MarketEvent, Touch};

/// How much of a file is read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An open file of quotes of one instrument. Reads block for as long as a disk takes for 64 KiB.
pub(super) struct QuotesFile {
    instrument: InstrumentIndex,
    path: PathBuf,
    size: u64,
    read: Arc<AtomicU64>,
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: StringRecord,
    columns: Columns,
    record: StringRecord,
}

impl QuotesFile {
    /// Opens a file and finds its columns.
    ///
    /// # Errors
    /// The file cannot be read, or its header lacks a column.
    pub(super) fn open(instrument: InstrumentIndex, path: &Path) -> Result<Self, DataError> {
        let whole = |problem: String, hint: &str| DataError {
            file: path.to_owned(),
            line: None,
            column: None,
            problem,
            hint: hint.to_owned(),
        };
        let cannot_open = |error: std::io::Error| {
            whole(
                format!("cannot open it: {error}"),
                "check the path in the config; it is relative to the config file",
            )
        };
        let file = File::open(path).map_err(cannot_open)?;
        let metadata = file.metadata().map_err(cannot_open)?;
        if !metadata.is_file() {
            return Err(whole("it is not a file".to_owned(), "name one file of quotes per instrument"));
        }
        let read = Arc::new(AtomicU64::new(0));
        let mut bytes = BufReader::with_capacity(BUFFER_BYTES, Counted { file, read: Arc::clone(&read) });
        let is_gzip = bytes.fill_buf().map_err(cannot_open)?.starts_with(&GZIP_MAGIC);
        let text: Box<dyn Read + Send> =
            if is_gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
        // Short and long rows are told with our own words, so the reader must let them pass.
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER_BYTES).from_reader(text);
        let header = reader.headers().cloned().map_err(|error| unreadable(path, &error))?;
        let columns = Columns::find(&header)
            .map_err(|(problem, hint)| DataError { line: Some(1), ..whole(problem, &hint) })?;
        Ok(Self {
            instrument,
            path: path.to_owned(),
            size: metadata.len(),
            read,
            reader,
            header,
            columns,
            record: StringRecord::new(),
        })
    }

    /// Reads the next quote; none at the end of the file.
    ///
    /// # Errors
    /// The row cannot be read, or makes no sense.
    pub(super) fn next(&mut self) -> Result<Option<MarketEvent>, DataError> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => self.quote().map(Some),
            Ok(false) => Ok(None),
            Err(error) => {
                Err(DataError { line: Some(self.reader.position().line()), ..unreadable(&self.path, &error) })
            }
        }
    }

    /// Returns the error of a file that has no row at all.
    pub(super) fn empty(&self) -> DataError {
        DataError {
            file: self.path.clone(),
            line: None,
            column: None,
            problem: "there is no row below the header".to_owned(),
            hint: "name a file that holds quotes".to_owned(),
        }
    }

    /// Returns the error of a file that is not what it was when the session ended.
    pub(super) fn changed(&self, problem: String) -> DataError {
        DataError {
            file: self.path.clone(),
            line: None,
            column: None,
            problem,
            hint: "put the file back as it was, or start without --restore".to_owned(),
        }
    }

    /// Returns how many bytes of the file were read, and how many there are.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.size)
    }

    fn quote(&self) -> Result<MarketEvent, DataError> {
        let time = self.text(Field::Time)?;
        let time = time::parse(time)
            .ok_or_else(|| self.bad(Field::Time, format!("`{time}` is not a time"), time::HINT))?;
        let touch = Touch {
            bid: Price(self.decimal(Field::Bid)?),
            ask: Price(self.decimal(Field::Ask)?),
            bid_size: Quantity(self.decimal(Field::BidSize)?),
            ask_size: Quantity(self.decimal(Field::AskSize)?),
        };
        check_touch(&touch).map_err(|(name, problem)| {
            let field = match name {
                "bid" => Field::Bid,
                "ask" => Field::Ask,
                "bid size" => Field::BidSize,
                _ => Field::AskSize,
            };
            self.bad(field, problem, "correct or remove the row")
        })?;
        Ok(MarketEvent::quote(self.instrument, time, touch))
    }

    fn text(&self, field: Field) -> Result<&str, DataError> {
        self.record.get(self.columns.place(field)).ok_or_else(|| {
            let problem =
                format!("the row has {} columns, the header {}", self.record.len(), self.header.len());
            self.bad(field, problem, "correct or remove the row")
        })
    }

    fn decimal(&self, field: Field) -> Result<Decimal, DataError> {
        let text = self.text(field)?.trim();
        // Exact or not at all: a price must not be rounded by the way it is read.
        let parsed = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        parsed.map_err(|_| {
            self.bad(field, format!("`{text}` is not a number"), "write a decimal number such as 87608.2")
        })
    }

    fn bad(&self, field: Field, problem: String, hint: &str) -> DataError {
        DataError {
            file: self.path.clone(),
            line: self.record.position().map(csv::Position::line),
            column: self.header.get(self.columns.place(field)).map(|name| name.trim().to_owned()),
            problem,
            hint: hint.to_owned(),
        }
    }
}

fn unreadable(path: &Path, error: &csv::Error) -> DataError {
    let (problem, hint) = match error.kind() {
        ErrorKind::Io(error) => {
            (format!("cannot read it: {error}"), "the file may be damaged or cut off; get it again")
        }
        ErrorKind::Utf8 { .. } => {
            ("it is not UTF-8 text".to_owned(), "save it as CSV in UTF-8, plain or gzipped")
        }
        _ => (format!("cannot read it: {error}"), "save it as CSV with a header, plain or gzipped"),
    };
    DataError {
        file: path.to_owned(),
        line: error.position().map(csv::Position::line),
        column: None,
        problem,
        hint: hint.to_owned(),
    }
}

/// Counts what is read from a file, compressed as it is there.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
