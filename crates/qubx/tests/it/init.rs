//! `qubx init`: what it writes runs as it is, its test tests it, and its unit is one.

use tokio::process::Command;

use crate::harness::{Finished, Place, program, wait_for};

/// Types a line into a shell.
async fn types(place: &Place, line: &str) -> Finished {
    let mut command = Command::new("sh");
    place.prepare(&mut command);
    command.args(["-c", line]);
    place.finish_command(command, "").await
}

#[tokio::test]
async fn a_new_strategy_runs_and_its_test_tests_it() {
    let Some(place) = Place::new() else { return };
    let made = place.qubx(&["init", "--dir", "two words/two-bars"]).await.code(0);
    let made = made.says(&["wrote two words/two-bars/two-bars.yml", "two_bars.py", "test_two_bars.py"]);
    let next: Vec<&str> = made.stdout.lines().collect();
    let [test, run, attach] = next[..] else { panic!("{made:#?}") };
    types(&place, test).await.code(0).says(&["Ran 2 tests", "OK"]);
    place.assert_untouched();
    let strategy = place.path("two words/two-bars/two_bars.py");
    let text = std::fs::read_to_string(&strategy).unwrap();
    std::fs::write(&strategy, text.replace("bar.close > highest", "bar.close >= lowest")).unwrap();
    types(&place, test).await.code(1).says(&["FAILED (failures=2)"]);
    std::fs::write(&strategy, text).unwrap();

    // A test has no terminal for the screen.
    let run = run.replace("--textual", "--detach --set parameters.length=2");
    types(&place, &run).await.code(0);
    wait_for("what it shows on the dashboard", async || {
        let status = place.qubx(&["status", "two-bars"]).await.code(0).stdout;
        status.contains("over the highest of BTCUSDT").then_some(())
    })
    .await;
    let done = place.qubx(&["action", "two-bars", "start_over", "--yes"]).await.code(0).stdout;
    assert!(done.contains("trades again after 2 bars of 1s"), "{done}");
    assert!(attach.ends_with(" attach two-bars"), "{attach}");
    types(&place, &format!("{attach} --plain < /dev/null")).await.code(0);
    place.stop_and_finish("two-bars").await;
}

#[tokio::test]
async fn nothing_that_is_there_is_written_over() {
    let Some(place) = Place::new() else { return };
    place.write("mine.py", "precious");
    place
        .qubx(&["init", "--name", "mine"])
        .await
        .code(2)
        .says(&["mine.py is there already", "nothing was written"]);
    place.qubx(&["init"]).await.code(2).says(&["must be named", "--name"]);
    place.qubx(&["init", "--name", "2fast"]).await.code(2).says(&["begin with a letter"]);
    place.qubx(&["init", "mine.yml"]).await.code(2).says(&["--systemd"]);
    assert_eq!(std::fs::read_to_string(place.path("mine.py")).unwrap(), "precious");
    assert!(!place.path("mine.yml").exists() && !place.path("test_mine.py").exists());
    place.assert_untouched();
    place.finish().await;
}

#[tokio::test]
async fn a_unit_is_one_that_systemd_understands() {
    let Some(place) = Place::new() else { return };
    place.qubx(&["init", "--dir", "100% mine", "--name", "mine"]).await.code(0);
    let unit = place.qubx(&["init", "--systemd", "100% mine/mine.yml"]).await.code(0);
    let unit = unit.says(&["~/.config/systemd/user/qubx-mine.service", "enable --now", "enable-linger"]);
    let config = place.path("100% mine/mine.yml").display().to_string().replace('%', "%%");
    let line = format!("ExecStart={} run \"{config}\" --python", env!("CARGO_BIN_EXE_qubx"));
    assert!(unit.stdout.contains(&line), "{line} is not in\n{}", unit.stdout);
    let home = format!("Environment=QUBX_HOME={}", place.home().display());
    assert!(unit.stdout.contains(&home), "{home} is not in\n{}", unit.stdout);
    place.qubx(&["init", "--systemd"]).await.code(2).says(&["there is no config in this folder"]);
    place.qubx(&["init", "--systemd", "nowhere.yml"]).await.code(2).says(&["nowhere.yml"]);
    place.assert_untouched();
    if let Some(analyze) = program("systemd-analyze") {
        let file = place.write("qubx-mine.service", &unit.stdout);
        let mut command = Command::new(analyze);
        place.prepare(&mut command);
        command.args(["--user", "verify"]).arg(file).env("XDG_RUNTIME_DIR", place.path(""));
        let verified = place.finish_command(command, "").await.code(0);
        assert_eq!(verified.stderr, "");
    }
    place.finish().await;
}
