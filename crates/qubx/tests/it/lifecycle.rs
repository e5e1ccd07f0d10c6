//! Beginnings and ends that go wrong, or that are many at once.

use std::time::{Duration, Instant};

use qubx_protocol::Ownership;
use rustix::process::Signal;

use crate::harness::{
    IDLE, Place, Running, Screen, config, end_by_kill, is_alive, kill_service, send_signal, service_of,
    wait_at_most, wait_for,
};

/// Does not end.
const HANGS: &str = "
import time

from qubx_strategy import Strategy


class Hangs(Strategy):
    def on_stop(self, ctx):
        while True:
            time.sleep(1)
";

/// A system that ends waits so long before it kills. A loaded machine gets some more.
const SOON: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_strategy_that_does_not_stop_holds_no_end_up() {
    for of_owner in [false, true] {
        let Some(place) = Place::new() else { return };
        place.write("hangs.py", HANGS);
        place.write("hangs.yml", &config("hangs", "hangs.Hangs"));
        let owner = place.own("hangs.yml").await;
        let qubx = place.session("hangs").file.qubx;
        let began = Instant::now();
        send_signal(if of_owner { owner.child.id().unwrap() } else { qubx.service.pid }, Signal::TERM);
        wait_at_most(SOON, "the end of everything", async || {
            (!is_alive(qubx.service.pid) && !is_alive(qubx.kernel_pid)).then_some(())
        })
        .await;
        println!("of owner {of_owner}: {:?}", began.elapsed());
        owner.end().await.code(0).says(&["the strategy did not stop within"]);
        place.finish().await;
    }
}

#[tokio::test]
async fn all_sessions_are_stopped_at_once_and_each_is_its_own() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    for name in ["one", "two", "three"] {
        place.qubx(&["run", "idle.yml", "--paper", "--detach", "--name", name]).await.code(0);
    }
    place.qubx(&["exec", "one", "trade('BTCUSDT', 0.01)"]).await.code(0);
    place.qubx(&["pause", "two"]).await.code(0);
    let paused = |status: &serde_json::Value| status["paused"].clone();
    let status = place.qubx(&["status", "one", "--json"]).await.code(0).json();
    assert_eq!(paused(&status), false);
    let status = place.qubx(&["status", "two", "--json"]).await.code(0).json();
    assert_eq!((paused(&status), &status["positions"]), (true.into(), &serde_json::json!([])));
    place.qubx(&["kernel", "stop", "--all"]).await.code(2).says(&["--yes"]);
    let stopped = place.qubx(&["kernel", "stop", "--all", "--yes"]).await.code(0).stdout;
    for name in ["one", "two", "three"] {
        assert!(stopped.contains(&format!("{name} stopped")), "{stopped}");
    }
    place.qubx(&["kernel", "stop", "--all", "--yes"]).await;
    place.finish().await;
}

#[tokio::test]
async fn a_session_that_was_handed_over_outlives_its_owner_alone() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.verb(qubx_protocol::Command::Release).await;
    screen
        .until("the new ownership", |screen| {
            (screen.state().status.as_ref()?.ownership == Ownership::Detached).then_some(())
        })
        .await;
    screen.close().await;
    owner.signal(Signal::KILL);
    owner.end().await;
    let service = service_of(&place, "idle").expect("nobody is attached, and it lives");
    assert_eq!(place.qubx(&["exec", "idle", "'alone'"]).await.code(0).stdout, "'alone'\n");
    assert!(is_alive(service) && !place.path("stopped").exists());
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn files_that_lie_hurt_no_session_that_runs() {
    let Some(place) = Place::with_idle_session().await else { return };
    let real = place.session("idle");
    let text = std::fs::read_to_string(&real.path).unwrap();
    let kernels = place.home().join("kernels");
    // Half a file, at every length that could matter, and files that name what is not theirs.
    let mut bystander = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let mut lies = Vec::new();
    for length in (0..text.len()).step_by(37) {
        lies.push(text[..length].to_owned());
    }
    for (from, to) in [
        (format!("\"pid\": {}", real.file.qubx.service.pid), format!("\"pid\": {}", bystander.id())),
        (real.file.qubx.session_dir.display().to_string(), "/etc".to_owned()),
        (real.file.qubx.socket.display().to_string(), place.path("idle.py").display().to_string()),
        ("idle".to_owned(), "\\u001b]0;title\\u0007".to_owned()),
    ] {
        lies.push(text.replace(&from, &to));
    }
    for (number, lie) in lies.iter().enumerate() {
        let path = kernels.join(format!("lie_20260102_{number:06}.json"));
        std::fs::write(&path, lie).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
    }
    for arguments in [&["kernel", "list"][..], &["kernel", "list", "--json"], &["status", "idle"]] {
        let finished = place.qubx(arguments).await;
        assert!(matches!(finished.code, Some(0..=2)), "{finished:?}");
        assert!(!finished.stdout.contains('\x1b') && !finished.stderr.contains('\x1b'), "{finished:?}");
    }
    assert!(real.path.exists() && place.path("idle.py").exists() && real.file.qubx.socket.exists());
    assert!(bystander.try_wait().unwrap().is_none(), "a process that is not ours is not touched");
    assert_eq!(place.qubx(&["exec", real.path.to_str().unwrap(), "6 * 7"]).await.code(0).stdout, "42\n");
    for (number, _) in lies.iter().enumerate() {
        // Those that were taken for the dead, or put away, are gone.
        let _ = std::fs::remove_file(kernels.join(format!("lie_20260102_{number:06}.json")));
    }
    let _ = std::fs::remove_dir_all(kernels.join(".quarantine"));
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    place.stop_and_finish("idle").await;
}

/// Whoever is attached waits a minute for a service that crashed: its owner may be starting it again.
const GIVES_UP: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_follower_of_a_session_without_an_owner_is_told_of_its_death() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut follower = place.spawn(&["kernel", "logs", "idle", "--follow", "--json"]);
    place.qubx(&["exec", "idle", "ctx.log('before the crash')"]).await.code(0);
    follower.prints("before the crash").await;
    end_by_kill(&place, "idle").await;
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    place.qubx(&["exec", "idle", "ctx.log('after the crash')"]).await.code(0);
    // The follower may have left with the dead service or have found the next one; a new one has both lines.
    let logs = place.qubx(&["kernel", "logs", "idle", "--json"]).await.code(0).stdout;
    assert!(logs.contains("before the crash") && logs.contains("after the crash"), "{logs}");
    place.stop("idle").await;
    wait_at_most(GIVES_UP, "the end of the follower", async || follower.child.try_wait().unwrap()).await;
    place.qubx(&["kernel", "list"]).await.code(0);
    place.finish().await;
}

/// Returns the state and the process of the session in each list that was printed; none for an empty list.
fn watched(watcher: &Running) -> Vec<Option<(String, u64)>> {
    let lists = watcher.out();
    // The last line may be half written.
    let whole = lists.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let row = |list: serde_json::Value| {
        let row = list.get(0)?;
        Some((row["status"].as_str()?.to_owned(), row["pid"].as_u64()?))
    };
    whole.map(row).collect()
}

async fn until(watcher: &Running, state: &str, pid: Option<u32>) {
    wait_for(&format!("a list with {state}"), async || {
        let shown = watched(watcher).last()?.clone()?;
        (shown.0 == state && pid.is_none_or(|pid| shown.1 == u64::from(pid))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_watched_list_goes_on_across_a_crash_and_shows_the_next_service() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let watcher = place.spawn(&["kernel", "list", "--watch", "--json"]);
    let first = place.session("idle").file.qubx.service.pid;
    until(&watcher, "running", Some(first)).await;
    kill_service(&place, "idle").await;
    until(&watcher, "starting", None).await;
    until(&watcher, "running", None).await;
    let next = place.session("idle").file.qubx.service.pid;
    until(&watcher, "running", Some(next)).await;
    assert_ne!(next, first);
    place.stop("idle").await;
    owner.end().await.code(0);
    let empty = async || watched(&watcher).last()?.is_none().then_some(());
    wait_for("an empty list", empty).await;
    let dead = watched(&watcher).into_iter().flatten().filter(|(state, _)| state == "dead").count();
    assert_eq!(dead, 0, "its owner was starting it again: {}", watcher.out());

    // Without an owner it is told once that it died.
    place.start("idle.yml").await;
    let third = place.session("idle").file.qubx.service.pid;
    until(&watcher, "running", Some(third)).await;
    end_by_kill(&place, "idle").await;
    until(&watcher, "dead", Some(third)).await;
    wait_for("an empty list", empty).await;
    watcher.signal(Signal::INT);
    watcher.end().await.code(0);
    place.finish().await;
}
