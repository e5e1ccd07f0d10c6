//! The rows of one recorded file: `.csv`, or `.csv.gz`, which is known by its first bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ErrorKind, StringRecord};
use flate2::bufread::MultiGzDecoder;

use crate::DataError;

/// How much of a file is read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An open file, and the row that it is at. Reads block for as long as a disk takes for 64 KiB.
pub(super) struct Rows {
    path: PathBuf,
    size: u64,
    read: Arc<AtomicU64>,
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: StringRecord,
    row: ByteRecord,
}

impl Rows {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let cannot_open = |error: std::io::Error| {
            whole(
                path,
                format!("cannot open it: {error}"),
                "check the path in the config; it is relative to the config file",
            )
        };
        let file = File::open(path).map_err(cannot_open)?;
        let metadata = file.metadata().map_err(cannot_open)?;
        if !metadata.is_file() {
            return Err(whole(path, "it is not a file".to_owned(), "name one file of a kind per instrument"));
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
        Ok(Self { path: path.to_owned(), size: metadata.len(), read, reader, header, row: ByteRecord::new() })
    }

    /// Returns the header as it is written.
    pub(super) fn header(&self) -> &StringRecord {
        &self.header
    }

    /// Goes to the next row; false at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn next(&mut self) -> Result<bool, DataError> {
        self.reader.read_byte_record(&mut self.row).map_err(|error| DataError {
            line: Some(self.reader.position().line()),
            ..unreadable(&self.path, &error)
        })
    }

    /// Returns a column of the row.
    ///
    /// # Errors
    /// The row is too short.
    #[inline]
    pub(super) fn column(&self, place: usize) -> Result<&[u8], DataError> {
        self.row.get(place).ok_or_else(|| {
            let problem = format!("the row has {} columns, the header {}", self.row.len(), self.header.len());
            self.bad(place, problem, "correct or remove the row")
        })
    }

    /// Returns the error of a column of the row.
    #[cold]
    pub(super) fn bad(&self, place: usize, problem: String, hint: &str) -> DataError {
        DataError {
            line: self.row.position().map(csv::Position::line),
            column: self.header.get(place).map(|name| name.trim().to_owned()),
            ..whole(&self.path, problem, hint)
        }
    }

    /// Returns the error of the header, or of the whole file.
    pub(super) fn bad_file(&self, line: Option<u64>, problem: String, hint: &str) -> DataError {
        DataError { line, ..whole(&self.path, problem, hint) }
    }

    /// Returns how many bytes of the file were read so far.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Returns how many bytes the file has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

/// Returns an error of a file that no line is to blame for.
pub(super) fn whole(path: &Path, problem: String, hint: &str) -> DataError {
    DataError { file: path.to_owned(), line: None, column: None, problem, hint: hint.to_owned() }
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
    DataError { line: error.position().map(csv::Position::line), ..whole(path, problem, hint) }
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
