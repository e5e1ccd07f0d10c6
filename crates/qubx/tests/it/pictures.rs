//! An image that a cell shows, in a real terminal.

use crate::harness::{Place, Terminal};

/// Shows an image of 16 by 8 pixels: orange above, blue below.
const CELL: &str = "import base64; from IPython.display import Image; Image(data=base64.b64decode('\
    iVBORw0KGgoAAAANSUhEUgAAABAAAAAICAIAAAB/FOjAAAAAGUlEQVR42mP43yBAEmIYhBoEFD6QhAahBgAsGqvBRPVa/AAAAABJRU5ErkJggg=='))";

#[tokio::test]
async fn an_image_of_a_cell_is_seen_and_the_terminal_is_left_without_it() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = Terminal::open(&place, "blocks", 120, 40).await else {
        return place.stop_and_finish("idle").await;
    };
    let attach = format!("COLORTERM=truecolor {} attach idle", env!("CARGO_BIN_EXE_qubx"));
    terminal.shell(&attach).await;
    terminal.shows("kernel idle").await;
    terminal.is_awake().await;
    terminal.shell(CELL).await;
    // Four rows of half blocks, each as wide as the image: two of each colour.
    terminal.shows(&format!("  {} ", "▀".repeat(16))).await;
    let colors = terminal.colors().await;
    for color in ["255;128;16", "16;32;240"] {
        assert!(
            colors.contains(&format!("38;2;{color}")) && colors.contains(&format!("48;2;{color}")),
            "{colors:?}"
        );
    }
    let rows = terminal.text().await.lines().filter(|line| line.contains(&"▀".repeat(16))).count();
    assert_eq!(rows, 4);

    // Another screen, whose user says that the terminal knows kitty's graphics.
    let settings = place.home().join("config.toml");
    std::fs::write(&settings, "[screen]\nimages = \"kitty\"\n").unwrap();
    let other = Terminal::open(&place, "kitty", 120, 40).await.unwrap();
    let record = other.record("kitty").await;
    other.shell(&attach).await;
    let given = other.recorded(&record, "\x1b_Ga=T,U=1,f=100,").await;
    other.shows("detach (keeps running)").await;
    other.is_awake().await;
    other.key("C-q").await;
    other.is_given_back().await;
    let left = other.recorded(&record, "\x1b_Ga=d,d=R,").await;
    assert!(!left[given.len()..].windows(7).any(|bytes| bytes == b"\x1b_Ga=T,"), "it is given once");

    // What the test wrote is not for the check of what the program wrote.
    std::fs::remove_file(settings).unwrap();
    terminal.key("C-q").await;
    terminal.is_given_back().await;
    terminal.close().await;
    other.close().await;
    place.stop_and_finish("idle").await;
}
