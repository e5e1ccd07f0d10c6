//! Every state that a screen can be in, really caused, with what it says then, in a real terminal.

mod kernel;
mod link;
mod trading;

use crate::harness::{Place, Terminal};

/// Wide enough that nothing which is looked for is broken over two lines.
const SIZE: (u16, u16) = (220, 50);

/// Opens a terminal with a screen on a session that runs, and waits until it takes keys.
async fn attach<'a>(place: &'a Place, name: &str) -> Option<Terminal<'a>> {
    let terminal = Terminal::open(place, "screen", SIZE.0, SIZE.1).await?;
    terminal.qubx(&format!("attach {name}")).await;
    terminal.shows("kernel idle").await;
    terminal.is_awake().await;
    Some(terminal)
}

/// Asserts that a text has all of these.
#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}
