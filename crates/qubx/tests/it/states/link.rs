//! The connection: lost, back, and over.

use super::{attach, says};
use crate::harness::{Place, Proxy, Screen, end_by_kill};

#[tokio::test]
async fn a_lost_connection_keeps_what_is_typed_refuses_verbs_and_says_what_was_missed_when_it_is_back() {
    let Some(place) = Place::with_idle_session().await else { return };
    let qubx = place.session("idle").file.qubx;
    let proxy = Proxy::start(place.path("proxy.sock"), &qubx.socket);
    place.lead_to("idle", &proxy.socket);
    let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
    terminal.types("precious = 1").await;
    terminal.shows("] precious = 1").await;
    proxy.down();
    let lost = terminal.shows("The service lives: the strategy keeps running.").await;
    says(&lost, &["Connection lost 00:0", "Showing data of ", "Retry in ", "(Enter now)", "○ lost"]);
    // What is typed stays, and can be typed on.
    terminal.types("0").await;
    terminal.shows("] precious = 10").await;
    terminal.key("Escape").await;
    terminal.shows("i prompt").await;
    terminal.key("F").await;
    terminal.shows("connection lost: verbs wait until it is back").await;
    let refused = terminal.text().await;
    assert!(!refused.contains("FLATTEN"), "{refused}");

    let mut other = Screen::attach_to(&qubx.socket, &qubx.session_dir.join("lock"), "op2").await;
    other.run("print('mean', 'while')").await;
    proxy.up();
    let back = terminal.shows(" messages replayed.").await;
    says(&back, &["Back after 00:", "] precious = 10", "● live"]);
    terminal.shows("mean while").await;
    other.close().await;
    terminal.close().await;
    proxy.end().await;
    place.lead_to("idle", &qubx.socket);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_session_that_somebody_else_stops_says_who_when_and_whether_it_is_flat() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
    place.stop("idle").await;
    let ended = terminal.shows("stopped by op@cli").await;
    says(
        &ended,
        &[
            "Session ended ",
            "Flat: yes.",
            "Keep it: qubx export idle --ipynb FILE.",
            "Any key leaves.",
            "○ ended",
        ],
    );
    terminal.key("j").await;
    terminal.is_given_back().await;
    terminal.shows("stopped by op@cli").await;
    terminal.close().await;
    place.finish().await;
}

#[tokio::test]
async fn a_service_that_was_killed_says_that_it_has_ended_and_how_to_go_on() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
    end_by_kill(&place, "idle").await;
    let ended = terminal.shows("the service has ended without a word.").await;
    let hint = "qubx run CONFIG --restore goes on with its positions and orders. Flat: yes.";
    says(&ended, &["Session ended ", hint, "○ ended"]);
    terminal.close().await;
    // Whoever lists sessions next cleans up.
    place.qubx(&["kernel", "list"]).await.code(0);
    place.finish().await;
}

#[tokio::test]
async fn without_a_session_a_screen_says_how_to_start_one() {
    let Some(place) = Place::new() else { return };
    let list = place.qubx(&["kernel", "list"]).await.code(0).stdout;
    says(&list, &["No session is running. Start one: qubx run config.yml --paper"]);
    let nothing = place.qubx(&["attach"]).await.code(1);
    nothing.says(&["no session is running", "start one: qubx run config.yml --paper"]);
    place.finish().await;
}
