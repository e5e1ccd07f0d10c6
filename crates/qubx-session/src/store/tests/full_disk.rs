//! A disk that is full for real: a small file system in memory. Only root may mount one; who cannot skips these tests
//! with a word, unless `QUBX_REQUIRE` has `mount` in its list.

use std::path::PathBuf;
use std::process::Command as Process;

use super::super::disk::BALLAST;
use super::*;

/// A small file system, gone when this is dropped.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let dir = tempdir().unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = rustix::process::geteuid().is_root()
            && Process::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "qubx-test"])
                .arg(dir.path())
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
            assert!(
                !required.split(',').any(|part| part == "mount"),
                "a small file system cannot be mounted"
            );
            println!("skipped: a small file system can only be mounted by root");
            return None;
        }
        Some(Self { dir })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Fills what is free, but for `left` bytes, and returns the file that does.
    fn fill(&self, left: u64) -> PathBuf {
        let path = self.path().join("filler");
        let found = rustix::fs::statvfs(self.path()).unwrap();
        let length = (found.f_bavail * found.f_frsize).saturating_sub(left);
        std::fs::write(&path, vec![1; usize::try_from(length).unwrap()]).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Process::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

/// Appends orders and text until the ledger refuses, and returns the events that were acknowledged.
fn fill_up(store: &mut Store) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..200_000 {
        let drafts = [order(&format!("q-1-{number}"), OrderStatus::Intended), log_line(&"x".repeat(200))];
        match store.append(&drafts, time()) {
            Ok(stored) => events.extend(stored),
            Err(error) => {
                assert!(error.lacks_room(), "{error}");
                return events;
            }
        }
    }
    panic!("the disk was never full");
}

fn orders(events: &[Event]) -> Vec<&Event> {
    events.iter().filter(|event| event.fact.kind() == "order").collect()
}

#[test]
fn what_was_acknowledged_before_the_disk_was_full_is_there_and_it_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("1m") else { return };
    let filler = disk.path().join("filler");
    std::fs::write(&filler, vec![1; 200 << 10]).unwrap();
    let session = disk.path().join("session");
    std::fs::create_dir(&session).unwrap();
    let mut store = Store::open(&session).unwrap();
    let mut events = store.append(&[started(1, false)], time()).unwrap();
    events.extend(fill_up(&mut store));
    assert!(events.len() > 50, "{} events", events.len());
    assert!(!session.join("ballast").exists(), "there is no room for ballast on this disk");
    let alarms = store.alarms();
    assert_eq!((alarms[0].source.as_str(), alarms[0].stops_orders), ("ledger", true), "{alarms:?}");
    assert_eq!(store.head(), events.last().unwrap().seq);
    assert_eq!(store.events_after(Seq(0), 1_000_000).unwrap().unwrap(), events);

    std::fs::remove_file(&filler).unwrap();
    events.extend(store.append(&[order("q-1-next", OrderStatus::Intended)], time()).unwrap());
    let sources: Vec<_> = store.alarms().into_iter().map(|alarm| alarm.source).collect();
    assert!(!sources.iter().any(|source| source == "ledger" || source == "log"), "{sources:?}");
    drop(store);
    let verification = super::super::verify(&session, |_, _| {}).unwrap();
    assert_eq!(verification.findings, []);
    let store = Store::open(&session).unwrap();
    assert_eq!(all(&store), events);
    assert_eq!(store.book().unwrap().orders.len(), orders(&events).len());
}

#[test]
fn what_was_acknowledged_is_there_when_the_process_dies_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount("1m") else { return };
    let filler = disk.fill(700 << 10);
    let session = disk.path().join("session");
    std::fs::create_dir(&session).unwrap();
    let mut store = Store::open(&session).unwrap();
    let mut events = store.append(&[started(1, false)], time()).unwrap();
    events.extend(fill_up(&mut store));
    // A process that dies leaves the files as they are: a copy of them is what the next one finds.
    let copy = tempdir().unwrap();
    for file in std::fs::read_dir(&session).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    drop((store, filler));
    let store = Store::open(copy.path()).unwrap();
    let facts =
        |events: &[Event]| orders(events).into_iter().map(|event| event.fact.clone()).collect::<Vec<_>>();
    assert_eq!(facts(&all(&store)), facts(&events), "every order that was acknowledged, once");
    assert_eq!(super::super::verify(copy.path(), |_, _| {}).unwrap().findings, []);
}

#[test]
fn the_ballast_keeps_the_ledger_going_after_the_history_stopped_and_is_made_again() {
    let Some(disk) = SmallDisk::mount("96m") else { return };
    let session = disk.path().join("session");
    std::fs::create_dir(&session).unwrap();
    let mut store = Store::open(&session).unwrap();
    assert_eq!(std::fs::metadata(session.join("ballast")).unwrap().len(), BALLAST);
    let mut events = store.append(&[started(1, false)], time()).unwrap();
    let filler = disk.fill(1 << 20);
    store.health.watch().disk.look_again();
    assert_eq!(store.alarms()[0].source, "disk");
    // History stops; then the ledger takes the ballast and goes on with it.
    let mut with_ballast = 0;
    while with_ballast < 5_000 {
        let id = format!("q-1-{with_ballast}");
        let drafts = [order(&id, OrderStatus::Intended), log_line(&"x".repeat(500))];
        events.extend(store.append(&drafts, time()).unwrap());
        with_ballast += usize::from(!session.join("ballast").exists());
    }
    store.health.watch().disk.look_again();
    let sources: Vec<_> = store.alarms().into_iter().map(|alarm| alarm.source).collect();
    assert_eq!(sources, ["log", "disk"], "no order is refused");
    assert_eq!(
        store.events_after(Seq(0), 1_000_000).unwrap().unwrap_or_default().len(),
        0,
        "old text is lost"
    );

    std::fs::remove_file(&filler).unwrap();
    store.health.watch().disk.look_again();
    events.extend(store.append(&[verb("room")], time()).unwrap());
    assert_eq!(store.alarms(), []);
    assert!(session.join("ballast").exists());
    drop(store);
    let store = Store::open(&session).unwrap();
    assert_eq!(orders(&all(&store)).len(), orders(&events).len());
    assert_eq!(super::super::verify(&session, |_, _| {}).unwrap().findings, []);
}
