//! Damaged files: an error, or exactly the rows that were there. Never less without a word.
//!
//! With `QUBX_TEST_LONG` set, a ledger is cut off at every byte, and ten thousand bits are flipped.

use super::*;

#[test]
fn a_changed_or_missing_row_of_the_ledger_is_named() {
    for (tampering, damaged_row) in [
        ("UPDATE rows SET body = replace(body, 'two', 'owt') WHERE row = 2", 2),
        ("UPDATE rows SET time = '2026-01-01T00:00:01Z' WHERE row = 1", 1),
        ("UPDATE rows SET command = 'x' WHERE row = 3", 3),
        ("UPDATE rows SET hash = zeroblob(32) WHERE row = 3", 3),
        ("DELETE FROM rows WHERE row = 2", 2),
    ] {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.append(&[verb("one"), verb("two"), command("c1")], time()).unwrap();
        drop(store);
        tamper(dir.path(), "ledger.db", tampering);
        match Store::open(dir.path()) {
            Err(StoreError::Damaged { row, .. }) => {
                assert_eq!(row, Some(LedgerRow(damaged_row)), "{tampering}")
            }
            other => panic!("{tampering}: {other:?}"),
        }
        let findings = super::super::verify(dir.path(), |_, _| {}).unwrap().findings;
        assert!(
            findings.iter().any(|finding| finding.file.ends_with("ledger.db")),
            "{tampering}: {findings:?}"
        );
    }
}

#[test]
fn a_ledger_that_lost_its_newest_rows_is_refused_because_the_log_has_them() {
    for tampering in ["DELETE FROM rows WHERE row = 3", "DELETE FROM rows WHERE row >= 2", "DELETE FROM rows"]
    {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        // The newest row has no event: the log remembers it all the same.
        store.append(&[verb("one"), verb("two"), command("c1"), cell(1)], time()).unwrap();
        drop(store);
        tamper(dir.path(), "ledger.db", tampering);
        let error = Store::open(dir.path()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{tampering}: {error:?}");
        let text = error.to_string();
        assert!(text.contains("lost") && text.contains("qubx verify") && text.contains("aside"), "{text}");
        let findings = super::super::verify(dir.path(), |_, _| {}).unwrap().findings;
        assert!(findings.iter().any(|finding| finding.what.contains("lost")), "{findings:?}");
    }
}

#[test]
fn rows_that_a_power_cut_took_are_told_and_the_session_goes_on() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[verb("one"), verb("two"), command("c1"), cell(1)], time()).unwrap();
    let name = store.log_id().clone();
    drop(store);
    tamper(dir.path(), "ledger.db", "DELETE FROM rows WHERE row >= 2");
    tamper(dir.path(), "session.db", "UPDATE meta SET value = 'an earlier one' WHERE key = 'boot'");
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.take_left().lost_rows, 2);
    assert_ne!(*store.log_id(), name, "numbers of before mean nothing any more");
    let head = store.head();
    let events = store.append(&[verb("three")], time()).unwrap();
    assert!(events[0].seq > head);
    drop(store);
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
    // It is no habit: what is lost in the same boot is damage.
    tamper(dir.path(), "ledger.db", "DELETE FROM rows WHERE row >= 2");
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_ledger_of_another_past_is_refused() {
    let (dir, other) = (tempdir().unwrap(), tempdir().unwrap());
    for (dir, text) in [(&dir, "one"), (&other, "another")] {
        Store::open(dir.path()).unwrap().append(&[verb(text)], time()).unwrap();
    }
    std::fs::copy(other.path().join("ledger.db"), dir.path().join("ledger.db")).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { row: Some(LedgerRow(1)), .. }), "{error:?}");
}

/// The files of a session that lived through everything, byte by byte, and what they hold.
struct Original {
    files: Vec<(String, Vec<u8>)>,
    content: Content,
}

#[derive(Debug, PartialEq)]
struct Content {
    events: Vec<Event>,
    book: Book,
    state: Option<serde_json::Value>,
    epoch: Epoch,
    commands: Vec<bool>,
}

fn content(store: &Store) -> Result<Content, StoreError> {
    let commands = (0..60).map(|number| store.knows_command(&format!("c{number}").into()));
    Ok(Content {
        events: store.last_events(10_000)?,
        book: store.book()?,
        state: store.strategy_state()?,
        epoch: store.epoch()?,
        commands: commands.collect::<Result<_, _>>()?,
    })
}

impl Original {
    /// Makes the files; those of a process that died when `is_killed`, with what only the write-ahead log has.
    fn new(is_killed: bool) -> Self {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let checkpoint = Draft::Checkpoint("checkpoint ".repeat(300).into());
        store.append(&[started(1, false), checkpoint, Draft::StrategyState(7.into())], time()).unwrap();
        for number in 0..40 {
            let (id, command_id) = (format!("q-1-{number}"), format!("c{number}"));
            let drafts = [
                command(&command_id),
                order(&id, OrderStatus::Intended),
                fill(&id, ["BTCUSDT", "ETHUSDT"][number % 2], i64::try_from(number).unwrap()),
                order(&id, if number % 5 == 0 { OrderStatus::New } else { OrderStatus::Filled }),
                verb("done"),
            ];
            store.append(&drafts, time()).unwrap();
        }
        let read = |name: &str| (name.to_owned(), std::fs::read(dir.path().join(name)).unwrap());
        let content = content(&store).unwrap();
        if is_killed {
            let names = ["ledger.db", "ledger.db-wal", "session.db", "session.db-wal"];
            return Self { files: names.map(read).into(), content };
        }
        drop(store);
        Self { files: ["ledger.db", "session.db"].map(read).into(), content }
    }

    /// Opens the files after `damage` was done to one of them. Tells whether it was noticed; that less or something else
    /// is there without a word is what must not be.
    fn is_noticed(&self, dir: &Path, file: &str, what: &str, damage: impl FnOnce(&mut Vec<u8>)) -> bool {
        for suffix in ["-shm", "-wal"] {
            for name in ["ledger.db", "session.db"] {
                let _ = std::fs::remove_file(dir.join(format!("{name}{suffix}")));
            }
        }
        let mut damage = Some(damage);
        for (name, bytes) in &self.files {
            let mut bytes = bytes.clone();
            if name == file {
                damage.take().unwrap()(&mut bytes);
            }
            std::fs::write(dir.join(name), bytes).unwrap();
        }
        let found = Store::open(dir).and_then(|store| content(&store));
        if let Ok(found) = &found {
            assert_eq!(found, &self.content, "{what} of {file} changed what is read, without a word");
        }
        found.is_err()
    }

    /// Returns a folder in memory if there is one: thousands of sessions are opened and closed in it, and each end waits
    /// for the disk.
    fn scratch() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
    }

    fn bytes_of(&self, file: &str) -> usize {
        self.files.iter().find(|(name, _)| name == file).unwrap().1.len()
    }
}

/// The bytes at the end of a ledger that are cut off one by one.
const CUT: usize = 64 << 10;

#[test]
fn a_ledger_cut_off_anywhere_is_refused_or_whole() {
    for (is_killed, file) in [(false, "ledger.db"), (true, "ledger.db-wal")] {
        let original = Original::new(is_killed);
        let length = original.bytes_of(file);
        let dir = Original::scratch();
        let shortest = length.saturating_sub(CUT);
        // Every byte in the long run; every so many otherwise, and each near the end.
        let step = if std::env::var_os("QUBX_TEST_LONG").is_some() { 1 } else { 127 };
        let lengths =
            (shortest..length).filter(|cut| (cut - shortest).is_multiple_of(step) || length - cut < 128);
        let (mut noticed, mut tried) = (0, 0);
        for cut in lengths {
            tried += 1;
            noticed +=
                usize::from(original.is_noticed(dir.path(), file, &format!("length {cut}"), |bytes| {
                    bytes.truncate(cut);
                }));
        }
        println!("{file} of {length} bytes: cut off {tried} times, noticed {noticed}, silent 0");
        assert!(noticed > 0 && !original.is_noticed(dir.path(), file, "nothing", |_| {}));
    }
}

#[test]
fn random_bits_that_flip_in_a_ledger_are_noticed_or_harmless() {
    let seed = 0x9e37_79b9_7f4a_7c15_u64;
    let is_long = std::env::var_os("QUBX_TEST_LONG").is_some();
    for (is_killed, file, flips) in [(false, "ledger.db", 2_000), (true, "ledger.db-wal", 500)] {
        let flips = if is_long { 10_000 } else { flips };
        let original = Original::new(is_killed);
        let dir = Original::scratch();
        let (mut noticed, mut random) = (0, seed);
        for _ in 0..flips {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let bit = usize::try_from(random % (original.bytes_of(file) as u64 * 8)).unwrap();
            noticed += usize::from(original.is_noticed(dir.path(), file, &format!("bit {bit}"), |bytes| {
                bytes[bit / 8] ^= 1 << (bit % 8);
            }));
        }
        println!("{file}: seed {seed:#x}, {flips} bits flipped, noticed {noticed}, silent 0");
        assert!(noticed > flips / 4, "{noticed}");
    }
}
