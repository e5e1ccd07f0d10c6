//! The list of a start has the feed and the first quotes, and nobody waits for them for ever.

use rustix::process::Signal;

use crate::harness::{IDLE, Place, Terminal};
use crate::stale::{CONFIG, quotes};

/// Makes a place with a replay of two instruments; the second is quoted first at this second.
fn place(first: i64) -> Option<Place> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("gap.yml", CONFIG);
    place.write("btc.csv", &quotes(0..600));
    place.write("eth.csv", &quotes(first..600));
    Some(place)
}

#[tokio::test]
async fn a_start_goes_on_without_an_instrument_that_has_no_quote_and_names_it() {
    let Some(place) = place(500) else { return };
    let started = place.qubx(&["run", "gap.yml", "--paper", "--detach"]).await.code(0);
    let started = started.says(&[
        "✓ strategy started",
        "✓ feed connected",
        "! warm-up 1/2: no quote of X:ETHUSDT yet; the session goes on",
    ]);
    assert!(!started.stderr.contains('\r'), "plain lines in a pipe: {}", started.stderr);
    place.stop("gap").await;

    // One that is told to end meanwhile ends in good order.
    for (detach, code) in [(true, 1), (false, 0)] {
        let mut owner =
            place.spawn(&[&["run", "gap.yml", "--paper"], &["--detach"][..usize::from(detach)]].concat());
        owner.says("feed connected").await;
        owner.signal(Signal::INT);
        owner.end().await.code(code).says(&["stopping …"]);
        place.is_empty().await;
    }
    place.finish().await;
}

#[tokio::test]
async fn a_service_that_crashes_before_its_first_quotes_is_started_again() {
    let Some(place) = place(500) else { return };
    for detach in [true, false] {
        let mut owner =
            place.spawn(&[&["run", "gap.yml", "--paper"], &["--detach"][..usize::from(detach)]].concat());
        owner.says("feed connected").await;
        crate::harness::send_signal(place.session("gap").file.qubx.service.pid, Signal::KILL);
        owner.says("it is started again in 1 s").await;
        if detach {
            let said = owner.end().await.code(0).says(&["gap runs by itself"]).stderr;
            assert_eq!(said.matches("✓ strategy started").count(), 2, "{said}");
            place.stop("gap").await;
        } else {
            owner.says("the service runs again").await;
            owner.says("strategy started\n").await;
            owner.signal(Signal::INT);
            owner.end().await.code(0);
        }
        place.is_empty().await;
    }
    place.finish().await;
}

#[tokio::test]
async fn a_terminal_shows_how_many_instruments_have_had_a_quote() {
    let Some(place) = place(2) else { return };
    let Some(terminal) = Terminal::open(&place, "start", 100, 20).await else {
        return place.finish().await;
    };
    terminal.qubx("run gap.yml --paper --detach").await;
    let under_way = terminal.shows(" warm-up 1/2 …").await;
    assert!(under_way.contains("✓ feed connected"), "{under_way}");
    let started = terminal.shows("✓ warm-up 2/2").await;
    assert!(!started.contains("warm-up 1/2"), "{started}");
    terminal.shows("runs by itself").await;
    terminal.close().await;
    place.stop_and_finish("gap").await;
}
