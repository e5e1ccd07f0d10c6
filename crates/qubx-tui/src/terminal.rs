//! The terminal: taken when a screen opens, given back however it closes.

use std::io::{self, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::SetTitle;
use ratatui::DefaultTerminal;

use crate::app::App;
use crate::layout::Size;
use crate::view;

/// Whether the terminal was given back by a panic, perhaps of another thread, while a screen still draws.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The terminal while this lives; dropping it gives the terminal back.
pub(crate) struct Terminal {
    inner: DefaultTerminal,
    title: String,
}

impl Terminal {
    /// Takes the terminal. A panic from now on gives it back before its message is printed.
    pub(crate) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                PANICKED.store(true, Ordering::Relaxed);
                leave();
                hook(info);
            }));
        });
        let inner = ratatui::try_init()?;
        let mut terminal = Self { inner, title: String::new() };
        // The window's title is put aside and comes back at the end.
        terminal.inner.backend_mut().write_all(b"\x1b[22;0t")?;
        execute!(stdout(), EnableBracketedPaste)?;
        Ok(terminal)
    }

    /// Returns the size of the terminal.
    pub(crate) fn size(&self) -> io::Result<Size> {
        let size = self.inner.size()?;
        Ok(Size { columns: size.width, rows: size.height })
    }

    /// Draws the screen, and its name in the window's title when that has changed.
    ///
    /// # Errors
    /// When the terminal fails, or was given back because some part of the program panicked.
    pub(crate) fn draw(&mut self, app: &App) -> io::Result<()> {
        if PANICKED.load(Ordering::Relaxed) {
            return Err(io::Error::other("a part of this program panicked; its message is above"));
        }
        let title = view::title(app);
        if title != self.title {
            execute!(stdout(), SetTitle(&title))?;
            self.title = title;
        }
        self.inner.draw(|frame| view::view(app, frame))?;
        Ok(())
    }

    /// Makes the next drawing write everything, also what seems unchanged.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if PANICKED.load(Ordering::Relaxed) {
            return;
        }
        leave();
        ratatui::restore();
    }
}

/// Undoes what this module did. Errors are ignored: the terminal may be gone.
fn leave() {
    let _ = stdout().write_all(b"\x1b[23;0t");
    let _ = execute!(stdout(), DisableBracketedPaste);
}
