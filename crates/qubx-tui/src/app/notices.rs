//! What came of verbs, and short words about keys. No I/O.

use std::time::{Duration, Instant};

use qubx_protocol::CommandId;

use super::App;
use crate::progress::Leg;

/// Results kept on the screen until dismissed; the oldest goes for a new one.
const MOST_NOTICES: usize = 3;
/// How long a hint is shown.
const HINT: Duration = Duration::from_secs(3);

/// The result of a verb, shown until dismissed.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) command: Option<CommandId>,
    pub(crate) text: String,
    pub(crate) state: NoticeState,
    /// Its parts, for a verb that has some.
    pub(crate) legs: Vec<Leg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoticeState {
    UnderWay,
    Done,
    Failed,
}

/// A short word about a key that did nothing.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    pub(crate) text: String,
    pub(crate) until: Instant,
}

impl App {
    /// Shows a short word.
    pub(crate) fn hint(&mut self, text: impl Into<String>) {
        self.hint = Some(Hint { text: text.into(), until: self.now.instant + HINT });
    }

    /// Shows the result of a verb, in the place of an earlier one of the same command.
    pub(crate) fn notice(&mut self, notice: Notice) {
        let same = |known: &&mut Notice| notice.command.is_some() && known.command == notice.command;
        if let Some(known) = self.notices.iter_mut().find(same) {
            // Its parts go on.
            let legs = std::mem::take(&mut known.legs);
            *known = Notice { legs, ..notice };
            return;
        }
        if self.notices.len() == MOST_NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}

/// Returns the notice of what is wrong with the user's settings; none when nothing is.
pub(super) fn mistakes(mistakes: &[String]) -> Option<Notice> {
    let first = mistakes.first()?;
    let more = match mistakes.len() - 1 {
        0 => String::new(),
        more => format!(" (+{more} more; qubx validate names all)"),
    };
    Some(Notice {
        command: None,
        text: format!("{first}{more}"),
        state: NoticeState::Failed,
        legs: Vec::new(),
    })
}
