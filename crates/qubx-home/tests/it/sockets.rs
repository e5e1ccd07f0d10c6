//! Folders of sockets that a killed service left, with a connection file or without one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use qubx_home::{Home, OwnerLock, SessionLock, ensure_private_dir, list_sessions};

/// Makes a home with the folder of one session.
fn home(root: &Path) -> (Home, PathBuf) {
    let home = Home::at(root.join("home"));
    home.create().unwrap();
    let session_dir = home.session("paper", "default", "idle");
    ensure_private_dir(&session_dir).unwrap();
    (home, session_dir)
}

/// Makes a folder of sockets that nothing removes when it goes out of scope.
fn left(home: &Home, session_dir: &Path) -> PathBuf {
    let made = home.create_runtime_dir(session_dir).unwrap();
    std::fs::write(made.socket(), "").unwrap();
    let path = made.path().to_owned();
    std::mem::forget(made);
    path
}

#[test]
fn the_sockets_of_a_service_that_died_before_its_connection_file_go_with_the_next_list() {
    let root = tempfile::tempdir().unwrap();
    let (home, session_dir) = home(root.path());
    let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
    let path = left(&home, &session_dir);
    assert!(list_sessions(&home).unwrap().is_empty() && path.exists(), "its service lives");
    let owner = OwnerLock::acquire(&session_dir).unwrap();
    drop(lock);
    assert!(list_sessions(&home).unwrap().is_empty() && path.exists(), "its owner starts it again");
    drop(owner);
    list_sessions(&home).unwrap();
    assert!(!path.exists() && !home.root().join("run").exists());
    assert!(session_dir.exists(), "the link was removed, not what it points to");

    // There may be no folder of connection files, and no folder of the session any more.
    let path = left(&home, &session_dir);
    std::fs::remove_dir_all(home.kernels()).unwrap();
    std::fs::remove_dir_all(&session_dir).unwrap();
    list_sessions(&home).unwrap();
    assert!(!path.exists());
}

#[test]
fn what_is_not_proven_to_be_abandoned_stays() {
    let root = tempfile::tempdir().unwrap();
    let (home, session_dir) = home(root.path());
    let run = home.root().join("run");
    let link = |id: &str, target: &Path| {
        ensure_private_dir(&run.join(id)).unwrap();
        std::os::unix::fs::symlink(target, run.join(id).join("session")).unwrap();
    };
    // Of a service of an older version, or of one that another program put here.
    ensure_private_dir(&run.join("0000000a")).unwrap();
    std::fs::write(run.join("0000000a/session.sock"), "").unwrap();
    ensure_private_dir(&run.join("0000000b")).unwrap();
    std::fs::write(run.join("0000000b/session"), "no link").unwrap();
    link("0000000c", Path::new("relative/to/somewhere"));
    link("another name", &session_dir);
    // Its sessions are of another home, and one of them lives.
    let other = root.path().join("elsewhere");
    ensure_private_dir(&other).unwrap();
    let _lock = SessionLock::acquire(&other.join("lock")).unwrap();
    link("0000000d", &other);
    // These go.
    ensure_private_dir(&run.join("0000000e")).unwrap();
    link("0000000f", &session_dir);
    list_sessions(&home).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(&run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["0000000a", "0000000b", "0000000c", "0000000d", "another name"]);
}

#[test]
fn a_service_that_begins_while_others_clean_up_keeps_its_sockets() {
    let root = tempfile::tempdir().unwrap();
    let (home, session_dir) = home(root.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    home.remove_abandoned_runtime_dirs();
                }
            });
        }
        for round in 0..300 {
            let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
            let made = home.create_runtime_dir(&session_dir).map(|made| {
                std::fs::write(made.socket(), "").unwrap();
                home.remove_abandoned_runtime_dirs();
                assert!(made.socket().exists(), "round {round}");
            });
            if made.is_err() {
                done.store(true, Ordering::Relaxed);
            }
            made.unwrap();
            drop(lock);
        }
        done.store(true, Ordering::Relaxed);
    });
}
