//! Connection files and the list of sessions, as commands use them.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod hostile;
mod owner;
mod sockets;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use qubx_home::{
    ConnectionFile, Home, HomeError, ProcessId, QubxSection, SessionLock, list_sessions, look_around,
    read_connection_file, survey,
};
use tempfile::tempdir;

fn file(home: &Home, socket: &Path) -> ConnectionFile {
    let mut jupyter = serde_json::Map::new();
    jupyter.insert("transport".to_owned(), "ipc".into());
    ConnectionFile {
        jupyter,
        qubx: QubxSection {
            name: "EMA cross".to_owned(),
            strategy_name: "EMA_cross".to_owned(),
            mode: "paper".to_owned(),
            runtime: "native".to_owned(),
            config: "/c/ema.yml".into(),
            session_dir: home.session("paper", "default", "EMA_cross"),
            socket: socket.to_owned(),
            service: ProcessId::own().unwrap(),
            boot_id: qubx_home::boot_id(),
            kernel_pid: 1,
            started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        },
    }
}

#[test]
fn a_file_is_published_complete_private_and_never_over_another_one() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let file = file(&home, Path::new("/nowhere/s.sock"));
    let first = file.publish(&home.kernels()).unwrap();
    let second = file.publish(&home.kernels()).unwrap();
    assert_eq!(first.file_name().unwrap(), "EMA_cross_20260102_030405.json");
    assert_eq!(second.file_name().unwrap(), "EMA_cross_20260102_030405_2.json");
    assert_eq!(read_connection_file(&first).unwrap(), file);
    assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(home.kernels()).unwrap().count(), 2, "no draft is left");
}

#[test]
fn a_session_whose_lock_is_free_is_told_once_and_its_files_go() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let runtime_dir = home.root().join("run/0123abcd");
    std::fs::create_dir_all(&runtime_dir).unwrap();
    let path = file(&home, &runtime_dir.join("session.sock")).publish(&home.kernels()).unwrap();

    let found = list_sessions(&home).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].alive);
    for name in ["EMA cross", "EMA_cross", "EMA_cross_20260102_030405"] {
        assert!(found[0].is_named(name), "{name}");
    }
    assert!(!found[0].is_named("ema"));
    assert!(!path.exists() && !runtime_dir.exists());
    assert!(list_sessions(&home).unwrap().is_empty());
}

#[test]
fn looking_alone_finds_the_dead_and_the_broken_and_leaves_them_for_the_next_command() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    assert!(survey(&home).unwrap().sessions.is_empty(), "there is no home yet");
    home.create().unwrap();
    let runtime_dir = home.root().join("run/0123abcd");
    std::fs::create_dir_all(&runtime_dir).unwrap();
    let dead = file(&home, &runtime_dir.join("session.sock")).publish(&home.kernels()).unwrap();
    let broken = home.kernels().join("b_20260102_030405.json");
    std::fs::write(&broken, "{").unwrap();
    for _ in 0..2 {
        let found = survey(&home).unwrap();
        assert!(found.sessions.len() == 1 && found.sessions[0].is_dead(), "{found:?}");
        assert_eq!(found.broken.len(), 1);
        assert_eq!(found.broken[0].0, broken);
        assert!(found.put_away.is_empty());
        assert!(dead.exists() && broken.exists() && runtime_dir.exists());
    }
    let told = look_around(&home).unwrap();
    assert_eq!((told.sessions.len(), told.quarantined.len()), (1, 1), "the next command hears of both");
    let left = survey(&home).unwrap();
    assert!(left.sessions.is_empty() && left.broken.is_empty());
    assert_eq!(left.put_away, [told.quarantined[0].moved_to.clone()]);
}

#[test]
fn what_a_service_was_writing_goes_when_it_is_dead_and_stays_while_it_lives() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let draft = home.kernels().join(".paper-default-a.b.0123abcd.draft");
    let other = home.kernels().join(".draft");
    let session_dir = home.session("paper", "default", "a.b");
    std::fs::create_dir_all(&session_dir).unwrap();
    let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
    for path in [&draft, &other] {
        std::fs::write(path, r#"{"transport"#).unwrap();
    }
    assert!(list_sessions(&home).unwrap().is_empty());
    assert!(draft.exists(), "its service lives");
    drop(lock);
    assert!(list_sessions(&home).unwrap().is_empty());
    assert!(!draft.exists(), "its service is dead");
    assert!(other.exists(), "it is not ours");
}

#[test]
fn what_is_not_ours_stays() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let precious = root.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    // A file that names a folder which is no folder of sockets must not have it removed.
    file(&home, &precious.join("session.sock")).publish(&home.kernels()).unwrap();
    for (name, content) in [
        ("foreign.json", r#"{"transport": "tcp", "key": "x"}"#),
        ("torn.json", r#"{"transport": "ipc", "qubx": {"na"#),
        ("empty.json", ""),
        ("notes.txt", "hello"),
    ] {
        std::fs::write(home.kernels().join(name), content).unwrap();
    }
    assert_eq!(list_sessions(&home).unwrap().len(), 1);
    assert!(precious.is_dir());
    assert_eq!(std::fs::read_dir(home.kernels()).unwrap().count(), 4);
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_that_names_it() {
    let root = tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    let whole = serde_json::to_vec(&file(&home, Path::new("/s.sock"))).unwrap();
    let path = root.path().join("cut.json");
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        match read_connection_file(&path) {
            Err(error @ HomeError::BadConnectionFile { .. }) => {
                assert!(error.to_string().contains("cut.json"))
            }
            other => panic!("{length}: {other:?}"),
        }
    }
    std::fs::write(&path, vec![b' '; 1 << 20]).unwrap();
    assert!(matches!(read_connection_file(&path), Err(HomeError::BadConnectionFile { .. })));
    let link = root.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(read_connection_file(&link), Err(HomeError::BadConnectionFile { .. })));
}
