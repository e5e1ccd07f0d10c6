//! The terminal: taken when a screen opens, given back however it closes.
//!
//! It is given back by [`Terminal`]'s end, by a panic of any thread before its message is printed, and by a process that
//! guards it when this one is killed. In between it can be lent to another program.

mod device;
mod guard;
mod keys;
mod mode;
mod output;
mod sequences;

use std::future::Future;
use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::Event;
use rustix::process::{Pid, Signal, getpgrp, getpid, getsid, kill_process, kill_process_group};
use tokio::sync::Notify;

use self::device::Tty;
use self::keys::Keys;
use self::mode::Mode;
pub(crate) use self::output::Device;
use self::output::Output;
use crate::app::App;
use crate::layout::Size;
use crate::signals::Signals;
use crate::view;

pub use guard::was_a_guard;

/// Whether the terminal was given back by a panic, perhaps of another thread, while a screen still draws.
static PANICKED: AtomicBool = AtomicBool::new(false);
/// Wakes the screen then.
static PANIC: Notify = Notify::const_new();

/// What a screen takes of a terminal, beside the screen and the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its mouse.
    pub(crate) mouse: bool,
    /// Memory for pictures, which it keeps until it is told to forget them.
    pub(crate) pictures: bool,
}

/// The terminal while this lives; dropping it gives the terminal back.
pub(crate) struct Terminal {
    canvas: Canvas<Tty>,
    /// None while the terminal is lent: then its keys are for another program.
    keys: Option<Keys>,
    /// What is taken beside the screen.
    taken: Taken,
}

impl Terminal {
    /// Takes the terminal, with what is wanted of it. A panic from now on gives it back before its message is
    /// printed.
    pub(crate) fn take(taken: Taken) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                PANICKED.store(true, Ordering::Relaxed);
                device::give_back();
                PANIC.notify_one();
                hook(info);
            }));
        });
        let canvas = Canvas::new(Tty)?;
        // If a step fails, the drop undoes those before it.
        let mut terminal = Self { canvas, keys: None, taken };
        terminal.take_again()?;
        Ok(terminal)
    }

    /// Takes the terminal back from whoever had it meanwhile; the next drawing writes everything.
    pub(crate) fn take_again(&mut self) -> io::Result<()> {
        device::take(self.taken)?;
        if self.keys.is_none() {
            self.keys = Some(Keys::begin()?);
        }
        self.canvas.forget()
    }

    /// Returns the size of the terminal.
    pub(crate) fn size(&self) -> io::Result<Size> {
        self.canvas.size()
    }

    /// Waits for something that is typed, pasted or done to the terminal; none when it is gone. May be dropped half-way.
    ///
    /// # Errors
    /// When the terminal fails, or was given back because some part of the program panicked.
    pub(crate) async fn event(&mut self) -> io::Result<Option<Event>> {
        let Some(keys) = &mut self.keys else { return std::future::pending().await };
        tokio::select! {
            biased;
            () = PANIC.notified() => Err(panicked()),
            event = keys.next() => event.transpose(),
        }
    }

    /// Returns the next such thing if it is there already.
    pub(crate) fn event_now(&mut self) -> Option<Event> {
        // An error comes again to who waits.
        self.keys.as_mut()?.next_now()?.ok()
    }

    /// Tells whether the terminal is gone: its window was closed, or its connection.
    pub(crate) fn is_gone(&self) -> bool {
        device::is_gone()
    }

    /// Draws the screen, and its name in the window's title when that has changed. Writes nothing when nothing of it is
    /// new.
    ///
    /// # Errors
    /// When the terminal fails, or was given back because some part of the program panicked.
    pub(crate) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        if PANICKED.load(Ordering::Relaxed) {
            return Err(panicked());
        }
        self.canvas.draw(app)
    }

    /// Makes the next drawing write everything, also what seems unchanged.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.canvas.forget()
    }

    /// Has the terminal given back also when this process is killed.
    pub(crate) fn guard(&self) {
        device::guard();
    }

    /// Gives the terminal back while `borrower` goes on, and takes it again. Nothing else of the screen goes on meanwhile.
    /// `ending` tells the borrower that the screen must end.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub(crate) async fn lend<B: Future>(
        &mut self,
        signals: &mut Signals,
        ending: &Notify,
        borrower: B,
    ) -> io::Result<B::Output> {
        let before = self.give_back();
        let result = signals.stop_along_with(ending, borrower).await;
        // A borrower that was killed has left the terminal as it needed it, which is nothing to give back later.
        before.into_iter().for_each(device::put_back);
        self.take_again()?;
        Ok(result)
    }

    /// Gives the terminal back, stops this process, and takes the terminal again when it is continued. With `group` all
    /// that the shell runs as one job is stopped, as by the terminal's own key.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub(crate) async fn suspend(&mut self, signals: &mut Signals, group: bool) -> io::Result<()> {
        self.give_back();
        signals.forget_continued();
        if group {
            kill_process_group(getpgrp(), Signal::STOP)?
        } else {
            stop_this()?
        }
        // The signal may reach this thread later than its next line.
        signals.continued().await;
        self.take_again()
    }

    fn give_back(&mut self) -> Option<Mode> {
        self.keys = None;
        device::give_back()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
        device::unguard();
    }
}

/// Stops this process until somebody continues it.
pub(crate) fn stop_this() -> io::Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}

/// Tells whether a shell is there that would continue this process: not in the group that the terminal began with.
pub(crate) fn can_be_continued() -> bool {
    getsid(None::<Pid>).is_ok_and(|session| session != getpgrp())
}

fn panicked() -> io::Error {
    io::Error::other("a part of this program panicked; its message is above")
}

/// A screen drawn on a device.
pub(crate) struct Canvas<D: Device> {
    inner: ratatui::Terminal<Output<D>>,
    title: String,
}

impl<D: Device> Canvas<D> {
    pub(crate) fn new(device: D) -> io::Result<Self> {
        Ok(Self { inner: ratatui::Terminal::new(Output::new(device))?, title: String::new() })
    }

    fn size(&self) -> io::Result<Size> {
        let size = self.inner.size()?;
        Ok(Size { columns: size.width, rows: size.height })
    }

    /// Draws what has changed. The device may have another size than the state has heard of: what counts is where the
    /// drawing goes.
    pub(crate) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        let title = view::title(app);
        if title != self.title {
            self.inner.backend_mut().add(&sequences::title(&title));
            self.title = title;
        }
        let cell = self.inner.backend_mut().cell();
        self.inner.draw(|frame| {
            let area = frame.area();
            app.measure(Size { columns: area.width, rows: area.height }, cell);
            view::view(app, frame);
        })?;
        self.inner.backend_mut().write(&app.pictures.shelf)
    }

    /// Makes the next drawing write everything: what the device shows is not known.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.inner.backend_mut().forget();
        self.title.clear();
        self.inner.clear()
    }

    #[cfg(test)]
    pub(crate) fn device(&mut self) -> &mut D {
        self.inner.backend_mut().device()
    }
}
