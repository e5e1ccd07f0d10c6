//! `qubx kernel logs`: the log of a session, while it runs, across a crash, and afterwards.

use rustix::process::Signal;

use crate::harness::{Place, config, send_signal};

/// Writes a line of each level when it starts, and raises at the first quote.
const TALKER: &str = r#"
import logging

from qubx_strategy import Strategy


class Talker(Strategy):
    raised = False

    def on_start(self, ctx):
        ctx.log("it begins")
        ctx.log("it looks odd", level="warning")

    def on_quote(self, ctx, quote):
        if not self.raised:
            self.raised = True
            raise RuntimeError("a quote too many")
"#;

fn talker() -> Option<Place> {
    let place = Place::new()?;
    place.write("talker.py", TALKER);
    place.write("talker.yml", &config("talker", "talker.Talker"));
    Some(place)
}

#[tokio::test]
async fn logs_are_filtered_and_outlast_the_session() {
    let Some(place) = talker() else { return };
    place.start("talker.yml").await;
    let mut follower = place.spawn(&["kernel", "logs", "talker", "-f"]);
    follower.prints("a quote too many").await;
    for part in ["it begins", "WARNING strategy it looks odd", "ERROR   strategy"] {
        follower.prints(part).await;
    }
    place.qubx(&["exec", "talker", "ctx.log('while \\x1b[31m followed')"]).await.code(0);
    follower.prints("followed").await;
    place.stop("talker").await;
    let followed = follower.end().await.code(0).says(&["the session has ended"]).stdout;
    assert!(!followed.contains('\x1b'), "{followed}");

    let all = place.qubx(&["kernel", "logs", "talker"]).await.code(0).stdout;
    assert_eq!(all, followed, "each line once, in order");
    let logs = async |arguments: &[&str]| {
        let arguments = [&["kernel", "logs", "talker"], arguments].concat();
        place.qubx(&arguments).await.code(0).stdout
    };
    let warnings = logs(&["--level", "warning"]).await;
    assert!(warnings.contains("odd") && warnings.contains("too many") && !warnings.contains("begins"));
    let errors = logs(&["--level", "error"]).await;
    assert!(errors.contains("too many") && !errors.contains("odd"), "{errors}");
    let matching = logs(&["--grep", "^it .*(begins|odd)$"]).await;
    assert_eq!(matching.lines().count(), 2, "{matching}");
    assert_eq!(logs(&["--since", "1d"]).await, all);
    assert_eq!(logs(&["--since", "2999-01-01T00:00:00Z"]).await, "");
    let rows = place.qubx(&["kernel", "logs", "talker", "--json"]).await.code(0).json_lines();
    let row = rows.iter().find(|row| row["text"] == "it looks odd").unwrap();
    assert_eq!((&row["level"], &row["source"]), (&"warning".into(), &"strategy".into()));

    for (arguments, part) in [
        (&["talker", "--grep", "("][..], "unclosed group"),
        (&["talker", "--since", "yesterday"], "10m"),
        (&["talker", "--level", "loud"], "possible values"),
    ] {
        place.qubx(&[&["kernel", "logs"], arguments].concat()).await.code(2).says(&[part]);
    }
    place.qubx(&["kernel", "logs", "ghost"]).await.code(1).says(&["no session `ghost`"]);
    place.finish().await;
}

#[tokio::test]
async fn a_follower_finds_a_service_again_that_was_started_again() {
    let Some(place) = talker() else { return };
    let mut owner = place.own("talker.yml").await;
    let mut follower = place.spawn(&["kernel", "logs", "talker", "-f"]);
    follower.prints("it begins").await;
    send_signal(place.session("talker").file.qubx.service.pid, Signal::KILL);
    owner.says("the service runs again").await;
    owner.prints("a quote too many").await;
    let begins = |text: String| text.matches("it begins").count();
    crate::harness::wait_for("the log of the new service", async || {
        (begins(follower.out()) == 2).then_some(())
    })
    .await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    let followed = follower.end().await.code(0).stdout;
    assert_eq!(followed, place.qubx(&["kernel", "logs", "talker"]).await.code(0).stdout);
    place.finish().await;
}

#[tokio::test]
async fn a_follower_of_a_session_that_dies_says_so_and_has_every_line() {
    let Some(place) = talker() else { return };
    place.start("talker.yml").await;
    let mut follower = place.spawn(&["kernel", "logs", "talker", "-f"]);
    follower.prints("a quote too many").await;
    let cell = "import time\nfor n in range(10 ** 6): ctx.log(f'line {n}'); time.sleep(0.001)";
    let exec = place.spawn(&["exec", "talker", cell]);
    follower.prints("line 100").await;
    send_signal(place.session("talker").file.qubx.service.pid, Signal::KILL);
    let followed = follower.end().await.code(0);
    let followed =
        followed.says(&["session `talker` died: its service", "--restore", "the session has ended"]);
    exec.end().await.code(1);
    place.is_empty().await;
    let all = place.qubx(&["kernel", "logs", "talker"]).await.code(0).stdout;
    assert_eq!(followed.stdout, all, "each line once, up to the last one that was written down");
    place.finish().await;
}
