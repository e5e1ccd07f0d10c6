//! The steps of something that takes a while, on standard error: a line for each that is done, and on a terminal below
//! them the one that is under way, with the time that it has taken so far.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::out::{end_progress, progress, say, tell_marked};

/// How often the step that is under way is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// What turns beside it.
const TURNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// Lines with a mark and the time since the beginning.
pub(crate) struct Steps {
    shown: bool,
    began: Instant,
    colour: bool,
    /// What is under way, and since when. Whoever writes a line holds this, so that no drawing comes after its end.
    under_way: UnderWay,
    /// Draws it while this lives; on a terminal only.
    drawing: JoinSet<()>,
    is_live: bool,
}

type UnderWay = Arc<Mutex<Option<(String, Instant)>>>;

impl Steps {
    pub(crate) fn new(shown: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let is_dumb = std::env::var_os("TERM").is_none_or(|kind| kind == "dumb");
        Self {
            shown,
            began: Instant::now(),
            colour: is_terminal && !crate::screen::no_color(),
            under_way: Arc::default(),
            drawing: JoinSet::new(),
            is_live: shown && is_terminal && !is_dumb,
        }
    }

    /// Says what is under way now; only a terminal shows it.
    pub(crate) fn begin(&mut self, step: &str) {
        if !self.is_live {
            return;
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way = Some((step.to_owned(), Instant::now()));
        drop(under_way);
        if self.drawing.is_empty() {
            let (under_way, began) = (Arc::clone(&self.under_way), self.began);
            self.drawing.spawn(async move {
                loop {
                    draw(&under_way, began);
                    tokio::time::sleep(DRAWN_EVERY).await;
                }
            });
        }
    }

    /// Says how far what is under way is now.
    pub(crate) fn go_on(&mut self, step: &str) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, _)) = &mut *under_way {
            step.clone_into(text);
        }
    }

    pub(crate) fn done(&mut self, step: &str) {
        self.line("✓", "32", step);
    }

    /// Says that a step is over and did not bring all that it should.
    pub(crate) fn warned(&mut self, step: &str) {
        self.line("!", "33", step);
    }

    pub(crate) fn failed(&mut self, step: &str) {
        self.line("✗", "31", step);
    }

    fn line(&mut self, mark: &str, colour: &str, step: &str) {
        if !self.shown {
            return;
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way = None;
        let seconds = self.began.elapsed().as_secs_f64();
        if self.colour {
            tell_marked((colour, mark), step, &format!("{seconds:.1} s"));
        } else {
            say!("{mark} {step} ({seconds:.1} s)");
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.take().is_some() {
            end_progress();
        }
    }
}

fn draw(under_way: &UnderWay, began: Instant) {
    let under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((step, since)) = &*under_way {
        progress(&live(step, since.elapsed(), began.elapsed()));
    }
}

/// Returns the line of the step that is under way; what is over in a moment needs no time.
fn live(step: &str, so_far: Duration, since_the_beginning: Duration) -> String {
    let turn = since_the_beginning.as_millis() / DRAWN_EVERY.as_millis();
    let turn = TURNS[usize::try_from(turn).unwrap_or_default() % TURNS.len()];
    match so_far.as_secs() {
        0 => format!("{turn} {step} …"),
        seconds => format!("{turn} {step} … {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_says_how_long() {
        let line = |so_far, all| live("starting", Duration::from_millis(so_far), Duration::from_millis(all));
        assert_eq!(line(0, 0), "⠋ starting …");
        assert_eq!(line(999, 100), "⠙ starting …");
        assert_eq!(line(3_400, 1_000), "⠋ starting … 3 s");
    }
}
