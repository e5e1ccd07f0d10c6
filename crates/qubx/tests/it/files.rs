//! What lies in the home, and with which modes.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use tokio::process::Command;

use crate::harness::{IDLE, Place, config};

#[tokio::test]
async fn files_are_private_whatever_the_umask_says() {
    for umask in ["000", "077"] {
        let Some(place) = Place::new() else { return };
        place.write("idle.py", IDLE);
        place.write("idle.yml", &config("idle", "idle.Idle"));
        let mut command = Command::new("sh");
        place.prepare(&mut command);
        let run = format!("umask {umask}; exec \"$0\" run idle.yml --paper --detach");
        command.args(["-c", &run, env!("CARGO_BIN_EXE_qubx")]);
        place.finish_command(command, "").await.code(0);
        place.qubx(&["exec", "idle", "trade('BTCUSDT', 0.01); print('x' * 100_000)"]).await.code(0);
        place.assert_private();
        assert_eq!(std::fs::metadata(place.home().join("kernels")).unwrap().mode() & 0o777, 0o700);
        place.stop_and_finish("idle").await;
    }
}

#[tokio::test]
async fn a_planted_link_is_refused_and_what_it_points_to_is_untouched() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let elsewhere = place.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let session = place.session_dir("idle");
    for link in [place.home().join("sessions"), place.home().join("kernels"), session] {
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(&elsewhere, &link).unwrap();
        let run = place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(1);
        run.says(&[link.to_str().unwrap(), "it is a link", "remove it"]);
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "{link:?}");
        std::fs::remove_file(&link).unwrap();
        std::fs::remove_dir_all(place.home()).unwrap();
    }
    place.finish().await;
}

/// The files of a session, and its folders.
const FILES: [&str; 9] = [
    "lock",
    "owner",
    "ledger.db",
    "ledger.db-wal",
    "session.db",
    "session.db-wal",
    "ballast",
    "service.log",
    "kernel.log",
];
const FOLDERS: [&str; 2] = ["outputs", "crashes"];

/// Asserts that a session does not start because of something in its folder, and that nothing is left of the attempt.
async fn refused(place: &Place, odd: &Path, what: &str) {
    for more in [&[][..], &["--restore"]] {
        let run = [&["run", "idle.yml", "--paper", "--detach"], more].concat();
        place.qubx(&run).await.code(1).says(&[odd.to_str().unwrap(), what, "remove it"]);
    }
    place.is_empty().await;
}

#[tokio::test]
async fn whatever_of_a_session_is_a_link_is_refused_by_name_and_what_it_points_to_is_untouched() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["exec", "idle", "trade('BTCUSDT', 0.01); print('x' * 5_000_000)"]).await.code(0);
    place.stop("idle").await;
    let folder = place.session_dir("idle");
    let (file, set_aside) = (place.write("elsewhere", "theirs"), place.path("aside"));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let elsewhere = place.path("folder");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o755)).unwrap();
    for (name, target) in
        FILES.map(|name| (name, &file)).into_iter().chain(FOLDERS.map(|name| (name, &elsewhere)))
    {
        let path = folder.join(name);
        let was_there = std::fs::rename(&path, &set_aside).is_ok();
        symlink(target, &path).unwrap();
        refused(&place, &path, "it is a link").await;
        assert_eq!(std::fs::read_link(&path).unwrap(), *target, "{name}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "theirs", "{name}");
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "{name}");
        let modes = [&file, &elsewhere].map(|path| std::fs::metadata(path).unwrap().mode() & 0o777);
        assert_eq!(modes, [0o644, 0o755], "{name}");
        std::fs::remove_file(&path).unwrap();
        if was_there {
            std::fs::rename(&set_aside, &path).unwrap();
        }
    }
    goes_on(place).await;
}

#[tokio::test]
async fn whatever_of_a_session_is_of_another_kind_is_refused_by_name_and_not_waited_for() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.stop("idle").await;
    let (folder, set_aside) = (place.session_dir("idle"), place.path("aside"));
    for name in FILES {
        let path = folder.join(name);
        let was_there = std::fs::rename(&path, &set_aside).is_ok();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        refused(&place, &path, "a regular file").await;
        std::fs::remove_file(&path).unwrap();
        if was_there {
            std::fs::rename(&set_aside, &path).unwrap();
        }
    }
    for name in FOLDERS {
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        refused(&place, &path, "a folder").await;
        std::fs::remove_file(&path).unwrap();
    }
    goes_on(place).await;
}

/// Asserts that a session whose folder is in order again goes on.
async fn goes_on(place: Place) {
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    place.qubx(&["exec", "idle", "1 + 1"]).await.code(0);
    place.qubx(&["verify", "idle"]).await.code(0);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let Some(place) = Place::with_idle_session().await else { return };
    let kernels = place.home().join("kernels");
    let foreign = [("theirs.json", r#"{ "key": "x" }"#), ("broken.json", "{"), ("notes.txt", "mine")];
    for (name, text) in foreign {
        std::fs::write(kernels.join(name), text).unwrap();
    }
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    place.qubx(&["kernel", "stop", "idle", "--yes"]).await.code(0);
    for (name, text) in foreign {
        assert_eq!(std::fs::read_to_string(kernels.join(name)).unwrap(), text);
        std::fs::remove_file(kernels.join(name)).unwrap();
    }
    place.finish().await;
}
