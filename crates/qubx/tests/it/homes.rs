//! Homes that cannot be used, and files in them that nobody can.

use std::os::unix::fs::PermissionsExt;

use tokio::process::Command;

use crate::harness::{IDLE, Place, config};

fn place() -> Option<Place> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    Some(place)
}

#[tokio::test]
async fn a_home_that_cannot_be_used_is_told_with_what_to_do_and_nothing_is_left_behind() {
    let Some(place) = place() else { return };
    place.write("file", "text");
    let long = place.path(&"long".repeat(30));
    let in_file = place.path("file/home");
    for (home, code, parts) in [
        ("relative/home", 2, &["QUBX_HOME is `relative/home`", "absolute"][..]),
        ("/proc/qubx", 1, &["cannot create /proc/qubx"]),
        (place.path("file").to_str().unwrap(), 1, &["must be a folder"]),
        (in_file.to_str().unwrap(), 1, &["cannot create", "file/home"]),
        (long.to_str().unwrap(), 2, &["socket path", "107", "shorter"]),
    ] {
        let before = std::fs::read_dir(place.path("")).unwrap().count();
        let mut command = place.command(&["run", "idle.yml", "--paper", "--detach"]);
        command.env("QUBX_HOME", home);
        place.finish_command(command, "").await.code(code).says(parts);
        assert_eq!(std::fs::read_dir(place.path("")).unwrap().count(), before, "{home}");
    }
    place.finish().await;
}

#[tokio::test]
async fn a_home_that_others_may_write_to_is_refused() {
    let Some(place) = place() else { return };
    for open in ["home", "home/kernels"] {
        std::fs::create_dir_all(place.home().join("kernels")).unwrap();
        let folder = place.path(open);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        let run = ["run", "idle.yml", "--paper", "--detach"];
        place.qubx(&run).await.code(1).says(&["other users may write", "chmod go-w"]);
        std::fs::remove_dir_all(place.home()).unwrap();
    }
    place.finish().await;
}

#[tokio::test]
async fn a_broken_file_of_ours_is_told_once_and_the_session_beside_it_is_listed() {
    let Some(place) = Place::with_idle_session().await else { return };
    let broken = place.home().join("kernels/idle_20260102_030405.json");
    std::fs::write(&broken, "{\"transport\": \"ipc\", \"ke\x1b[31m").unwrap();
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0);
    let list = list.says(&["idle_20260102_030405.json cannot be used", "not JSON", ".quarantine"]);
    assert_eq!(list.json().as_array().unwrap().len(), 1);
    assert!(!broken.exists() && !list.stderr.contains('\x1b'), "{list:?}");
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0);
    assert_eq!((list.stderr.as_str(), list.json().as_array().unwrap().len()), ("", 1));
    let away = place.home().join("kernels/.quarantine");
    assert_eq!(std::fs::metadata(&away).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::remove_dir_all(away).unwrap();
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn what_a_whole_life_leaves_is_private_whatever_the_umask_says() {
    for umask in ["000", "077"] {
        let Some(place) = place() else { return };
        let mut command = Command::new("sh");
        place.prepare(&mut command);
        let run = format!("umask {umask}; exec \"$0\" run idle.yml --paper");
        command.args(["-c", &run, env!("CARGO_BIN_EXE_qubx")]);
        let mut owner = place.spawn_command(command);
        owner.says("strategy started").await;
        place.assert_private();
        let pid = place.session("idle").file.qubx.service.pid;
        crate::harness::send_signal(pid, rustix::process::Signal::KILL);
        owner.says("the service runs again").await;
        crate::harness::wait_for("a session that is well", async || {
            (place.qubx(&["status", "idle"]).await.code == Some(0)).then_some(())
        })
        .await;
        place.assert_private();
        let log = place.session_dir("idle");
        for name in ["lock", "owner", "service.log", "kernel.log", "ledger.db", "session.db"] {
            assert!(log.join(name).is_file(), "{name}");
        }
        owner.signal(rustix::process::Signal::INT);
        owner.end().await.code(0);
        place.finish().await;
    }
}
