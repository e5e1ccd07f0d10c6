//! Connection files as a crash, another program or an enemy leaves them: the list goes on, and nothing that is not ours
//! is touched.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use qubx_home::{ConnectionFile, Home, Quarantined, SessionLock, ensure_private_dir, look_around};
use tempfile::TempDir;

use crate::file;

/// A name that our files have.
const OURS: &str = "EMA_cross_20260102_030405.json";

/// A home with one session that lives, and things next to it that nobody may touch.
struct Scene {
    folder: TempDir,
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.create().unwrap();
        for kept in ["precious/session.sock", "precious/0123abcd/session.sock"] {
            let kept = folder.path().join(kept);
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            std::fs::write(kept, "kept").unwrap();
        }
        Self { folder, home }
    }

    fn precious(&self) -> PathBuf {
        self.folder.path().join("precious")
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.home.kernels().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn assert_nothing_else_was_touched(&self) {
        for kept in ["precious/session.sock", "precious/0123abcd/session.sock"] {
            assert_eq!(std::fs::read_to_string(self.folder.path().join(kept)).unwrap(), "kept", "{kept}");
        }
    }
}

/// Returns a file as another process would have written it, so that its lock is not this one's.
fn template(home: &Home) -> ConnectionFile {
    file(home, &home.root().join("run/0123abcd/session.sock"))
}

#[test]
fn one_of_ours_that_is_torn_anywhere_is_put_away_and_told_once() {
    let scene = Scene::new();
    let whole = serde_json::to_vec_pretty(&template(&scene.home)).unwrap();
    for length in 0..whole.len() {
        let path = scene.write(OURS, &whole[..length]);
        let listing = look_around(&scene.home).unwrap();
        assert!(listing.sessions.is_empty(), "{length}");
        let [Quarantined { path: was, moved_to, reason }] = &listing.quarantined[..] else {
            panic!("{length}: {listing:?}")
        };
        assert_eq!(*was, path);
        assert!(reason.contains("not JSON"), "{reason}");
        assert_eq!(std::fs::read(moved_to).unwrap(), &whole[..length]);
        assert!(!path.exists());
        assert!(look_around(&scene.home).unwrap().quarantined.is_empty(), "told once");
    }
    let folder = scene.home.kernels().join(".quarantine");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(std::fs::read_dir(folder).unwrap().count() <= 100, "bounded");
}

#[test]
fn what_is_broken_is_put_away_and_the_others_are_still_listed() {
    let scene = Scene::new();
    let good = template(&scene.home).publish(&scene.home.kernels()).unwrap();
    let mut elsewhere = template(&scene.home);
    elsewhere.qubx.session_dir = scene.precious();
    let mut escaping = template(&scene.home);
    escaping.qubx.session_dir = scene.home.root().join("sessions/..");
    let json = |file: &ConnectionFile| serde_json::to_vec(file).unwrap();
    for (name, content, part) in [
        ("empty_20260102_030405.json", Vec::new(), "not JSON"),
        ("huge_20260102_030405.json", vec![b' '; 1 << 20], "more than the 65536 bytes"),
        ("garbage_20260102_030405.json", vec![0xff, 0, 0x80], "not JSON"),
        ("deep_20260102_030405.json", vec![b'['; 60_000], "not JSON"),
        ("object.json", br#"{"qubx": {"name": 1}}"#.to_vec(), "invalid type"),
        ("null.json", br#"{"qubx": null}"#.to_vec(), "invalid type"),
        ("elsewhere.json", json(&elsewhere), "is not a folder in"),
        ("escaping.json", json(&escaping), "is not a folder in"),
    ] {
        let path = scene.write(name, &content);
        let listing = look_around(&scene.home).unwrap();
        let [quarantined] = &listing.quarantined[..] else { panic!("{name}: {listing:?}") };
        assert_eq!(quarantined.path, path);
        assert!(quarantined.reason.contains(part), "{name}: {}", quarantined.reason);
    }
    assert!(!good.exists(), "it was dead, and was listed and removed by the first look");
    scene.assert_nothing_else_was_touched();
}

#[test]
fn what_is_not_a_file_of_ours_stays_whatever_its_name() {
    let scene = Scene::new();
    let kernels = scene.home.kernels();
    let target = scene.folder.path().join("target.json");
    std::fs::write(&target, serde_json::to_vec(&template(&scene.home)).unwrap()).unwrap();
    symlink(&target, kernels.join(OURS)).unwrap();
    symlink("/nowhere", kernels.join("dangling_20260102_030405.json")).unwrap();
    std::fs::create_dir(kernels.join("folder_20260102_030405.json")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let pipe = kernels.join("pipe_20260102_030405.json");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    scene.write("theirs_20260102_030405.json", br#"{"transport": "tcp", "key": "x"}"#);
    scene.write("theirs.json", b"{ torn");
    scene.write("list.json", b"[1, 2]");
    let before = names(&kernels);
    let listing = look_around(&scene.home).unwrap();
    assert!(listing.sessions.is_empty() && listing.quarantined.is_empty(), "{listing:?}");
    assert_eq!(names(&kernels), before);
    assert!(target.exists());
}

#[test]
fn a_file_of_another_user_stays() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give a file away");
        return;
    }
    let scene = Scene::new();
    let path = template(&scene.home).publish(&scene.home.kernels()).unwrap();
    std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
    let listing = look_around(&scene.home).unwrap();
    assert!(listing.sessions.is_empty() && listing.quarantined.is_empty(), "{listing:?}");
    assert!(path.exists());
}

#[test]
fn a_lock_that_is_no_file_proves_nothing_and_holds_nobody_up() {
    let scene = Scene::new();
    let session_dir = template(&scene.home).qubx.session_dir;
    ensure_private_dir(&session_dir).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let lock = session_dir.join("lock");
    rustix::fs::mknodat(rustix::fs::CWD, &lock, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    template(&scene.home).publish(&scene.home.kernels()).unwrap();
    let listing = look_around(&scene.home).unwrap();
    assert_eq!(listing.quarantined.len(), 1, "{listing:?}");
    assert!(lock.exists());
}

#[test]
fn the_sockets_of_a_living_session_outlast_a_dead_file_that_names_them() {
    let scene = Scene::new();
    let runtime_dir = scene.home.root().join("run/0123abcd");
    ensure_private_dir(&runtime_dir).unwrap();
    std::fs::write(runtime_dir.join("session.sock"), "").unwrap();
    let living = template(&scene.home);
    ensure_private_dir(&living.qubx.session_dir).unwrap();
    let lock = SessionLock::acquire(&living.qubx.session_dir.join("lock")).unwrap();
    living.publish(&scene.home.kernels()).unwrap();
    let mut dead = living.clone();
    dead.qubx.session_dir = scene.home.session("paper", "default", "other");
    let dead = dead.publish(&scene.home.kernels()).unwrap();
    let listing = look_around(&scene.home).unwrap();
    assert_eq!(listing.sessions.iter().filter(|found| found.alive).count(), 1);
    assert!(!dead.exists() && runtime_dir.exists());
    drop(lock);
    assert!(look_around(&scene.home).unwrap().sessions[0].is_dead());
    assert!(!runtime_dir.exists());
}

/// One thing that is done to the text of a file.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(usize),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    /// Puts a value in the place of one of the fields.
    Replace(usize, serde_json::Value),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let value = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(Into::into),
        "[ -~]{0,40}".prop_map(Into::into),
        prop::sample::select(vec![
            "/",
            "..",
            "",
            "/etc/passwd",
            "/proc/1",
            "PRECIOUS",
            "PRECIOUS/0123abcd/x"
        ])
        .prop_map(Into::into),
        prop::sample::select(vec![1_u64, 2, 0, u64::from(u32::MAX), u64::from(std::process::id())])
            .prop_map(Into::into),
    ];
    prop_oneof![
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), value).prop_map(|(field, value)| Mutation::Replace(field, value)),
    ]
}

fn mutate(text: &mut Vec<u8>, mutation: &Mutation, precious: &Path) {
    match mutation {
        Mutation::Cut(at) => text.truncate(at % (text.len() + 1)),
        Mutation::Flip(at, bits) => {
            let length = text.len().max(1);
            if let Some(byte) = text.get_mut(at % length) {
                *byte ^= bits;
            }
        }
        Mutation::Insert(at, bytes) => {
            let at = at % (text.len() + 1);
            text.splice(at..at, bytes.iter().copied());
        }
        Mutation::Replace(field, value) => {
            let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(text) else { return };
            let Some(qubx) = json.get_mut("qubx").and_then(|qubx| qubx.as_object_mut()) else { return };
            let key = qubx.keys().nth(field % qubx.len().max(1)).cloned();
            if let Some(key) = key {
                let value = match value.as_str() {
                    Some(text) => text.replace("PRECIOUS", precious.to_str().unwrap()).into(),
                    None => value.clone(),
                };
                qubx.insert(key, value);
                *text = serde_json::to_vec(&json).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_list_fail_or_touch_what_is_not_ours(
        mutations in prop::collection::vec(mutation(), 0..6),
        has_our_name in any::<bool>(),
    ) {
        let scene = Scene::new();
        // A session that lives beside it is listed whatever the other file says.
        let mut living = template(&scene.home);
        living.qubx.session_dir = scene.home.session("paper", "default", "living");
        living.qubx.socket = scene.home.root().join("run/89abcdef/session.sock");
        for needed in [&living.qubx.session_dir, &scene.home.root().join("run/89abcdef")] {
            ensure_private_dir(needed).unwrap();
        }
        std::fs::write(&living.qubx.socket, "").unwrap();
        let _lock = SessionLock::acquire(&living.qubx.session_dir.join("lock")).unwrap();
        let living_path = living.publish(&scene.home.kernels()).unwrap();

        let mut text = serde_json::to_vec(&template(&scene.home)).unwrap();
        for mutation in &mutations {
            mutate(&mut text, mutation, &scene.precious());
        }
        let name = if has_our_name { "evil_20260102_030405.json" } else { "evil.json" };
        let path = scene.write(name, &text);
        let listing = look_around(&scene.home).unwrap();
        let lives = |found: &qubx_home::Found| found.alive && found.path == living_path;
        prop_assert!(listing.sessions.iter().any(lives));
        prop_assert!(living_path.exists() && scene.home.root().join("run/89abcdef").exists());
        scene.assert_nothing_else_was_touched();
        // Gone means that it was ours and dead, or that it was put away; what is left is not ours, or lives.
        if !path.exists() {
            let dead = listing.sessions.iter().any(|found| found.is_dead() && found.path == path);
            let away = listing.quarantined.iter().any(|away| away.path == path && away.moved_to.exists());
            prop_assert!(dead || away, "{listing:?}");
        }
        // A second look has nothing to tell of it.
        prop_assert!(look_around(&scene.home).unwrap().quarantined.is_empty());
    }
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}
