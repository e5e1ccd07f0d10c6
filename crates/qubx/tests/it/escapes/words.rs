//! What the commands themselves say of others' words: errors of a strategy, names of clients, lines of the log.

use qubx_protocol::Command;

use super::{assert_harmless, assert_no_controls, python_list};
use crate::harness::{Finished, Place, Screen, config};

/// Fails at its start, and logs before, with every sequence of the corpus.
fn failing() -> String {
    format!(
        "from qubx_strategy import Strategy\n\n\nclass Failing(Strategy):\n    def on_start(self, ctx):\n        \
         corpus = ''.join({})\n        ctx.log('logged ' + corpus)\n        \
         raise ValueError('raised ' + corpus + ' to the end')\n",
        python_list()
    )
}

/// A name that a client gives itself.
const HOSTILE: &str = "op\u{1b}]0;EVIL\u{7}\u{9b}2J\u{9d}0;EVIL\u{9c}\r\u{7f}\u{202e}1";

#[track_caller]
fn assert_says_nothing_else(finished: &Finished) {
    assert_harmless(&finished.stdout);
    assert_harmless(&finished.stderr);
}

#[tokio::test]
async fn what_a_strategy_raises_and_who_stops_it_command_no_terminal() {
    let Some(place) = Place::new() else { return };
    place.write("failing.py", &failing());
    place.write("failing.yml", &config("failing", "failing.Failing"));
    let mut owner = place.spawn(&["run", "failing.yml", "--paper"]);
    owner.says("strategy failed: ").await;
    owner.prints("raised safe").await;

    let restart = place.qubx(&["kernel", "restart", "failing", "--yes"]).await.code(3);
    assert!(restart.stdout.contains("raised safe"), "{restart:?}");
    assert_says_nothing_else(&restart);
    let status = place.qubx(&["status", "failing"]).await.code(1);
    assert!(status.stdout.contains("raised safe"), "{status:?}");
    assert_says_nothing_else(&status);
    for (command, word) in [
        (&["history", "failing"][..], "raised safe"),
        (&["kernel", "logs", "failing"], "logged safe"),
        (&["kernel", "list"], "failing"),
    ] {
        let text = place.qubx(command).await.code(0);
        assert!(text.stdout.contains(word), "{text:?}");
        assert_says_nothing_else(&text);
    }

    let screen = Screen::attach(&place, "failing", HOSTILE).await;
    drop(screen.client.command(Command::Stop { flatten: false, keep_orders: false }));
    let owner = owner.end().await;
    assert!(owner.stderr.contains("session ended: "), "{owner:?}");
    assert!(owner.stderr.contains("op1"), "{owner:?}");
    assert_says_nothing_else(&owner);
    screen.close().await;
    let history = place.qubx(&["history", "failing"]).await.code(0);
    assert_says_nothing_else(&history);
    place.finish().await;
}

#[tokio::test]
async fn what_json_holds_commands_no_terminal_and_is_what_was_said() {
    let Some(place) = Place::new() else { return };
    place.write("failing.py", &failing());
    place.write("failing.yml", &config("failing", "failing.Failing"));
    let started = place.qubx(&["run", "failing.yml", "--paper", "--detach"]).await.code(3);
    assert!(started.stderr.contains("strategy failed: "), "{started:?}");
    assert_says_nothing_else(&started);
    let mut screen = Screen::attach(&place, "failing", HOSTILE).await;
    screen.run("print('\\x9b2J\\x9d0;EVIL\\x9c\\x7f\\u202e', ctx)").await;

    let (c1, name) = ("\u{9b}2J\u{9b}Hsafe", HOSTILE.to_owned());
    let status = place.qubx(&["status", "failing", "--json"]).await.code(1);
    let error = status.json()["strategy"]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("raised ") && error.contains(c1) && error.contains('\u{7f}'), "{error:?}");
    assert_no_controls(&status.stdout);
    let logs = place.qubx(&["kernel", "logs", "failing", "--json"]).await.code(0);
    let logged = |line: &serde_json::Value| line["text"].as_str().is_some_and(|text| text.contains(c1));
    assert!(logs.json_lines().iter().any(logged), "{logs:?}");
    assert_no_controls(&logs.stdout);
    let history = place.qubx(&["history", "failing", "--json"]).await.code(0);
    assert!(history.json_lines().iter().any(|entry| entry["author"] == name), "{history:?}");
    assert_no_controls(&history.stdout);
    for command in [
        &["kernel", "list", "--json"][..],
        &["verify", "failing", "--json"],
        &["validate", "failing.yml", "--json"],
        &["pause", "failing", "--yes", "--json"],
    ] {
        let json = place.qubx(command).await.code(0);
        json.json();
        assert_no_controls(&json.stdout);
    }
    screen.close().await;
    place.stop_and_finish("failing").await;
}

#[tokio::test]
async fn a_strategy_that_cannot_be_imported_commands_no_terminal() {
    let Some(place) = Place::new() else { return };
    let raises = format!("corpus = ''.join({})\nraise ValueError('raised ' + corpus)\n", python_list());
    place.write("broken.py", &raises);
    place.write("broken.yml", &config("broken", "broken.Broken"));
    for command in [&["run", "broken.yml", "--paper"][..], &["validate", "broken.yml", "--json"]] {
        let failed = place.qubx(command).await.code(2).says(&["raised safe"]);
        assert_says_nothing_else(&failed);
    }
    place.assert_untouched();
    place.finish().await;
}
