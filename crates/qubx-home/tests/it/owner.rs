//! While an owner lives, a session without a service is about to be started again, and nothing of it is removed.

use qubx_home::{
    Home, HomeError, OwnerLock, SessionLock, ensure_private_dir, list_sessions, owner_holder, service_holder,
};

use crate::file;

#[test]
fn a_session_whose_owner_lives_is_starting_and_keeps_its_files() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let runtime_dir = home.root().join("run/0123abcd");
    ensure_private_dir(&runtime_dir).unwrap();
    std::fs::write(runtime_dir.join("session.sock"), "").unwrap();
    let old = file(&home, &runtime_dir.join("session.sock"));
    let session_dir = old.qubx.session_dir.clone();
    ensure_private_dir(&session_dir).unwrap();
    let path = old.publish(&home.kernels()).unwrap();
    let owner = OwnerLock::acquire(&session_dir).unwrap();

    let found = list_sessions(&home).unwrap().remove(0);
    assert!(!found.alive && !found.is_dead());
    assert_eq!(found.restarted_by.unwrap().pid, std::process::id());
    assert!(path.exists() && runtime_dir.exists());

    // The service is there again, with a file of its own and the sockets of before: the old file goes alone.
    let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
    assert_eq!(service_holder(&session_dir).unwrap(), owner_holder(&session_dir).unwrap());
    let stale = {
        let mut stale = old.clone();
        stale.qubx.service.start_ticks += 1;
        stale.publish(&home.kernels()).unwrap()
    };
    let found = list_sessions(&home).unwrap();
    assert_eq!(found.iter().filter(|found| found.alive).count(), 1);
    assert!(path.exists() && !stale.exists() && runtime_dir.exists());

    // Its owner leaves it before the service has a file: what the one before wrote goes, and nothing else.
    std::fs::remove_file(&path).unwrap();
    let stale = {
        let mut stale = old.clone();
        stale.qubx.service.start_ticks += 1;
        stale.publish(&home.kernels()).unwrap()
    };
    drop(owner);
    assert!(list_sessions(&home).unwrap()[0].is_dead());
    assert!(!stale.exists() && runtime_dir.exists());

    // What a run before left has a folder of its own, and goes also while the session runs again.
    let path = old.publish(&home.kernels()).unwrap();
    let before = home.root().join("run/4567cdef");
    ensure_private_dir(&before).unwrap();
    let stale = {
        let mut stale = old.clone();
        stale.qubx.service.start_ticks += 1;
        stale.qubx.socket = before.join("session.sock");
        stale.publish(&home.kernels()).unwrap()
    };
    assert_eq!(list_sessions(&home).unwrap().iter().filter(|found| found.is_dead()).count(), 1);
    assert!(!stale.exists() && !before.exists() && path.exists() && runtime_dir.exists());

    // Without service and owner it is dead.
    drop(lock);
    assert!(list_sessions(&home).unwrap()[0].is_dead());
    assert!(!path.exists() && !runtime_dir.exists());
}

#[test]
fn a_folder_of_sockets_is_taken_over_only_where_this_home_makes_them() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path().join("home"));
    home.create().unwrap();
    let left = home.root().join("run/0123abcd");
    ensure_private_dir(&left).unwrap();
    for name in ["session.sock", "kernel.json"] {
        std::fs::write(left.join(name), "left").unwrap();
    }
    let session_dir = home.session("paper", "default", "idle");
    let taken = home.take_over_runtime_dir(&left, &session_dir).unwrap();
    assert!(!taken.socket().exists(), "a socket of the dead would be in the way");
    assert!(left.join("kernel.json").exists(), "guests find the kernel's key again");
    drop(taken);
    assert!(!left.exists());
    // It may be gone by then.
    let made = home.take_over_runtime_dir(&left, &session_dir).unwrap();
    let other = home.session("paper", "default", "other");
    assert!(matches!(home.take_over_runtime_dir(&left, &other), Err(HomeError::Unsafe { .. })));
    drop(made);
    for elsewhere in [root.path().join("0123abcd"), home.root().join("run/../run2/0123abcd"), home.sessions()]
    {
        assert!(matches!(
            home.take_over_runtime_dir(&elsewhere, &session_dir),
            Err(HomeError::Unsafe { .. })
        ));
        home.remove_runtime_dir(&elsewhere);
    }
    assert!(home.sessions().exists());
}
