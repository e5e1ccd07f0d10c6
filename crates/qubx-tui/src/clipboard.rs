//! The clipboard of whoever sits before the terminal, also over ssh: the terminal is asked to take a text.

use std::io::{self, Write, stdout};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

/// What is to be copied next, and whether a thread copies.
static NEXT: Mutex<Next> = Mutex::new(Next { text: None, is_copying: false });

struct Next {
    text: Option<String>,
    is_copying: bool,
}

/// Copies a text. Inside tmux it goes to tmux, which has a buffer of its own and passes it on to its terminal; programs
/// are not allowed to ask that terminal themselves unless `set-clipboard` is on.
pub(crate) fn copy(text: String) {
    let is_in_tmux = std::env::var_os("TMUX").is_some_and(|socket| !socket.is_empty());
    // Errors are left alone: a terminal that is gone is noticed by the next drawing.
    if !is_in_tmux {
        let _ = ask_terminal(&text);
        return;
    }
    let mut next = next();
    next.text = Some(text);
    // tmux may be slow, and typing waits for nothing. One thread copies, so that the last text is the last one copied,
    // and a key that is held does not start a hundred commands at a time. It ends when there is nothing more.
    if !next.is_copying {
        next.is_copying = std::thread::Builder::new().name("copy".to_owned()).spawn(copy_all).is_ok();
    }
}

fn next() -> MutexGuard<'static, Next> {
    NEXT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn copy_all() {
    loop {
        let text = {
            let mut next = next();
            let Some(text) = next.text.take() else {
                next.is_copying = false;
                return;
            };
            text
        };
        // Before tmux 3.2 a buffer is not passed on.
        let ways = [&["load-buffer", "-w", "-"][..], &["load-buffer", "-"]];
        if ways.iter().all(|words| give_tmux(words, &text).is_err()) {
            let _ = ask_terminal(&text);
        }
    }
}

fn ask_terminal(text: &str) -> io::Result<()> {
    execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
}

fn give_tmux(words: &[&str], text: &str) -> io::Result<()> {
    let mut tmux = Command::new("tmux")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let written = tmux.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
    let status = tmux.wait()?;
    written?;
    if status.success() { Ok(()) } else { Err(io::Error::other("tmux did not take the text")) }
}
