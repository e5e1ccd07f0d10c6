//! The state of one screen: the session's copy, and what is this screen's own. No I/O.

mod notices;
mod waits;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use jiff::Timestamp;
use qubx_client::{Link, Mirror};
use qubx_protocol::{CellNumber, Command, InstrumentId, RequestId, Role};

pub(crate) use self::notices::{Hint, Notice, NoticeState};
pub(crate) use self::waits::{Back, Leaving, PendingCompletion, PendingEnter, PendingSignature, Popup};

use self::notices::mistakes;
use crate::answer::AnswerLine;
use crate::candles::Candles;
use crate::detail::Detail;
use crate::dialog::{DEAF, Dialog};
use crate::equity::EquityLine;
use crate::facts::{self, Facts};
use crate::fills::Fills;
use crate::form::Form;
use crate::keymap::{Action, Context, Key, Keymap};
use crate::layout::{Room, Size};
use crate::message::Now;
use crate::notify::Notifier;
use crate::palette::Palette;
use crate::panel::Panel;
use crate::pictures::{CellPixels, Method, Pictures};
use crate::progress::Leg;
use crate::prompt::Prompt;
use crate::recall::Recall;
use crate::search::Search;
use crate::series::SeriesLines;
use crate::signature::Signature;
use crate::table::{Table, TableView};
use crate::tables;
use crate::theme::{Theme, ThemeChoice};
use crate::ticket::Ticket;
use crate::transcript::{Transcript, View};
use crate::update::ticket::SentTicket;
use crate::view::CodeRows;
use crate::{ScreenOptions, Seen};

/// One screen.
pub(crate) struct App {
    pub(crate) options: ScreenOptions,
    pub(crate) theme: Theme,
    pub(crate) keymap: Keymap,
    /// The first of two keys, while the second is waited for.
    pub(crate) pressed: Vec<Key>,
    pub(crate) now: Now,
    pub(crate) size: Size,
    /// The pixels of the terminal's cells; none when it does not say.
    pub(crate) cell: Option<CellPixels>,
    /// Whether this terminal is the one that is typed into, as far as it says so.
    pub(crate) has_focus: bool,
    pub(crate) mirror: Mirror,
    pub(crate) transcript: Transcript,
    /// The images that are seen in it.
    pub(crate) pictures: Pictures,
    pub(crate) prompt: Prompt,
    /// The line that a cell waits for, in the place of the prompt; none while no cell waits for one.
    pub(crate) answer: Option<AnswerLine>,
    pub(crate) recall: Option<Recall>,
    /// How the prompt could go on: the rest of a cell that was run, and the revision of the text that it is for.
    pub(crate) suggested: Option<(u64, Option<String>)>,
    /// The rows of the prompt as they were drawn last.
    pub(crate) code_rows: CodeRows,
    /// The search through what was run before; it has the keys while it is open.
    pub(crate) search: Option<Search>,
    pub(crate) popup: Option<Popup>,
    /// What the thing at the cursor is; it stands while its arguments are typed.
    pub(crate) signature: Option<Signature>,
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
    /// The session or the log, whichever is shown beside the tables.
    pub(crate) main: Panel,
    /// The panel beside the session where only one has room there.
    pub(crate) table: Panel,
    /// The panel in the lower part of the stack beside the session.
    pub(crate) lower: Panel,
    /// Whether the panel that has the keys takes the whole screen.
    pub(crate) zoomed: bool,
    /// How this screen looks at the tables, as far as that was changed.
    pub(crate) views: BTreeMap<Panel, TableView>,
    /// Whether the filter of the panel that has the keys is being typed.
    pub(crate) filtering: bool,
    /// The place in the list of columns, while it is open.
    pub(crate) picker: Option<usize>,
    /// The row that is looked at closely.
    pub(crate) detail: Option<Detail>,
    pub(crate) fills: Fills,
    pub(crate) series: SeriesLines,
    pub(crate) equity: EquityLine,
    pub(crate) candles: Candles,
    /// The timeframe of charts, by its place in the choice.
    pub(crate) timeframe: usize,
    /// The stretch of time that the equity is shown over.
    pub(crate) range: usize,
    pub(crate) notices: VecDeque<Notice>,
    /// The parts of the verb that was sent last, until its id is known.
    pub(crate) sent_legs: Vec<Leg>,
    pub(crate) hint: Option<Hint>,
    /// Enter was pressed, and the kernel is asked whether the prompt is whole.
    pub(crate) pending_enter: Option<PendingEnter>,
    /// The completion that is asked for.
    pub(crate) pending_completion: Option<PendingCompletion>,
    /// The signature that is asked for.
    pub(crate) pending_signature: Option<PendingSignature>,
    /// The page of older history that is asked for.
    pub(crate) pending_older: Option<RequestId>,
    /// The page of older fills that is asked for.
    pub(crate) pending_fills: Option<RequestId>,
    /// The cell that was last interrupted here, and when first.
    pub(crate) interrupted: Option<(CellNumber, Instant)>,
    pub(crate) leaving: Option<Leaving>,
    pub(crate) notifier: Notifier,
    /// Keys before this are dropped: they were meant for the user's own editor.
    pub(crate) deaf_until: Instant,
    /// Keys before this are text for the prompt or nothing: a terminal may still answer what was asked before.
    pub(crate) opens_until: Instant,
    /// When the connection was lost, while it is.
    pub(crate) lost_since: Option<Instant>,
    /// When anything came over the connection last: what is shown is not newer.
    pub(crate) heard_at: Option<Timestamp>,
    /// Whether the state began anew after a loss: too much was missed to tell it event by event.
    pub(crate) reloaded: bool,
    /// What is being made up for after a loss.
    pub(crate) back: Option<Back>,
    /// When the connection was over for good.
    pub(crate) closed_at: Option<Timestamp>,
    /// Whether the service's version was looked at.
    pub(crate) knows_version: bool,
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
        let mut notifier = Notifier::default();
        // Who opens a screen looks at it.
        notifier.typed(now.instant);
        let mut app = Self {
            theme,
            prompt: Prompt::new(keymap.preset),
            keymap,
            pressed: Vec::new(),
            options,
            now,
            size,
            cell: None,
            has_focus: true,
            mirror: Mirror::default(),
            transcript: Transcript::new(theme),
            pictures: Pictures::default(),
            answer: None,
            recall: None,
            suggested: None,
            code_rows: CodeRows::default(),
            search: None,
            popup: None,
            signature: None,
            dialog: None,
            ticket: None,
            sent_ticket: None,
            palette: None,
            form: None,
            help: None,
            context,
            panel: Panel::Session,
            main: Panel::Session,
            table: Panel::Positions,
            lower: Panel::Market,
            zoomed: false,
            views: Panel::ALL.map(|panel| (panel, tables::first_view(panel))).into(),
            filtering: false,
            picker: None,
            detail: None,
            fills: Fills::default(),
            series: SeriesLines::default(),
            equity: EquityLine::default(),
            candles: Candles::default(),
            timeframe: 0,
            range: 2,
            notices: mistakes.into_iter().collect(),
            sent_legs: Vec::new(),
            hint: None,
            pending_enter: None,
            pending_completion: None,
            pending_signature: None,
            pending_older: None,
            pending_fills: None,
            interrupted: None,
            leaving: None,
            notifier,
            deaf_until: now.instant,
            opens_until: now.instant + DEAF,
            lost_since: None,
            heard_at: None,
            reloaded: false,
            back: None,
            closed_at: None,
            knows_version: false,
        };
        app.measure(size, None);
        app
    }

    /// Returns when something must happen without any input; none when nothing must.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let enter = self.pending_enter.as_ref().map(|pending| pending.deadline);
        let hint = self.hint.as_ref().map(|hint| hint.until);
        let rest = self.fills.next_rest(self.now.instant).filter(|_| self.options.settings.animations);
        [enter, hint, self.notifier.due(), rest].into_iter().flatten().min()
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

    /// Returns where keys go, apart from an open list of completions and the box of a signature.
    pub(crate) fn keys_context(&self) -> Context {
        match self.context {
            Context::Panel if self.picker.is_some() => Context::Columns,
            Context::Panel if self.filtering => Context::Filter,
            Context::Input if self.answer.is_some() => Context::Answer,
            _ if self.search.is_some() => Context::Search,
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

    /// Returns how the prompt could go on, where that is to be seen and taken: at its end, while it is typed.
    pub(crate) fn suggestion(&self) -> Option<&str> {
        let (revision, rest) = self.suggested.as_ref()?;
        let is_typed = self.keys_context() == Context::Input && self.recall.is_none() && self.popup.is_none();
        let is_shown = is_typed && *revision == self.prompt.revision() && self.prompt.is_at_end();
        rest.as_deref().filter(|_| is_shown)
    }

    /// Returns how an action is reached from where the keys go now.
    pub(crate) fn reach(&self, action: Action) -> String {
        self.keymap.reach(self.keys_context(), action)
    }

    /// Changes the theme of everything, also of what is laid out already.
    pub(crate) fn set_theme(&mut self, choice: ThemeChoice) {
        self.theme = Theme::new(choice, self.options.colors);
        self.transcript.set_theme(self.theme);
        self.code_rows = CodeRows::default();
        self.measure(self.size, self.cell);
    }

    /// Takes in how large the terminal is: its cells, and the pixels of one where that is known.
    pub(crate) fn measure(&mut self, size: Size, cell: Option<CellPixels>) {
        (self.size, self.cell) = (size, cell);
        let options = &self.options;
        let (choice, color) = (options.settings.images, self.theme.color);
        let method = Method::new(choice, options.graphics, options.colors, color, cell);
        self.pictures.show_by(method, cell);
        self.transcript.set_room(self.pictures.room(size.rows));
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

    /// Tells whether somebody may be looking elsewhere.
    pub(crate) fn is_away(&self) -> bool {
        self.notifier.is_away(self.has_focus, self.now.instant)
    }

    /// Returns the panel that is seen where only one is.
    pub(crate) fn shown_panel(&self) -> Panel {
        if self.room() == Room::Minimal { Panel::Session } else { self.panel }
    }

    /// Returns the panel of entries that is looked at: the one that is seen, and behind a table the session.
    pub(crate) fn reading(&self) -> View {
        let panel = if self.room() >= Room::Medium { self.main } else { self.shown_panel() };
        if panel == Panel::Log { View::Log } else { View::Session }
    }

    /// Looks at the end of the session: something of this screen's own comes there.
    pub(crate) fn watch_session(&mut self) {
        self.main = Panel::Session;
        if self.panel == Panel::Log {
            self.panel = Panel::Session;
        }
        self.transcript.follow(View::Session, self.mirror.state.as_ref());
    }

    /// Returns the table that has the keys: of the row that is looked at closely, else of the panel.
    pub(crate) fn current_table(&self) -> Option<Table> {
        match &self.detail {
            Some(detail) => detail.table(self),
            None => tables::of(self, self.panel),
        }
    }

    /// Returns how this screen looks at the table that has the keys.
    pub(crate) fn current_view(&mut self) -> &mut TableView {
        match &mut self.detail {
            Some(detail) => &mut detail.view,
            None => self.views.entry(self.panel).or_default(),
        }
    }

    /// Returns how this screen looks at the table of a panel.
    pub(crate) fn view(&self, panel: Panel) -> TableView {
        self.views.get(&panel).cloned().unwrap_or_default()
    }

    /// Returns how this screen looks at the table of a panel, to be changed.
    pub(crate) fn view_mut(&mut self, panel: Panel) -> &mut TableView {
        self.views.entry(panel).or_default()
    }

    /// Tells whether a fill of an instrument has just come, and is to be seen.
    pub(crate) fn flashes(&self, instrument: &InstrumentId) -> bool {
        self.options.settings.animations && self.fills.new_until(instrument, self.now.instant).is_some()
    }

    /// Returns how far the session can be seen here now.
    pub(crate) fn seen(&self) -> Option<Seen> {
        let state = self.mirror.state.as_ref()?;
        Some(Seen { log: state.log.clone(), seq: state.head, time: self.now.wall })
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
