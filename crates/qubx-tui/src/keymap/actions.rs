//! Everything that a key can do, in one table: a line is an action. No I/O.
//!
//! The footer, the help, the palette, the default keys and what settings may name come from here. A new action is a line
//! here and its arm in `update::keys`.

use qubx_protocol::Role;

use super::Context;

/// What is known of an action.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) action: Action,
    /// What settings and the palette call it. It never changes.
    pub(crate) name: &'static str,
    /// The least role that has it. To somebody with less it is not there at all.
    pub(crate) role: Role,
    /// Whether it changes orders, positions or the kernel.
    pub(crate) dangerous: bool,
    /// What it does, for the help and the palette.
    pub(crate) help: &'static str,
    /// What it does in a word, for the footer, and its rank there: the highest goes first when there is no room.
    pub(crate) footer: Option<(&'static str, u8)>,
    /// Where it can be done, and its default keys there.
    pub(crate) keys: &'static [(Context, &'static [&'static str])],
}

/// Makes [`Action`] and [`ACTIONS`] of the lines below: variant, name, least role, help, word and rank in the footer, keys.
macro_rules! actions {
    ($($variant:ident $name:literal $role:ident $($danger:ident)?, $help:literal,
       $(footer $word:literal $rank:literal,)? { $($context:ident: $keys:expr),* };)*) => {
        /// What a key may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Action { $($variant),* }

        /// Every action, in the order of the help and the footer.
        pub(crate) const ACTIONS: &[Spec] = &[$(Spec {
            action: Action::$variant,
            name: $name,
            role: Role::$role,
            dangerous: actions!(@danger $($danger)?),
            help: $help,
            footer: actions!(@footer $($word $rank)?),
            keys: &[$((Context::$context, &$keys)),*],
        }),*];
    };
    (@danger) => { false };
    (@danger dangerous) => { true };
    (@footer) => { None };
    (@footer $word:literal $rank:literal) => { Some(($word, $rank)) };
}

#[rustfmt::skip]
actions! {
    PopupNext "popup_next" Admin, "next completion", { Popup: ["tab", "down"] };
    PopupPrevious "popup_previous" Admin, "previous completion", { Popup: ["shift+tab", "up"] };
    PopupAccept "popup_accept" Admin, "take it", { Popup: ["enter"] };
    PopupClose "popup_close" Admin, "close the list", { Popup: ["esc"] };
    SearchAccept "search_accept" Admin, "take it into the prompt", footer "take" 1, { Search: ["enter"] };
    SearchScope "search_scope" Admin, "my cells, or everybody's", footer "mine/all" 2, { Search: ["ctrl+r"] };
    SearchOlder "search_older" Admin, "older", footer "older" 3, { Search: ["up", "ctrl+p"] };
    SearchNewer "search_newer" Admin, "newer", footer "newer" 4, { Search: ["down", "ctrl+n"] };
    SearchLeave "search_leave" Admin, "leave; the prompt is as before", footer "leave" 1, { Search: ["esc", "ctrl+g", "ctrl+c"] };
    SignatureMore "signature_more" Admin, "more of it", footer "more" 1, { Signature: ["shift+tab"] };
    SignatureClose "signature_close" Admin, "close it", footer "close" 1, { Signature: ["esc"] };
    LeavePrompt "leave_prompt" Admin, "to the panels", footer "panels" 1, { Input: ["esc"], Answer: ["esc"] };
    Enter "run" Admin, "run, or go on when it is not whole", footer "run" 4, { Input: ["enter"] };
    Newline "newline" Admin, "new line", footer "newline" 6, { Input: ["ctrl+j", "alt+enter", "shift+enter"] };
    Complete "complete" Admin, "complete", footer "complete" 5, { Input: ["tab"] };
    Signature "signature" Admin, "what the thing at the cursor is: its signature", { Input: ["shift+tab"] };
    Editor "edit_cell" Admin, "edit the cell in your own editor ($VISUAL, $EDITOR)", { Input: ["ctrl+x ctrl+e"] };
    Forward "forward" Admin, "a character on; at the end, take what is suggested", { Input: ["right", "ctrl+f"] };
    LineEnd "line_end" Admin, "to the end of the line; at the end, take what is suggested", { Input: ["end", "ctrl+e"] };
    Dedent "dedent" Admin, "less indentation; also backspace before the text", { Input: [] };
    RecallOlder "recall_older" Admin, "line up; at the first line, what I ran before", { Input: ["up"] };
    RecallNewer "recall_newer" Admin, "line down; at the last line, back again", { Input: ["down"] };
    Answer "answer" Admin, "send the answer", footer "answer" 1, { Answer: ["enter"] };
    EndOfInput "end_of_input" Admin, "when nothing is typed: leave?", { Input: ["ctrl+d"], Answer: ["ctrl+d"] };
    ToPrompt "prompt" Admin, "to the prompt", footer "prompt" 1, { Panel: ["i"] };
    Open "open" Viewer, "unfold or fold an entry, look closely at a row; connection lost: try now", { Panel: ["enter"] };
    Down "down" Viewer, "down", { Panel: ["j", "down"], Filter: ["down"] };
    Up "up" Viewer, "up", { Panel: ["k", "up"], Filter: ["up"] };
    First "first" Viewer, "to the top", { Panel: ["g", "home"] };
    Last "last" Viewer, "to the end; the session follows again", { Panel: ["G", "end"] };
    PageDown "page_down" Viewer, "page down", { Everywhere: ["pagedown"] };
    PageUp "page_up" Viewer, "page up", { Everywhere: ["pageup"] };
    NextPanel "next_panel" Viewer, "next panel", footer "next" 6, { Panel: ["tab"] };
    PreviousPanel "previous_panel" Viewer, "previous panel", { Panel: ["shift+tab"] };
    GoToSession "session" Viewer, "session", { Panel: ["1"], Everywhere: ["f2", "alt+1"] };
    GoToPositions "positions" Viewer, "positions", { Panel: ["2"], Everywhere: ["f3", "alt+2"] };
    GoToOrders "orders" Viewer, "orders", { Panel: ["3"], Everywhere: ["f4", "alt+3"] };
    GoToMarket "market" Viewer, "market", { Panel: ["4"], Everywhere: ["f5", "alt+4"] };
    GoToEquity "equity" Viewer, "equity", { Panel: ["5"], Everywhere: ["f6", "alt+5"] };
    GoToFills "fills" Viewer, "fills", { Panel: ["6"], Everywhere: ["f7", "alt+6"] };
    GoToLog "log" Viewer, "log", { Panel: ["7"], Everywhere: ["f8", "alt+7"] };
    GoToPeers "peers" Viewer, "who is here", { Panel: ["8"], Everywhere: ["f9", "alt+8"] };
    GoToStrategy "strategy" Viewer, "what the strategy shows and takes", { Panel: ["9"], Everywhere: ["f10", "alt+9"] };
    Zoom "zoom" Viewer, "this panel on the whole screen, and back", footer "zoom" 8, { Panel: ["z"] };
    Sort "sort" Viewer, "sort by the next column", footer "sort" 7, { Panel: ["s"] };
    SortReverse "sort_reverse" Viewer, "turn the order around", { Panel: ["S"] };
    Filter "filter" Viewer, "only entries or rows with these words; of entries, -word: without it, @name: of this source or author", footer "filter" 6, { Panel: ["/"] };
    FilterLevel "filter_level" Viewer, "lines of the log from the next level on", { Panel: ["l"] };
    FilterKeep "filter_keep" Viewer, "keep the filter", footer "keep" 1, { Filter: ["enter"] };
    FilterClear "filter_clear" Viewer, "show everything again", footer "all" 1, { Filter: ["esc"] };
    Columns "columns" Viewer, "choose columns", { Panel: ["|", "-"] };
    ColumnNext "column_next" Viewer, "down", { Columns: ["j", "down"] };
    ColumnPrevious "column_previous" Viewer, "up", { Columns: ["k", "up"] };
    ColumnToggle "column_toggle" Viewer, "leave the column out, or take it in", footer "toggle" 1, { Columns: ["space"] };
    ColumnsClose "columns_close" Viewer, "close the list", footer "close" 1, { Columns: ["esc", "enter"] };
    Left "shorter" Viewer, "shorter time, in a chart", { Panel: ["left"] };
    Right "longer" Viewer, "longer time, in a chart", { Panel: ["right"] };
    Pause "hold" Viewer, "stop following the end, or follow it again", { Panel: ["space"] };
    Copy "copy" Viewer, "copy the chosen entry, of a cell its output; of a table the row", { Panel: ["y"] };
    CopyCode "copy_code" Viewer, "copy the code of the chosen cell", { Panel: ["Y"] };
    NextError "next_error" Viewer, "next error", { Panel: ["n"] };
    PreviousError "previous_error" Viewer, "previous error", { Panel: ["N"] };
    CancelOrder "cancel_order" Trader dangerous, "cancel the selected order", footer "cancel" 3, { Panel: ["c"] };
    CancelOrders "cancel_orders" Trader dangerous, "cancel all orders of the selected symbol", { Panel: ["C"] };
    CancelAll "cancel_all" Trader dangerous, "cancel all orders", { Panel: ["A"] };
    Ticket "ticket" Trader dangerous, "ticket: a new order, filled in from the selected row", footer "ticket" 4, { Panel: ["t"] };
    Modify "modify_order" Trader dangerous, "edit the selected order", footer "edit" 3, { Panel: ["e"] };
    Close "close_position" Trader dangerous, "close the selected position", footer "close" 3, { Panel: ["x"] };
    Flatten "flatten" Trader dangerous, "flatten: cancel all, close all, pause", footer "flatten" 2, { Panel: ["F"] };
    PauseOrResume "pause" Trader dangerous, "pause entries, or resume them", footer "pause" 4, { Panel: ["P"] };
    RestartKernel "restart_kernel" Admin dangerous, "restart the Python kernel; orders and positions stay", footer "restart" 2, { Panel: ["R"] };
    StopSession "stop_session" Admin dangerous, "stop the session, for everyone", { Panel: ["Q"] };
    Dismiss "dismiss" Viewer, "close what is open; dismiss a result; end a filter", { Panel: ["esc"] };
    Search "search" Admin, "search what was run", footer "history" 4, { Everywhere: ["ctrl+r"] };
    ClearView "clear_view" Viewer, "clear my view; nothing is lost", { Everywhere: ["ctrl+l"] };
    Interrupt "interrupt" Admin, "clear the prompt, else interrupt the cell", footer "interrupt" 3, { Everywhere: ["ctrl+c"] };
    Palette "palette" Viewer, "find a command by its name", footer "commands" 2, { Everywhere: ["ctrl+p"], Panel: [":"] };
    Help "help" Viewer, "this help", footer "help" 1, { Everywhere: ["f1"], Panel: ["?"] };
    Quit "quit" Viewer, "leave; the footer says what that does", { Everywhere: ["ctrl+q"] };
}

impl Action {
    /// Returns what is known of the action.
    pub(crate) fn spec(self) -> &'static Spec {
        &ACTIONS[self as usize]
    }

    /// Returns the action that settings call so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
    }

    /// Tells whether the action can be bound in a context. What acts on the panels can be reached from the prompt too.
    pub(crate) fn fits(self, context: Context) -> bool {
        self.spec().keys.iter().any(|(home, _)| *home == context)
            || (!context.stands_alone() && self.is_for_all())
    }

    /// Tells whether the action makes sense apart from what is being typed, and is therefore offered by the palette.
    pub(crate) fn is_for_all(self) -> bool {
        self.spec().keys.iter().any(|(home, _)| matches!(home, Context::Panel | Context::Everywhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own_and_says_what_it_does() {
        for (place, spec) in ACTIONS.iter().enumerate() {
            assert_eq!(spec.action.spec().name, spec.name);
            assert!(ACTIONS[..place].iter().all(|other| other.name != spec.name), "{}", spec.name);
            assert!(spec.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", spec.name);
            assert!(!spec.help.is_empty() && !spec.keys.is_empty(), "{}", spec.name);
        }
    }
}
