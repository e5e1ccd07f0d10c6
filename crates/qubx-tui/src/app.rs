//! The state of one screen: the session's copy, and what is this screen's own. No I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use qubx_client::{Link, Mirror};
use qubx_protocol::{CellNumber, Command, CommandId, Completion, InstrumentId, OrderId, RequestId, Role};

use crate::ScreenOptions;
use crate::answer::AnswerLine;
use crate::dialog::{DEAF, Dialog};
use crate::facts::{self, Facts};
use crate::form::Form;
use crate::keymap::{Action, Context, Key, Keymap, Panel};
use crate::layout::{Room, Size};
use crate::message::Now;
use crate::palette::Palette;
use crate::progress::Leg;
use crate::prompt::Prompt;
use crate::recall::Recall;
use crate::theme::{Theme, ThemeChoice};
use crate::ticket::Ticket;
use crate::transcript::Transcript;
use crate::update::ticket::SentTicket;

/// Results kept on the screen until dismissed; the oldest goes for a new one.
const MOST_NOTICES: usize = 3;
/// How long a hint is shown.
const HINT: Duration = Duration::from_secs(3);

/// One screen.
pub(crate) struct App {
    pub(crate) options: ScreenOptions,
    pub(crate) theme: Theme,
    pub(crate) keymap: Keymap,
    /// The first of two keys, while the second is waited for.
    pub(crate) pressed: Vec<Key>,
    pub(crate) now: Now,
    pub(crate) size: Size,
    /// Whether this terminal is the one that is typed into, as far as it says so.
    pub(crate) has_focus: bool,
    pub(crate) mirror: Mirror,
    pub(crate) transcript: Transcript,
    pub(crate) prompt: Prompt,
    /// The line that a cell waits for, in the place of the prompt; none while no cell waits for one.
    pub(crate) answer: Option<AnswerLine>,
    pub(crate) recall: Option<Recall>,
    pub(crate) popup: Option<Popup>,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) ticket: Option<Ticket>,
    /// The ticket whose order was sent last, in case that it is refused.
    pub(crate) sent_ticket: Option<SentTicket>,
    /// The commands to choose from, while they are open.
    pub(crate) palette: Option<Palette>,
    /// The action of the strategy whose arguments are being typed.
    pub(crate) form: Option<Form>,
    /// The first line of the help in view, while it is open.
    pub(crate) help: Option<usize>,
    /// Input or Panel; without a prompt always Panel.
    pub(crate) context: Context,
    /// The panel that has the keys in the panel context.
    pub(crate) panel: Panel,
    /// The table that is shown where only one is.
    pub(crate) table: Panel,
    pub(crate) selection: Selection,
    pub(crate) notices: VecDeque<Notice>,
    /// The parts of the verb that was sent last, until its id is known.
    pub(crate) sent_legs: Vec<Leg>,
    pub(crate) hint: Option<Hint>,
    /// Enter was pressed, and the kernel is asked whether the prompt is whole.
    pub(crate) pending_enter: Option<PendingEnter>,
    /// The completion that is asked for.
    pub(crate) pending_completion: Option<PendingCompletion>,
    /// The page of older history that is asked for.
    pub(crate) pending_older: Option<RequestId>,
    /// The cell that was last interrupted here, and when first.
    pub(crate) interrupted: Option<(CellNumber, Instant)>,
    pub(crate) leaving: Option<Leaving>,
    /// Keys before this are dropped: what a terminal says at start is no input.
    pub(crate) deaf_until: Instant,
    /// When the connection was lost, while it is.
    pub(crate) lost_since: Option<Instant>,
}

/// The completions to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Popup {
    /// The characters that a completion replaces.
    pub(crate) range: (usize, usize),
    pub(crate) matches: Vec<Completion>,
    pub(crate) selected: usize,
}

/// The selected row of each table, by what it is about: a row that moves stays selected, one that is gone is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) position: Option<InstrumentId>,
    pub(crate) order: Option<OrderId>,
    pub(crate) instrument: Option<InstrumentId>,
}

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

#[derive(Clone, Debug)]
pub(crate) struct PendingEnter {
    pub(crate) request: Option<RequestId>,
    pub(crate) deadline: Instant,
}

#[derive(Clone, Debug)]
pub(crate) struct PendingCompletion {
    pub(crate) request: Option<RequestId>,
    pub(crate) text: String,
    pub(crate) cursor: usize,
}

/// A way out that waits for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// The session is asked to stop; it is left when it has ended.
    Stopping { command: Option<CommandId> },
    /// The ownership is given up; the screen is left when that is acknowledged.
    Releasing { command: Option<CommandId> },
}

impl App {
    /// Returns the state of a screen that has just opened.
    pub(crate) fn new(options: ScreenOptions, size: Size, now: Now) -> Self {
        let theme = if options.no_color {
            Theme::monochrome()
        } else {
            Theme::new(options.settings.theme, options.colors)
        };
        let keymap = options.settings.keymap.clone();
        let mistakes = mistakes(&options.mistakes);
        let context = if options.role >= Role::Admin { Context::Input } else { Context::Panel };
        Self {
            theme,
            prompt: Prompt::new(keymap.preset),
            keymap,
            pressed: Vec::new(),
            options,
            now,
            size,
            has_focus: true,
            mirror: Mirror::default(),
            transcript: Transcript::new(theme),
            answer: None,
            recall: None,
            popup: None,
            dialog: None,
            ticket: None,
            sent_ticket: None,
            palette: None,
            form: None,
            help: None,
            context,
            panel: Panel::Session,
            table: Panel::Positions,
            selection: Selection::default(),
            notices: mistakes.into_iter().collect(),
            sent_legs: Vec::new(),
            hint: None,
            pending_enter: None,
            pending_completion: None,
            pending_older: None,
            interrupted: None,
            leaving: None,
            deaf_until: now.instant + DEAF,
            lost_since: None,
        }
    }

    /// Returns when something must happen without any input; none when nothing must.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let enter = self.pending_enter.as_ref().map(|pending| pending.deadline);
        let hint = self.hint.as_ref().map(|hint| hint.until);
        enter.into_iter().chain(hint).min()
    }

    /// Tells whether this screen may give a command.
    pub(crate) fn may(&self, command: &Command) -> bool {
        self.options.role >= command.needs()
    }

    /// Tells whether there is a prompt.
    pub(crate) fn has_prompt(&self) -> bool {
        self.options.role >= Role::Admin
    }

    /// Tells whether the session's life is this screen's to decide.
    pub(crate) fn owns(&self) -> bool {
        self.options.owner && self.may(&Command::Release)
    }

    /// Returns where keys go, apart from an open list of completions.
    pub(crate) fn keys_context(&self) -> Context {
        match self.context {
            Context::Input if self.answer.is_some() => Context::Answer,
            context => context,
        }
    }

    /// Returns the text being typed: the answer while a cell asks, else the prompt.
    pub(crate) fn typed(&mut self) -> &mut Prompt {
        match &mut self.answer {
            Some(answer) => &mut answer.text,
            None => &mut self.prompt,
        }
    }

    /// Returns how an action is reached from where the keys go now.
    pub(crate) fn reach(&self, action: Action) -> String {
        self.keymap.reach(self.keys_context(), action)
    }

    /// Changes the theme of everything, also of what is laid out already.
    pub(crate) fn set_theme(&mut self, choice: ThemeChoice) {
        self.theme = Theme::new(choice, self.options.colors);
        self.transcript.set_theme(self.theme);
    }

    /// Tells whether something lies over the screen and has the keys.
    pub(crate) fn is_covered(&self) -> bool {
        self.dialog.is_some()
            || self.help.is_some()
            || self.palette.is_some()
            || self.form.is_some()
            || self.ticket.is_some()
    }

    /// Returns how much fits.
    pub(crate) fn room(&self) -> Room {
        self.size.room()
    }

    /// Returns the panel that is seen where only one is.
    pub(crate) fn shown_panel(&self) -> Panel {
        if self.room() <= Room::Narrow { Panel::Session } else { self.panel }
    }

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

    /// Returns why the session is over for this screen; none while it is not.
    pub(crate) fn over(&self) -> Option<&str> {
        match &self.mirror.link {
            Link::Closed(error) => Some(&error.message),
            _ => None,
        }
    }

    /// Tells whether leaving this screen stops the strategy without a question.
    pub(crate) fn stops_on_quit(&self) -> bool {
        self.owns() && !self.mirror.is_live() && facts::is_alone(&self.mirror)
    }
}

/// Returns the notice of what is wrong with the user's settings; none when nothing is.
fn mistakes(mistakes: &[String]) -> Option<Notice> {
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
