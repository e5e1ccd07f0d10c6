//! What lies in the home, and with which modes.

use std::os::unix::fs::{MetadataExt, symlink};

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
    std::fs::create_dir_all(place.home()).unwrap();
    let elsewhere = place.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, place.home().join("sessions")).unwrap();
    place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(1).says(&["sessions", "link"]);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
    std::fs::remove_file(place.home().join("sessions")).unwrap();
    std::fs::remove_dir_all(place.home()).unwrap();
    place.finish().await;
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
