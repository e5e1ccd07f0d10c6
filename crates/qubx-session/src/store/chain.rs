//! The hash chain of the ledger. No I/O.
//!
//! Each row's hash covers its own columns and the hash of the row before it, so a flipped bit, a changed row or a
//! missing one is noticed by whoever reads the rows in order.

use sha2::{Digest, Sha256};

/// A link of the chain.
pub(super) type Hash = [u8; 32];

/// The link before the first row.
pub(super) const GENESIS: Hash = [0; 32];

/// The columns of a row, as they are hashed.
pub(super) struct Columns<'a> {
    pub(super) row: u64,
    pub(super) seq: u64,
    pub(super) time: &'a str,
    pub(super) kind: &'a str,
    pub(super) command: Option<&'a str>,
    pub(super) body: &'a str,
}

/// Returns the link of a row that follows `previous`.
pub(super) fn link(previous: &Hash, columns: &Columns<'_>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(columns.row.to_be_bytes());
    hasher.update(columns.seq.to_be_bytes());
    // Each text is preceded by its length, so that no two rows have the same bytes; an absent one by a length that
    // no text has.
    for text in [Some(columns.time), Some(columns.kind), columns.command, Some(columns.body)] {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(text.unwrap_or_default());
    }
    hasher.finalize().into()
}

/// Returns a link as it is written for people.
pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Follows the chain from one row to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Follower {
    /// The row that was checked last.
    pub(super) row: u64,
    /// Its link.
    pub(super) hash: Hash,
}

impl Follower {
    /// Checks that a row is the next one, and goes on to it. If its link is wrong, what is wrong is returned, and the
    /// next row is expected to follow from the link that is stored: one damaged row is reported once.
    pub(super) fn follow(&mut self, columns: &Columns<'_>, stored: &[u8]) -> Result<(), String> {
        let expected = self.row + 1;
        let hash = link(&self.hash, columns);
        self.row = columns.row;
        self.hash = stored.try_into().unwrap_or(hash);
        if columns.row != expected {
            return Err(format!("row {expected} is missing"));
        }
        if stored != hash {
            return Err("its hash does not follow from its content and the row before it".to_owned());
        }
        Ok(())
    }
}
