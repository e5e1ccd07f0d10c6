//! What there is to trade with: nothing yet, an order that is refused, a market that is silent, somebody else's verbs, a
//! screen that may only look, and a session of another version.

use super::{SIZE, attach, says};
use crate::harness::{IDLE, LIVE, Place, StandIn, Terminal, config, wait_for};
use crate::stale;

#[tokio::test]
async fn what_is_empty_says_what_could_be_there_and_what_somebody_else_did_is_seen() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
    let empty = terminal.shows("Flat. No open positions.").await;
    says(
        &empty,
        &[
            "No open orders. `t` opens a ticket.",
            "Python of the running strategy: ctx, S, portfolio(), orders().",
        ],
    );
    says(&empty, &["Everyone attached sees what you run."]);

    place.qubx(&["pause", "idle"]).await.code(0);
    let paused = terminal.shows("VERB  pause done").await;
    says(&paused, &["PAUSED", "(op@cli)"]);

    // An order that is refused says why in the engine's words, and comes back to be changed.
    terminal.key("Escape").await;
    terminal.shows("F flatten").await;
    terminal.key("t").await;
    terminal.shows("TICKET").await;
    terminal.types("1").await;
    terminal.key("Enter").await;
    terminal.answers("y", "SEND ORDER").await;
    let refused = terminal.shows("retry or edit it: t").await;
    says(&refused, &["✗ place BUY 1 BTCUSDT", "is rejected: ", "paused"]);
    terminal.key("t").await;
    terminal.shows("TICKET").await;
    terminal.key("Escape").await;
    place.qubx(&["resume", "idle"]).await.code(0);
    wait_for("the end of the pause", async || (!terminal.text().await.contains("PAUSED ")).then_some(()))
        .await;
    terminal.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_screen_that_may_only_look_has_no_prompt_and_no_verbs() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = Terminal::open(&place, "reader", SIZE.0, SIZE.1).await else {
        return place.stop_and_finish("idle").await;
    };
    terminal.qubx("attach idle --read-only").await;
    let looks = terminal.shows("kernel idle").await;
    says(&looks, &["READ-ONLY", "You are watching. Ask an admin for write access.", "No open orders."]);
    for part in ["opens a ticket", "In[", "flatten", "pause"] {
        assert!(!looks.contains(part), "{part} is in\n{looks}");
    }
    // Neither is a verb reached by its key. In its first moments a screen takes none: the help comes after them.
    terminal.presses("?", "who is here").await;
    terminal.answers("Escape", "who is here").await;
    terminal.types("FPt").await;
    terminal.presses("?", "who is here").await;
    let help = terminal.text().await;
    for part in ["FLATTEN", "TICKET", "PAUSED"] {
        assert!(!help.contains(part), "{part} is in\n{help}");
    }
    terminal.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_silent_market_is_named_with_its_age_until_its_quotes_come_again() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("gap.yml", stale::CONFIG);
    place.write("btc.csv", &stale::quotes([0, 1].into_iter().chain(12..300)));
    place.write("eth.csv", &stale::quotes(0..300));
    place.start("gap.yml").await;
    let Some(terminal) = attach(&place, "gap").await else { return place.stop_and_finish("gap").await };
    terminal.shows("feed: no quote of X:BTCUSDT since ").await;
    // The mark and the age of the silence stand in the row; of the other one there is no mark.
    let is_marked = |text: &str, symbol: &str| {
        let of = |line: &&str| line.contains(symbol) && line.contains("1,000.0");
        text.lines().find(of).map(|row| row.contains('⚠'))
    };
    wait_for("a mark at the silent one", async || {
        let text = terminal.text().await;
        assert_ne!(is_marked(&text, "ETHUSDT"), Some(true), "{text}");
        is_marked(&text, "BTCUSDT").filter(|marked| *marked)
    })
    .await;
    let again = terminal.shows("quotes of X:BTCUSDT come again, after ").await;
    says(&again, &["no quote of X:BTCUSDT since "]);
    wait_for("the end of the alarm", async || {
        (!terminal.text().await.contains("feed: no quote")).then_some(())
    })
    .await;
    terminal.close().await;
    place.stop_and_finish("gap").await;
}

#[tokio::test]
async fn a_clock_that_differs_from_the_exchange_s_is_told_as_long_as_it_does() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    for (offset, chip, told) in [
        ("2.3s", "clock +2.3 s vs SIM", "this machine's clock is 2.3 s ahead of that of SIM"),
        ("-61s", "clock −61.0 s vs SIM", "this machine's clock is 61.0 s behind that of SIM"),
        ("0.9s", "", ""),
    ] {
        let off = format!("quotes_per_second: 10, clock_offset: {offset} }}");
        place.write("idle.yml", &config("idle", "idle.Idle").replace("quotes_per_second: 10 }", &off));
        place.start("idle.yml").await;
        let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
        if chip.is_empty() {
            // By then it would be there.
            terminal.shows("Flat. No open positions.").await;
            let text = terminal.text().await;
            assert!(!text.lines().next().unwrap_or_default().contains("clock"), "{text}");
        } else {
            let seen = terminal.shows(chip).await;
            says(seen.lines().next().unwrap_or_default(), &[chip]);
            terminal.shows(told).await;
        }
        terminal.close().await;
        place.stop("idle").await;
    }
    place.finish().await;
}

#[tokio::test]
async fn a_session_of_another_version_says_so() {
    let Some(place) = Place::new() else { return };
    let live = StandIn::live_with(&place, |status| status.info.version = "0.0.9".to_owned());
    let Some(terminal) = attach(&place, LIVE).await else {
        drop(live);
        return place.finish().await;
    };
    let own = env!("CARGO_PKG_VERSION");
    let text = format!("Session runs 0.0.9, this client {own}: some panels may be missing.");
    terminal.shows(&text).await;
    terminal.close().await;
    drop(live);
    place.finish().await;
}
