//! Every key of the screen in one table, from which the footer and the help are made. No I/O.
//!
//! Nothing dangerous is one key from the default state: the letters act only in the panel context.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_protocol::Role;

pub(crate) use crate::panel::Panel;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Enter,
    Answer,
    Newline,
    Complete,
    PopupNext,
    PopupPrevious,
    PopupAccept,
    PopupClose,
    RecallOlder,
    Search,
    SearchOlder,
    SearchNewer,
    SearchScope,
    SearchAccept,
    SearchLeave,
    Forward,
    LineEnd,
    Signature,
    SignatureMore,
    SignatureClose,
    Chord,
    Editor,
    RecallNewer,
    LeavePrompt,
    EndOfInput,
    Interrupt,
    ClearView,
    Help,
    GoTo(Panel),
    Quit,
    Dismiss,
    ToPrompt,
    NextPanel,
    PreviousPanel,
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    CancelOrder,
    CancelOrders,
    CancelAll,
    Ticket,
    Modify,
    Close,
    Flatten,
    PauseOrResume,
    RestartKernel,
    StopSession,
    Open,
    FilterLevel,
    Copy,
    CopyCode,
    Pause,
    NextError,
    PreviousError,
    Left,
    Right,
    Sort,
    SortReverse,
    Filter,
    FilterKeep,
    FilterClear,
    Columns,
    ColumnNext,
    ColumnPrevious,
    ColumnToggle,
    ColumnsClose,
    Zoom,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// The list of completions is open; what is not bound here goes on to the prompt.
    Popup,
    /// The search through what was run before: every printable key types what is looked for.
    Search,
    /// The box of a signature is open; what is not bound here goes on to the prompt.
    Signature,
    /// The first key of two was pressed; what is not bound here goes on to the prompt.
    Chord,
    /// The prompt: every printable key types.
    Input,
    /// The prompt while a cell asks for a line: every printable key types the answer.
    Answer,
    /// The panels: letters act.
    Panel,
    /// The words of a filter: every printable key types.
    Filter,
    /// The list of a table's columns is open.
    Columns,
    /// The prompt and the panels alike.
    Both,
}

/// A key in a context, and what it does.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) context: Context,
    pub(crate) key: (KeyModifiers, KeyCode),
    pub(crate) action: Action,
    /// What it does, for the help; empty for a second key of the binding before it.
    pub(crate) help: &'static str,
    /// What it does, for the footer; empty for those that are not shown there.
    pub(crate) footer: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

const fn key(
    context: Context,
    modifiers: KeyModifiers,
    code: KeyCode,
    action: Action,
    help: &'static str,
    footer: &'static str,
) -> Binding {
    Binding { context, key: (modifiers, code), action, help, footer }
}

const fn letter(letter: char, action: Action, help: &'static str, footer: &'static str) -> Binding {
    key(Context::Panel, NONE, KeyCode::Char(letter), action, help, footer)
}

/// Every key. The prompt's readline keys are the editor's and are named in the help by [`READLINE`].
pub(crate) const BINDINGS: &[Binding] = &[
    key(Context::Popup, NONE, KeyCode::Tab, Action::PopupNext, "next completion", ""),
    key(Context::Popup, NONE, KeyCode::Down, Action::PopupNext, "", ""),
    key(Context::Popup, SHIFT, KeyCode::BackTab, Action::PopupPrevious, "previous completion", ""),
    key(Context::Popup, NONE, KeyCode::Up, Action::PopupPrevious, "", ""),
    key(Context::Popup, NONE, KeyCode::Enter, Action::PopupAccept, "take it", ""),
    key(Context::Popup, NONE, KeyCode::Esc, Action::PopupClose, "close the list", ""),
    key(Context::Search, NONE, KeyCode::Enter, Action::SearchAccept, "take it into the prompt", "take"),
    key(
        Context::Search,
        CTRL,
        KeyCode::Char('r'),
        Action::SearchScope,
        "my cells, or everybody's",
        "mine/all",
    ),
    key(Context::Search, NONE, KeyCode::Up, Action::SearchOlder, "older", "older"),
    key(Context::Search, CTRL, KeyCode::Char('p'), Action::SearchOlder, "", ""),
    key(Context::Search, NONE, KeyCode::Down, Action::SearchNewer, "newer", "newer"),
    key(Context::Search, CTRL, KeyCode::Char('n'), Action::SearchNewer, "", ""),
    key(Context::Search, NONE, KeyCode::Esc, Action::SearchLeave, "leave; the prompt is as before", "leave"),
    key(Context::Search, CTRL, KeyCode::Char('g'), Action::SearchLeave, "", ""),
    key(Context::Search, CTRL, KeyCode::Char('c'), Action::SearchLeave, "", ""),
    key(Context::Signature, SHIFT, KeyCode::BackTab, Action::SignatureMore, "more of it", "more"),
    key(Context::Signature, NONE, KeyCode::Esc, Action::SignatureClose, "close it", "close"),
    key(
        Context::Chord,
        CTRL,
        KeyCode::Char('e'),
        Action::Editor,
        "edit the cell in $VISUAL or $EDITOR",
        "editor",
    ),
    key(Context::Input, NONE, KeyCode::Esc, Action::LeavePrompt, "to the panels", "panels"),
    key(Context::Input, NONE, KeyCode::Enter, Action::Enter, "run, or go on when it is not whole", "run"),
    key(Context::Input, ALT, KeyCode::Enter, Action::Newline, "new line", ""),
    key(Context::Input, CTRL, KeyCode::Char('j'), Action::Newline, "", "newline"),
    key(Context::Input, SHIFT, KeyCode::Enter, Action::Newline, "", ""),
    key(Context::Input, NONE, KeyCode::Tab, Action::Complete, "complete", "complete"),
    key(Context::Input, SHIFT, KeyCode::BackTab, Action::Signature, "what the thing at the cursor is", ""),
    key(
        Context::Input,
        NONE,
        KeyCode::Up,
        Action::RecallOlder,
        "line up; at the first line, what I ran before",
        "",
    ),
    key(
        Context::Input,
        NONE,
        KeyCode::Down,
        Action::RecallNewer,
        "line down; at the last line, back again",
        "",
    ),
    key(Context::Input, NONE, KeyCode::Right, Action::Forward, "on; at the end, take what is suggested", ""),
    key(Context::Input, CTRL, KeyCode::Char('f'), Action::Forward, "", ""),
    key(Context::Input, NONE, KeyCode::End, Action::LineEnd, "end; there, take what is suggested", ""),
    key(Context::Input, CTRL, KeyCode::Char('e'), Action::LineEnd, "", ""),
    key(Context::Input, CTRL, KeyCode::Char('x'), Action::Chord, "then ^E: edit in your own editor", ""),
    key(Context::Input, CTRL, KeyCode::Char('d'), Action::EndOfInput, "on an empty prompt: leave?", ""),
    key(Context::Answer, NONE, KeyCode::Esc, Action::LeavePrompt, "to the panels", "panels"),
    key(Context::Answer, NONE, KeyCode::Enter, Action::Answer, "send the answer", "answer"),
    key(Context::Answer, CTRL, KeyCode::Char('d'), Action::EndOfInput, "on an empty answer: leave?", ""),
    letter('i', Action::ToPrompt, "to the prompt", "prompt"),
    key(
        Context::Panel,
        NONE,
        KeyCode::Enter,
        Action::Open,
        "unfold or fold an entry, look closely at a row; connection lost: try now",
        "",
    ),
    letter('j', Action::Down, "down", ""),
    key(Context::Panel, NONE, KeyCode::Down, Action::Down, "", ""),
    letter('k', Action::Up, "up", ""),
    key(Context::Panel, NONE, KeyCode::Up, Action::Up, "", ""),
    letter('g', Action::First, "to the top", ""),
    key(Context::Panel, NONE, KeyCode::Home, Action::First, "", ""),
    letter('G', Action::Last, "to the end; the session follows again", ""),
    key(Context::Panel, NONE, KeyCode::End, Action::Last, "", ""),
    key(Context::Panel, NONE, KeyCode::Tab, Action::NextPanel, "next panel", "next"),
    key(Context::Panel, SHIFT, KeyCode::BackTab, Action::PreviousPanel, "previous panel", ""),
    letter('1', Action::GoTo(Panel::Session), "session", ""),
    letter('2', Action::GoTo(Panel::Positions), "positions", ""),
    letter('3', Action::GoTo(Panel::Orders), "orders", ""),
    letter('4', Action::GoTo(Panel::Market), "market", ""),
    letter('t', Action::Ticket, "ticket: a new order, filled in from the selected row", "ticket"),
    letter('e', Action::Modify, "edit the selected order", "edit"),
    letter('5', Action::GoTo(Panel::Equity), "equity", ""),
    letter('6', Action::GoTo(Panel::Fills), "fills", ""),
    letter('7', Action::GoTo(Panel::Log), "log", ""),
    letter('8', Action::GoTo(Panel::Peers), "who is here", ""),
    letter('9', Action::GoTo(Panel::Strategy), "what the strategy shows and takes", ""),
    letter('z', Action::Zoom, "this panel on the whole screen, and back", "zoom"),
    letter('s', Action::Sort, "sort by the next column", "sort"),
    letter('S', Action::SortReverse, "turn the order around", ""),
    letter(
        '/',
        Action::Filter,
        "only entries or rows with these words; of entries, -word: without it, @name: of this source or author",
        "filter",
    ),
    letter('|', Action::Columns, "choose columns", ""),
    letter('-', Action::Columns, "", ""),
    key(Context::Panel, NONE, KeyCode::Left, Action::Left, "shorter time, in a chart", ""),
    key(Context::Panel, NONE, KeyCode::Right, Action::Right, "longer time, in a chart", ""),
    letter('l', Action::FilterLevel, "lines of the log from the next level on", ""),
    letter(' ', Action::Pause, "stop following the end, or follow it again", ""),
    letter('y', Action::Copy, "copy the chosen entry, of a cell its output; of a table the row", ""),
    letter('Y', Action::CopyCode, "copy the code of the chosen cell", ""),
    letter('n', Action::NextError, "next error", ""),
    letter('N', Action::PreviousError, "previous error", ""),
    letter('c', Action::CancelOrder, "cancel the selected order", "cancel"),
    letter('C', Action::CancelOrders, "cancel all orders of the selected symbol", ""),
    letter('A', Action::CancelAll, "cancel all orders", ""),
    letter('x', Action::Close, "close the selected position", "close"),
    letter('F', Action::Flatten, "flatten: cancel all, close all, pause", "flatten"),
    letter('P', Action::PauseOrResume, "pause entries, or resume them", "pause"),
    letter('R', Action::RestartKernel, "restart the Python kernel; orders and positions stay", "restart"),
    letter('Q', Action::StopSession, "stop the session, for everyone", ""),
    key(
        Context::Panel,
        NONE,
        KeyCode::Esc,
        Action::Dismiss,
        "close what is open; dismiss a result; end a filter",
        "",
    ),
    letter('?', Action::Help, "this help", ""),
    key(Context::Filter, NONE, KeyCode::Enter, Action::FilterKeep, "keep the filter", "keep"),
    key(Context::Filter, NONE, KeyCode::Esc, Action::FilterClear, "show all rows again", "all rows"),
    key(Context::Filter, NONE, KeyCode::Down, Action::Down, "down", ""),
    key(Context::Filter, NONE, KeyCode::Up, Action::Up, "up", ""),
    key(
        Context::Columns,
        NONE,
        KeyCode::Char(' '),
        Action::ColumnToggle,
        "leave the column out, or take it in",
        "toggle",
    ),
    key(Context::Columns, NONE, KeyCode::Char('j'), Action::ColumnNext, "down", ""),
    key(Context::Columns, NONE, KeyCode::Down, Action::ColumnNext, "", ""),
    key(Context::Columns, NONE, KeyCode::Char('k'), Action::ColumnPrevious, "up", ""),
    key(Context::Columns, NONE, KeyCode::Up, Action::ColumnPrevious, "", ""),
    key(Context::Columns, NONE, KeyCode::Esc, Action::ColumnsClose, "close the list", "close"),
    key(Context::Columns, NONE, KeyCode::Enter, Action::ColumnsClose, "", ""),
    key(Context::Both, NONE, KeyCode::PageUp, Action::PageUp, "page up", ""),
    key(Context::Both, NONE, KeyCode::PageDown, Action::PageDown, "page down", ""),
    key(
        Context::Both,
        CTRL,
        KeyCode::Char('c'),
        Action::Interrupt,
        "clear the prompt, else interrupt the cell",
        "interrupt",
    ),
    key(Context::Both, CTRL, KeyCode::Char('l'), Action::ClearView, "clear my view; nothing is lost", ""),
    key(Context::Both, NONE, KeyCode::F(1), Action::Help, "help", "help"),
    key(Context::Both, CTRL, KeyCode::Char('r'), Action::Search, "search what was run", "history"),
    key(Context::Both, NONE, KeyCode::F(2), Action::GoTo(Panel::Session), "session", ""),
    key(Context::Both, ALT, KeyCode::Char('1'), Action::GoTo(Panel::Session), "", ""),
    key(Context::Both, NONE, KeyCode::F(3), Action::GoTo(Panel::Positions), "positions", ""),
    key(Context::Both, ALT, KeyCode::Char('2'), Action::GoTo(Panel::Positions), "", ""),
    key(Context::Both, NONE, KeyCode::F(4), Action::GoTo(Panel::Orders), "orders", ""),
    key(Context::Both, ALT, KeyCode::Char('3'), Action::GoTo(Panel::Orders), "", ""),
    key(Context::Both, NONE, KeyCode::F(5), Action::GoTo(Panel::Market), "market", ""),
    key(Context::Both, ALT, KeyCode::Char('4'), Action::GoTo(Panel::Market), "", ""),
    key(Context::Both, NONE, KeyCode::F(6), Action::GoTo(Panel::Equity), "equity", ""),
    key(Context::Both, ALT, KeyCode::Char('5'), Action::GoTo(Panel::Equity), "", ""),
    key(Context::Both, NONE, KeyCode::F(7), Action::GoTo(Panel::Fills), "fills", ""),
    key(Context::Both, ALT, KeyCode::Char('6'), Action::GoTo(Panel::Fills), "", ""),
    key(Context::Both, NONE, KeyCode::F(8), Action::GoTo(Panel::Log), "log", ""),
    key(Context::Both, ALT, KeyCode::Char('7'), Action::GoTo(Panel::Log), "", ""),
    key(Context::Both, NONE, KeyCode::F(9), Action::GoTo(Panel::Peers), "who is here", ""),
    key(Context::Both, ALT, KeyCode::Char('8'), Action::GoTo(Panel::Peers), "", ""),
    key(
        Context::Both,
        NONE,
        KeyCode::F(10),
        Action::GoTo(Panel::Strategy),
        "what the strategy shows and takes",
        "",
    ),
    key(Context::Both, ALT, KeyCode::Char('9'), Action::GoTo(Panel::Strategy), "", ""),
    key(Context::Both, CTRL, KeyCode::Char('q'), Action::Quit, "leave; the footer says what that does", ""),
];

/// The editor's own keys.
pub(crate) const READLINE: &str = "^A ^B alt+B alt+F move · ^W ^U ^K alt+D delete · ^Y put back · ^_ undo";

/// Returns what a key does in a context for somebody with that role; nothing when it is not bound.
pub(crate) fn action(context: Context, role: Role, event: KeyEvent) -> Option<Action> {
    let pressed = normalize(event);
    BINDINGS
        .iter()
        .filter(|binding| role >= needs(binding))
        .find(|binding| applies(binding.context, context) && binding.key == pressed)
        .map(|binding| binding.action)
}

/// Tells whether bindings of one context hold in another.
pub(crate) fn applies(binding: Context, context: Context) -> bool {
    let stands_alone =
        matches!(context, Context::Popup | Context::Search | Context::Signature | Context::Chord);
    binding == context || (binding == Context::Both && !stands_alone)
}

/// Returns the least role that has a key. To somebody with less it is not there at all.
pub(crate) fn needs(binding: &Binding) -> Role {
    match (binding.context, binding.action) {
        (
            Context::Popup
            | Context::Search
            | Context::Signature
            | Context::Chord
            | Context::Input
            | Context::Answer,
            _,
        )
        | (
            _,
            Action::ToPrompt
            | Action::Search
            | Action::Interrupt
            | Action::RestartKernel
            | Action::StopSession,
        ) => Role::Admin,
        (
            _,
            Action::CancelOrder
            | Action::CancelOrders
            | Action::CancelAll
            | Action::Ticket
            | Action::Modify
            | Action::Close
            | Action::Flatten
            | Action::PauseOrResume,
        ) => Role::Trader,
        _ => Role::Viewer,
    }
}

/// Returns a key as people write it: `^C`, `alt+⏎`, `esc`.
pub(crate) fn name(&(modifiers, code): &(KeyModifiers, KeyCode)) -> String {
    let code = match code {
        KeyCode::Char(letter) if modifiers == CTRL => return format!("^{}", letter.to_ascii_uppercase()),
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(letter) => letter.to_string(),
        KeyCode::Left => "←".to_owned(),
        KeyCode::Right => "→".to_owned(),
        KeyCode::Enter => "⏎".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab | KeyCode::BackTab => "tab".to_owned(),
        KeyCode::Up => "↑".to_owned(),
        KeyCode::Down => "↓".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        other => format!("{other:?}").to_lowercase(),
    };
    match modifiers {
        ALT => format!("alt+{code}"),
        SHIFT => format!("shift+{code}"),
        _ => code,
    }
}

/// Returns the key without what terminals disagree about: a capital's shift, a back tab's missing one.
fn normalize(event: KeyEvent) -> (KeyModifiers, KeyCode) {
    let modifiers = event.modifiers & (CTRL | ALT | SHIFT);
    match event.code {
        KeyCode::Char(letter) if modifiers.contains(CTRL) => {
            (modifiers - SHIFT, KeyCode::Char(letter.to_ascii_lowercase()))
        }
        KeyCode::Char(_) => (modifiers - SHIFT, event.code),
        KeyCode::BackTab => (modifiers | SHIFT, event.code),
        _ => (modifiers, event.code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_one_context() {
        for context in [
            Context::Popup,
            Context::Search,
            Context::Signature,
            Context::Chord,
            Context::Input,
            Context::Answer,
            Context::Panel,
            Context::Filter,
            Context::Columns,
        ] {
            let keys: Vec<_> = BINDINGS
                .iter()
                .filter(|binding| applies(binding.context, context))
                .map(|binding| binding.key)
                .collect();
            for (place, key) in keys.iter().enumerate() {
                assert!(!keys[..place].contains(key), "{} twice in {context:?}", name(key));
            }
        }
    }

    #[test]
    fn no_printable_key_acts_in_the_prompt() {
        for context in [
            Context::Search,
            Context::Signature,
            Context::Chord,
            Context::Input,
            Context::Answer,
            Context::Filter,
        ] {
            for binding in BINDINGS.iter().filter(|binding| applies(binding.context, context)) {
                assert!(!matches!(binding.key, (NONE, KeyCode::Char(_))), "{}", name(&binding.key));
            }
        }
    }

    #[test]
    fn a_capital_is_found_with_and_without_its_shift() {
        for modifiers in [NONE, SHIFT] {
            let event = KeyEvent::new(KeyCode::Char('F'), modifiers);
            assert_eq!(action(Context::Panel, Role::Trader, event), Some(Action::Flatten));
            assert_eq!(action(Context::Panel, Role::Viewer, event), None);
        }
    }
}
