//! The clipboard of whoever sits before the terminal, also over ssh: the terminal is asked to take a text.

use std::io::{self, Write, stdout};
use std::process::{Command, Stdio};

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

/// Copies a text. Inside tmux it goes to tmux, which has a buffer of its own and passes it on to its terminal; programs
/// are not allowed to ask that terminal themselves unless `set-clipboard` is on.
pub(crate) fn copy(text: String) {
    let is_in_tmux = std::env::var_os("TMUX").is_some_and(|socket| !socket.is_empty());
    // Errors are left alone: a terminal that is gone is noticed by the next drawing.
    if !is_in_tmux {
        let _ = ask_terminal(&text);
        return;
    }
    // tmux may be slow, and typing waits for nothing. The thread ends with the command.
    let give = move || {
        // Before tmux 3.2 a buffer is not passed on.
        if [&["load-buffer", "-w", "-"][..], &["load-buffer", "-"]]
            .iter()
            .all(|words| give_tmux(words, &text).is_err())
        {
            let _ = ask_terminal(&text);
        }
    };
    let _ = std::thread::Builder::new().name("copy".to_owned()).spawn(give);
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
