//! The terminal of a screen, however the screen ends, and whatever is done to it meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Place, Pty, Terminal, send_signal, wait_for};

/// Opens a screen on a session that does nothing, and waits until it is whole.
fn attach(place: &Place, columns: u16, rows: u16) -> Pty {
    let mut pty = Pty::open(place, columns, rows, &["attach", "idle"]);
    pty.shows("a whole screen", |pty| {
        let text = pty.screen().contents();
        pty.screen().alternate_screen() && text.contains("kernel idle") && text.contains("detach")
    });
    pty
}

#[tokio::test]
async fn a_terminal_is_as_it_was_whatever_signal_ends_its_screen() {
    let Some(place) = Place::with_idle_session().await else { return };
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::KILL] {
        let mut pty = Pty::open(&place, 100, 30, &["attach", "idle"]);
        let before = pty.modes();
        pty.shows("a whole screen", |pty| pty.screen().contents().contains("kernel idle"));
        assert!(pty.screen().alternate_screen() && pty.screen().bracketed_paste());
        assert!(pty.modes() != before, "a screen takes every key");
        pty.is_guarded();
        pty.signal(signal);
        let code = pty.ended().await;
        assert_eq!(code, if signal == Signal::KILL { None } else { Some(1) }, "{signal:?}");
        pty.shows("the terminal as it was", |pty| {
            let screen = pty.screen();
            let is_left = !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor();
            is_left && screen.contents().starts_with("typed before") && pty.modes() == before
        });
    }
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_screen_ends_with_its_terminal_also_when_no_signal_says_so() {
    let Some(place) = Place::with_idle_session().await else { return };
    for number in 0..24 {
        let mut pty = attach(&place, 100, 30);
        // A window that closes loses the focus first, and nothing can be read right behind that.
        pty.types(&"\x1b[O".repeat(number % 4));
        pty.vanishes().await;
    }
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_terminal_is_as_it_was_also_when_the_editor_of_a_cell_is_killed() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.write("editor", "#!/bin/sh\nstty raw -echo\necho $$ > \"$0.pid\"\nexec sleep 600\n");
    let editor = place.path("editor");
    std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o755)).unwrap();
    for ends_by_itself in [true, false] {
        let pid_file = place.path("editor.pid");
        let _ = std::fs::remove_file(&pid_file);
        let mut pty = Pty::open_with(&place, 100, 30, &["attach", "idle"], &[("VISUAL", editor.as_os_str())]);
        let before = pty.modes();
        pty.shows("a whole screen", |pty| pty.screen().contents().contains("kernel idle"));
        pty.read(Duration::from_millis(300));
        pty.types("\x18\x05");
        let pid =
            wait_for("the editor", async || std::fs::read_to_string(&pid_file).ok()?.trim().parse().ok())
                .await;
        if ends_by_itself {
            send_signal(pid, Signal::KILL);
            pty.shows("the screen again", |pty| pty.screen().contents().contains("the cell is as it was"));
            // Keys right behind an editor were meant for it.
            pty.read(Duration::from_millis(300));
            pty.types("\x11");
        } else {
            pty.signal(Signal::TERM);
        }
        pty.ended().await;
        pty.shows("the terminal as it was", |pty| pty.modes() == before);
    }
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_terminal_that_is_resized_in_a_flood_of_output_ends_up_as_if_drawn_anew() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut pty = attach(&place, 120, 40);
    // In its first moments a screen takes text only.
    let typed = "for i in range(20_000): print('line', i, '日本' * (i % 40))";
    pty.read(Duration::from_millis(300));
    pty.types(typed);
    pty.shows("the cell", |pty| pty.screen().contents().contains("(i % 40))"));
    pty.types("\r\r");
    pty.shows("its output", |pty| pty.screen().contents().contains("line "));
    // Sizes in an order that is the same each time.
    let mut number = 7_u32;
    let mut next = |least: u16, most: u16| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        least + u16::try_from((number >> 8) % u32::from(most - least)).unwrap()
    };
    for _ in 0..300 {
        // The emulator cannot draw a wide character in a column; a property test has those sizes.
        pty.resize(next(20, 200), next(5, 60));
        pty.read(Duration::from_millis(u64::from(next(0, 12))));
    }
    pty.resize(110, 35);
    // A frame of a size before may still be on its way: one that is higher looks whole where it is cut off, but all of those
    // have no room for this word.
    pty.shows("the end of the cell in the last size", |pty| {
        let text = pty.screen().contents();
        let is_whole = pty.screen().rows(0, 110).nth(34).is_some_and(|row| row.contains("detach"));
        is_whole && text.contains("line 19999") && text.contains("kernel idle") && text.contains("%) today")
    });
    pty.read(Duration::from_millis(200));
    let seen = pty.forget();
    // Whoever is continued draws everything anew.
    pty.signal(Signal::CONT);
    pty.shows("a new drawing", |pty| pty.screen().contents().contains("detach"));
    pty.read(Duration::from_millis(200));
    let fresh = pty.forget();
    // The first row has the clock. What the market and the equity draw goes on: of them only words count.
    let parts = |row: &str| match row.split_once("││") {
        Some((session, tables)) => {
            (session.to_owned(), tables.chars().filter(|letter| letter.is_alphabetic()).collect::<String>())
        }
        None => (row.trim_end_matches(|letter| "▁▂▃▄▅▆▇█ ".contains(letter)).to_owned(), String::new()),
    };
    for (row, (seen, fresh)) in seen.iter().zip(&fresh).enumerate().skip(1) {
        assert_eq!(parts(seen), parts(fresh), "row {row}");
    }
    pty.types("\x11");
    assert_eq!(pty.ended().await, Some(0));
    place.stop_and_finish("idle").await;
}

/// A key and a new size that come in the same moment are both seen.
#[tokio::test]
async fn what_is_typed_while_a_terminal_is_resized_is_not_lost() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut pty = attach(&place, 120, 40);
    // In its first moments a screen takes text only.
    pty.read(Duration::from_millis(300));
    let typed = "abcdefghijklmnopqrstuvwxyz".repeat(3);
    for (place, key) in typed.char_indices() {
        pty.resize(if place % 2 == 0 { 121 } else { 120 }, 40);
        pty.types(&key.to_string());
        pty.shows("the key", |pty| pty.screen().contents().contains(&typed[..=place]));
    }
    pty.types("\x11");
    assert_eq!(pty.ended().await, Some(0));
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_screen_is_stopped_by_the_shell_and_continued_and_killed() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = Terminal::open(&place, "shell", 100, 30).await else {
        return place.stop_and_finish("idle").await;
    };
    let program = env!("CARGO_BIN_EXE_qubx");
    terminal.shell("stty -g > modes").await;
    terminal.shell(&format!("sh -c 'echo $$ > pid; exec {program} attach idle'")).await;
    terminal.shows("kernel idle").await;
    terminal.is_awake().await;
    terminal.types("kept").await;
    terminal.shows("] kept").await;
    terminal.key("C-z").await;
    terminal.is_given_back().await;
    terminal.shell("stty -g >> modes; fg").await;
    terminal.shows("] kept").await;
    assert!(terminal.is_taken_over().await);
    terminal.types("!").await;
    terminal.shows("] kept!").await;
    let pid = std::fs::read_to_string(place.path("pid")).unwrap().trim().parse().unwrap();
    send_signal(pid, Signal::KILL);
    terminal.is_given_back().await;
    terminal.shell("stty -g >> modes; echo over").await;
    let modes = wait_for("the modes", async || {
        let text = std::fs::read_to_string(place.path("modes")).unwrap();
        (text.lines().count() == 3).then_some(text)
    })
    .await;
    let modes: Vec<&str> = modes.lines().collect();
    assert!(modes.iter().all(|mode| *mode == modes[0]), "{modes:?}");
    terminal.close().await;
    place.stop_and_finish("idle").await;
}
