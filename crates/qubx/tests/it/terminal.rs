//! The terminal screen in a real terminal.

use crate::harness::{IDLE, Place, Screen, Terminal, config};

async fn check(columns: u16, rows: u16) {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(owner) = Terminal::open(&place, "owner", columns, rows).await else {
        return place.finish().await;
    };
    owner.shell("echo before").await;
    owner.qubx("run idle.yml --paper --textual").await;
    owner.shows("kernel idle").await;
    let shown = owner.text().await;
    for part in ["PAPER", "idle", "In["] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    owner.shows("quit (stops the strategy)").await;
    assert!(owner.is_taken_over().await);
    owner.is_awake().await;
    owner.shell("6 * 7").await;
    owner.shows("42").await;

    let other = Terminal::open(&place, "other", columns, rows).await.unwrap();
    other.qubx("attach idle").await;
    other.shows("6 * 7").await;
    other.shows("42").await;
    other.shows("detach (keeps running)").await;
    other.is_awake().await;
    other.shell("print('from the', 'other')").await;
    owner.shows("from the other").await;
    // With somebody else there, the owner's key asks first.
    owner.shows("quit…").await;
    other.key("C-q").await;
    other.shows("shell>").await;
    other.is_given_back().await;
    // A question is no screen: after it the owner is alone all the same.
    place.qubx(&["status", "idle"]).await.code(0);

    // Alone and on paper, it stops the strategy.
    owner.shows("quit (stops the strategy)").await;
    owner.key("C-q").await;
    owner.is_given_back().await;
    owner.shell("echo code $?; echo back-$((1 + 1))").await;
    let restored = owner.shows("back-2").await;
    assert!(restored.contains("echo before") && restored.contains("code 0"), "{restored}");
    assert!(place.path("stopped").exists(), "on_stop ran");
    owner.close().await;
    other.close().await;
    place.finish().await;
}

#[tokio::test]
async fn the_screen_works_on_a_wide_terminal() {
    check(120, 40).await;
}

#[tokio::test]
async fn the_screen_works_on_a_small_terminal() {
    check(80, 24).await;
}

#[tokio::test]
async fn an_owner_that_leaves_it_running_leaves_it_running() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(owner) = Terminal::open(&place, "owner", 100, 30).await else { return place.finish().await };
    owner.qubx("run idle.yml --paper --textual").await;
    owner.shows("kernel idle").await;
    let screen = Screen::attach(&place, "idle", "op1").await;
    owner.shows("quit…").await;
    owner.key("C-q").await;
    let dialog = owner.shows("leave it running").await;
    assert!(dialog.contains("stop: cancel orders, keep positions") && dialog.contains("ancel"), "{dialog}");
    // A dialog that has just opened is deaf to keys.
    owner.presses("l", "goes on; watch it with").await;
    screen.close().await;
    place.qubx(&["status", "idle"]).await.code(0);
    owner.close().await;
    place.stop_and_finish("idle").await;
}
