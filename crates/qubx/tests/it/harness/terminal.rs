//! A terminal in tmux: keys go in, and its text can be looked at.

use std::path::PathBuf;
use std::time::Instant;

use tokio::process::Command;

use super::{AGAIN, LIMIT, Place, needs, wait_for};

/// A terminal with a shell in it.
pub(crate) struct Terminal<'a> {
    place: &'a Place,
    tmux: PathBuf,
    socket: PathBuf,
}

impl<'a> Terminal<'a> {
    /// Opens a terminal; none without tmux.
    pub(crate) async fn open(place: &'a Place, name: &str, columns: u16, rows: u16) -> Option<Self> {
        let terminal =
            Self { place, tmux: needs::program("tmux")?, socket: place.path(&format!("{name}.tmux")) };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        terminal
            .tmux(&[
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                &columns,
                "-y",
                &rows,
                "env PS1='shell> ' sh",
            ])
            .await;
        terminal.shows("shell>").await;
        Some(terminal)
    }

    async fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.tmux);
        self.place.prepare(&mut command);
        command
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments);
        self.place.finish_command(command, "").await.code(0).stdout
    }

    /// Types a line at the shell.
    pub(crate) async fn shell(&self, line: &str) {
        self.types(line).await;
        self.key("Enter").await;
    }

    /// Runs the program at the shell.
    pub(crate) async fn qubx(&self, arguments: &str) {
        self.shell(&format!("{} {arguments}", env!("CARGO_BIN_EXE_qubx"))).await;
    }

    pub(crate) async fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]).await;
    }

    /// Presses a key, by tmux's name for it.
    pub(crate) async fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]).await;
    }

    /// Presses a key until the terminal shows a text: a dialog that has just opened is deaf.
    pub(crate) async fn presses(&self, key: &str, text: &str) {
        self.presses_until(key, &format!("`{text}`"), |seen| seen.contains(text)).await;
    }

    /// Presses a key until a dialog has gone: one that has just opened is deaf.
    pub(crate) async fn answers(&self, key: &str, dialog: &str) {
        self.shows(dialog).await;
        self.presses_until(key, &format!("the end of `{dialog}`"), |seen| !seen.contains(dialog)).await;
    }

    /// Waits until the screen takes keys: in its first moments they are text only.
    pub(crate) async fn is_awake(&self) {
        self.presses("#", "] #").await;
        self.presses_until("C-u", "an empty prompt", |seen| !seen.contains("] #")).await;
    }

    /// Presses a key, and again whenever that has shown nothing for a while: what is pressed too often comes later, to
    /// whatever takes keys then.
    async fn presses_until(&self, key: &str, what: &str, is_there: impl Fn(&str) -> bool) {
        let began = Instant::now();
        loop {
            self.key(key).await;
            let pressed = Instant::now();
            while pressed.elapsed() < AGAIN {
                let seen = self.text().await;
                if is_there(&seen) {
                    return;
                }
                assert!(began.elapsed() < LIMIT, "{what} is not seen in\n{seen}");
            }
        }
    }

    /// Returns what the terminal shows.
    pub(crate) async fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).await
    }

    /// Returns what the terminal shows, with the sequences of its colours.
    pub(crate) async fn colors(&self) -> String {
        self.tmux(&["capture-pane", "-e", "-p"]).await
    }

    /// Waits until the terminal shows a text, and returns everything that it shows then.
    pub(crate) async fn shows(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let seen = self.text().await;
            if seen.contains(text) {
                return seen;
            }
            assert!(began.elapsed() < LIMIT, "`{text}` is not in\n{seen}");
        }
    }

    /// Records all bytes that the terminal is given from now on, in a file.
    pub(crate) async fn record(&self, name: &str) -> PathBuf {
        let path = self.place.write(&format!("{name}.raw"), "");
        // The one before ends with the first call.
        self.tmux(&["pipe-pane"]).await;
        self.tmux(&["pipe-pane", &format!("exec cat >> {}", path.display())]).await;
        path
    }

    /// Returns what was recorded, once it has a text.
    pub(crate) async fn recorded(&self, path: &PathBuf, text: &str) -> Vec<u8> {
        wait_for(&format!("`{text}` in the record"), async || {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes()).then_some(bytes)
        })
        .await
    }

    /// Lets programs fill the terminal's clipboard, as some terminals do.
    pub(crate) async fn takes_the_clipboard(&self) {
        self.tmux(&["set-option", "-s", "set-clipboard", "on"]).await;
    }

    /// Returns the names of what programs have put into the clipboard.
    pub(crate) async fn clipboard(&self) -> String {
        self.tmux(&["list-buffers"]).await
    }

    /// Returns the title that programs have given the terminal.
    pub(crate) async fn title(&self) -> String {
        self.tmux(&["display-message", "-p", "#{pane_title}"]).await
    }

    /// Tells whether a program has taken the whole terminal over.
    pub(crate) async fn is_taken_over(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{alternate_on}"]).await.trim() == "1"
    }

    /// Waits until no program has the whole terminal any more.
    pub(crate) async fn is_given_back(&self) {
        let began = Instant::now();
        while self.is_taken_over().await {
            assert!(began.elapsed() < LIMIT, "the terminal is not given back:\n{}", self.text().await);
        }
    }

    pub(crate) async fn close(self) {
        self.tmux(&["kill-server"]).await;
    }
}
