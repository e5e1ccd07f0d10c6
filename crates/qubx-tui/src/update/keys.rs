//! Where a key goes: to what lies over the screen, the list of completions, the table of keys, or the prompt.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use qubx_client::Link;

use super::{asking, copying, filtering, finding, panels, search, signature, sorting, ticket, typing, verbs};
use crate::Exit;
use crate::app::App;
use crate::dialog::{Answer, Outcome};
use crate::keymap::{Action, Context, Found, Key};
use crate::message::Effect;
use crate::panel::Panel;
use crate::transcript::Copied;

pub(super) fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release || app.now.instant < app.deaf_until {
        return Vec::new();
    }
    if app.now.instant < app.opens_until && !is_text_for_prompt(app, event) {
        return Vec::new();
    }
    app.notifier.typed(app.now.instant);
    if let Some(why) = app.over() {
        return vec![Effect::Leave(Exit::Ended(why.to_owned()))];
    }
    if app.dialog.is_some() {
        return dialog(app, event);
    }
    if app.ticket.is_some() {
        return ticket::key(app, event);
    }
    if app.help.is_some() {
        help(app, event);
        return Vec::new();
    }
    if app.form.is_some() {
        return finding::form(app, event);
    }
    if app.palette.is_some() {
        return finding::palette(app, event);
    }
    // A key after Enter, before the kernel's answer: decide now, so that the key meets the prompt it was meant for.
    let mut effects = if app.pending_enter.is_some() { typing::decide_enter_here(app) } else { Vec::new() };
    let role = app.options.role;
    if app.popup.is_some() {
        match app.keymap.find(Context::Popup, role, &[Key::of(event)]) {
            Found::Action(action) => {
                effects.extend(act(app, action, event));
                return effects;
            }
            Found::Prefix | Found::Nothing => app.popup = None,
        }
    }
    if app.keys_context() == Context::Search {
        effects.extend(in_search(app, event));
        return effects;
    }
    if app.signature.is_some()
        && app.keys_context() == Context::Input
        && let Found::Action(action) = app.keymap.find(Context::Signature, role, &[Key::of(event)])
    {
        effects.extend(act(app, action, event));
        return effects;
    }
    let context = app.keys_context();
    if context == Context::Answer && app.answer.as_ref().is_some_and(|answer| answer.is_deaf(app.now.instant))
    {
        return effects;
    }
    let mut pressed = std::mem::take(&mut app.pressed);
    pressed.push(Key::of(event));
    match app.keymap.find(context, role, &pressed) {
        Found::Action(action) => effects.extend(act(app, action, event)),
        Found::Prefix => {
            app.hint(format!("{} …", shown(&pressed)));
            app.pressed = pressed;
        }
        // The second key belonged to the first one: it is no text.
        Found::Nothing if pressed.len() > 1 => app.hint(format!("{} does nothing here", shown(&pressed))),
        Found::Nothing => match context {
            Context::Input => typing::edit(app, event),
            Context::Answer => asking::edit(app, event),
            Context::Filter => effects.extend(filtering::edit(app, event)),
            _ if is_interrupt(event) => {
                let quit = app.reach(Action::Quit);
                app.hint(format!("nothing to interrupt from here; {quit} leaves"));
            }
            _ => {}
        },
    }
    effects
}

/// Tells whether a key only changes the text of the prompt.
fn is_text_for_prompt(app: &App, event: KeyEvent) -> bool {
    app.keys_context() == Context::Input && (Key::of(event).types() || event.code == KeyCode::Backspace)
}

/// Gives a key to the search. One that does something everywhere leaves it before.
fn in_search(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let (role, pressed) = (app.options.role, [Key::of(event)]);
    if let Found::Action(action) = app.keymap.find(Context::Search, role, &pressed) {
        return act(app, action, event);
    }
    if let Found::Action(action) = app.keymap.find(Context::Everywhere, role, &pressed) {
        app.search = None;
        return act(app, action, event);
    }
    search::edit(app, event)
}

fn shown(pressed: &[Key]) -> String {
    pressed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Tells whether the key is the one with which people leave programs.
fn is_interrupt(event: KeyEvent) -> bool {
    event.code == KeyCode::Char('c') && event.modifiers.contains(KeyModifiers::CONTROL)
}

pub(super) fn act(app: &mut App, action: Action, event: KeyEvent) -> Vec<Effect> {
    match action {
        Action::Enter => return typing::enter(app),
        Action::Answer => return asking::send(app),
        Action::Newline => typing::newline(app),
        Action::Complete => return typing::complete(app),
        Action::Forward | Action::LineEnd => typing::forward(app, event),
        Action::Signature => return signature::ask(app),
        Action::SignatureMore => signature::more(app),
        Action::SignatureClose => app.signature = None,
        Action::Editor => return vec![Effect::Edit(app.prompt.text())],
        Action::Search => return search::open(app),
        Action::SearchOlder => return search::step(app, 1),
        Action::SearchNewer => return search::step(app, -1),
        Action::SearchScope => return search::toggle(app),
        Action::SearchAccept => search::accept(app),
        Action::SearchLeave => app.search = None,
        Action::Dedent => {
            app.prompt.dedent();
        }
        Action::PopupNext => typing::popup_step(app, 1),
        Action::PopupPrevious => typing::popup_step(app, -1),
        Action::PopupAccept => typing::popup_accept(app),
        Action::PopupClose => app.popup = None,
        Action::RecallOlder => typing::older(app),
        Action::RecallNewer => typing::newer(app),
        Action::EndOfInput if app.typed().is_empty() => return verbs::end_of_input(app),
        Action::EndOfInput => app.typed().key(event),
        Action::Interrupt => return verbs::interrupt(app),
        Action::ClearView => {
            app.transcript.clear_view(app.reading(), app.mirror.state.as_ref());
            return vec![Effect::Redraw];
        }
        Action::Help => app.help = Some(0),
        Action::Palette => finding::open(app),
        Action::Quit => return verbs::quit(app),
        Action::Open if matches!(app.mirror.link, Link::Lost { .. }) => return vec![Effect::Reconnect],
        Action::Open => panels::open(app),
        Action::FilterLevel => filtering::raise_least(app),
        Action::Filter => filtering::begin(app),
        Action::FilterKeep => filtering::keep(app),
        Action::FilterClear => filtering::clear(app),
        Action::Copy if panels::shows_entries(app) => return copying::entry(app, Copied::Output),
        Action::CopyCode if panels::shows_entries(app) => return copying::entry(app, Copied::Code),
        Action::Copy => return copying::row(app),
        Action::CopyCode => {
            let session = app.reach(Action::GoToSession);
            app.hint(format!("the session ({session}) has cells whose code can be copied"));
        }
        Action::Pause => panels::pause(app),
        Action::NextError => return panels::to_error(app, true),
        Action::PreviousError => return panels::to_error(app, false),
        Action::Left => panels::turn(app, -1),
        Action::Right => panels::turn(app, 1),
        Action::Zoom => panels::zoom(app),
        Action::Sort => sorting::sort(app),
        Action::SortReverse => sorting::reverse(app),
        Action::Columns => sorting::open_columns(app),
        Action::ColumnNext => sorting::step_column(app, 1),
        Action::ColumnPrevious => sorting::step_column(app, -1),
        Action::ColumnToggle => sorting::toggle_column(app),
        Action::ColumnsClose => app.picker = None,
        Action::LeavePrompt if app.typed().takes_escape() => app.typed().key(event),
        Action::LeavePrompt => app.context = Context::Panel,
        Action::ToPrompt => {
            app.context = Context::Input;
            app.typed().begin_typing();
        }
        Action::Dismiss => dismiss(app),
        Action::GoToSession => panels::go_to(app, Panel::Session),
        Action::GoToPositions => panels::go_to(app, Panel::Positions),
        Action::GoToOrders => panels::go_to(app, Panel::Orders),
        Action::GoToMarket => panels::go_to(app, Panel::Market),
        Action::GoToEquity => panels::go_to(app, Panel::Equity),
        Action::GoToFills => panels::go_to(app, Panel::Fills),
        Action::GoToLog => panels::go_to(app, Panel::Log),
        Action::GoToPeers => panels::go_to(app, Panel::Peers),
        Action::GoToStrategy => panels::go_to(app, Panel::Strategy),
        Action::NextPanel => panels::go_to(app, app.panel.step(1)),
        Action::PreviousPanel => panels::go_to(app, app.panel.step(-1)),
        Action::Down => return panels::step(app, 1),
        Action::Up => return panels::step(app, -1),
        Action::PageDown => return panels::page(app, 1),
        Action::PageUp => return panels::page(app, -1),
        Action::First => return panels::to_first(app),
        Action::Last => return panels::to_last(app),
        Action::CancelOrder => return verbs::cancel_order(app),
        Action::CancelOrders => return verbs::cancel_orders(app),
        Action::CancelAll => return verbs::cancel_all(app),
        Action::Ticket => ticket::open(app),
        Action::Modify => ticket::change(app),
        Action::Close => return verbs::close(app),
        Action::Flatten => return verbs::flatten(app),
        Action::PauseOrResume => return verbs::pause_or_resume(app),
        Action::RestartKernel => return verbs::restart_kernel(app),
        Action::StopSession => verbs::stop_session(app),
    }
    Vec::new()
}

/// Esc closes what is nearest: the close look, a filter, results, a panel on the whole screen.
fn dismiss(app: &mut App) {
    if app.detail.take().is_some() {
        return;
    }
    // What lies over others goes first.
    if panels::shows_entries(app) && app.notices.is_empty() && app.hint.is_none() {
        filtering::clear(app);
        app.zoomed = false;
    } else if !panels::shows_entries(app) && !app.current_view().filter.is_empty() {
        sorting::end_filter(app, false);
    } else if !app.notices.is_empty() || app.hint.is_some() {
        app.notices.clear();
        app.hint = None;
    } else {
        app.zoomed = false;
    }
}

fn dialog(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let Some(dialog) = &mut app.dialog else { return Vec::new() };
    match dialog.key(event, app.now.instant) {
        Answer::Open => Vec::new(),
        Answer::Cancelled => {
            app.dialog = None;
            Vec::new()
        }
        Answer::Chosen(outcome) => {
            app.dialog = None;
            match outcome {
                Outcome::Command(command, purpose) => verbs::send(app, command, purpose),
                Outcome::Ask(command) => verbs::stop(app, command),
                Outcome::Leave(exit) => vec![Effect::Leave(exit)],
            }
        }
    }
}

fn help(app: &mut App, event: KeyEvent) {
    let line = app.help.unwrap_or_default();
    app.help = match event.code {
        KeyCode::Char('j') | KeyCode::Down => Some(line + 1),
        KeyCode::Char('k') | KeyCode::Up => Some(line.saturating_sub(1)),
        KeyCode::PageDown => Some(line + usize::from(app.size.rows / 2)),
        KeyCode::PageUp => Some(line.saturating_sub(usize::from(app.size.rows / 2))),
        _ => None,
    };
    // Scrolling on past the end must not have to be undone.
    app.help = app.help.map(|line| line.min(crate::view::help::last_line(app)));
}
