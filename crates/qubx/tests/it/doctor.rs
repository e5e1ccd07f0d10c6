//! `qubx doctor`: what it finds on a machine, without a change to it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Finished, Place};

/// Returns the findings of a check.
fn of<'a>(findings: &'a Value, check: &str) -> Vec<&'a Value> {
    let all = findings.as_array().unwrap().iter();
    let found: Vec<&Value> = all.filter(|finding| finding["check"] == check).collect();
    assert!(!found.is_empty(), "no {check} in {findings:#}");
    found
}

fn make_program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn a_machine_that_will_do_is_said_to_and_is_left_as_it_is() {
    let Some(place) = Place::new() else { return };
    let findings = place.qubx(&["doctor", "--json"]).await.code(0).json();
    for check in ["python", "package", "home", "sockets", "sessions", "access"] {
        let found = of(&findings, check);
        assert!(found.iter().all(|finding| finding["status"] == "ok"), "{found:#?}");
    }
    assert!(of(&findings, "python")[0]["text"].as_str().unwrap().contains("$QUBX_PYTHON names it"));
    for finding in findings.as_array().unwrap() {
        assert_eq!(finding["hint"].is_null(), finding["status"] == "ok", "{finding}");
    }
    place.assert_untouched();

    // What it finds is still there afterwards, for the command that tells it.
    std::fs::create_dir_all(place.home().join("kernels")).unwrap();
    std::fs::set_permissions(place.home(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let broken = place.home().join("kernels/b_20260102_030405.json");
    std::fs::write(&broken, "{").unwrap();
    for _ in 0..2 {
        let text = place.qubx(&["doctor"]).await.code(0).stdout;
        assert!(text.contains("! sessions") && text.contains("b_20260102_030405.json"), "{text}");
        assert!(!text.contains('\x1b'), "a pipe has no colours: {text}");
    }
    assert!(broken.exists());
    std::fs::remove_dir_all(place.home()).unwrap();
    place.finish().await;
}

#[tokio::test]
async fn the_page_is_found_with_who_can_reach_it_and_who_could_read_its_permissions() {
    let Some(place) = Place::new() else { return };
    let mut page = place.spawn(&["web", "--port", "0"]);
    page.says("page: http://").await;
    let link = page.err();
    let port: String =
        link.split("127.0.0.1:").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    let found = place.qubx(&["doctor", "--json"]).await.json();
    of(&found, "page");
    assert_eq!(of(&found, "access")[0]["status"], "ok");
    let text = of(&found, "gateway")[0]["text"].as_str().unwrap();
    assert!(text.contains(&format!("http://127.0.0.1:{port} serves all sessions")), "{text}");
    assert!(text.contains(&format!("from this machine only: port {port} on 127.0.0.1")), "{text}");
    page.signal(rustix::process::Signal::INT);
    page.end().await.code(0);
    let found = place.qubx(&["doctor", "--json"]).await.json();
    assert!(found.as_array().unwrap().iter().all(|finding| finding["check"] != "gateway"), "{found:#}");

    let access = place.home().join("access");
    let set = |mode| std::fs::set_permissions(&access, PermissionsExt::from_mode(mode)).unwrap();
    set(0o755);
    let found = place.qubx(&["doctor", "--json"]).await.json();
    let text = of(&found, "access")[0]["text"].as_str().unwrap();
    assert!(text.contains("others may look into") && text.contains("mode 755"), "{text}");
    let mode = access.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o755, "it looks and changes nothing");
    set(0o700);
    place.finish().await;
}

#[tokio::test]
async fn a_python_that_hangs_and_another_program_of_the_name_are_found() {
    let Some(place) = Place::new() else { return };
    let hangs = place.path("python");
    make_program(&hangs, "#!/bin/sh\nexec sleep 600\n");
    let folder = place.path("bin");
    std::fs::create_dir(&folder).unwrap();
    make_program(&folder.join("qubx"), "#!/usr/bin/python3\n");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = place.command(&["doctor", "--json"]);
    command.env("QUBX_PYTHON", &hangs).env("PATH", path);
    let examined: Finished = place.finish_command(command, "").await.code(1);
    let findings = examined.json();
    let python = of(&findings, "python")[0];
    assert_eq!(python["status"], "error");
    assert!(python["text"].as_str().unwrap().contains("did not answer within 10 s"), "{python}");
    let program = of(&findings, "program")[0];
    assert_eq!(program["status"], "warning");
    let text = program["text"].as_str().unwrap();
    assert!(text.contains(&format!("{}/qubx, a script of Python", folder.display())), "{text}");
    place.assert_untouched();
    place.finish().await;
}
