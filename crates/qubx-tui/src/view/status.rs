//! The first line: what runs, how it is, and who is here. What matters least goes first when there is no room.

use std::time::Duration;

use qubx_client::Link;
use qubx_protocol::{KernelState, Mode, Phase, Role, StrategyState, WrongClock};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;

use super::account;
use crate::app::{App, Leaving};
use crate::facts::{self, Facts};
use crate::format::Sign;
use crate::layout::Room;
use crate::{format, sanitize, wrap};

/// A session that has told nothing new of market, account or screens for so long is at rest.
const RESTS_AFTER: Duration = Duration::from_secs(5);
/// The link's delay is told from this on: below, it says nothing and changes with every look at it.
const TOLD_FROM: Duration = Duration::from_millis(5);

/// A part of the line. Those with the lowest number get room first.
struct Part {
    importance: u8,
    text: String,
    style: Style,
}

/// Returns the window's title: the mode is always in it.
pub(crate) fn title(app: &App) -> String {
    match app.mirror.info() {
        Some(info) => format!("{} {}", mode(info.mode), sanitize::plain(&info.name)),
        None => "qubx".to_owned(),
    }
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let is_small = app.room() <= Room::Compact;
    let gap = if is_small { 1 } else { 3 };
    let clock = format!("{}{}", clock(app), if is_small { "Z " } else { " UTC " });
    let mut parts: Vec<(usize, Part)> = parts(app).into_iter().enumerate().collect();
    parts.sort_by_key(|(_, part)| part.importance);
    let mut room = usize::from(area.width).saturating_sub(wrap::width(&clock));
    parts.retain(|(_, part)| {
        let wide = wrap::width(&part.text) + gap;
        let fits = wide <= room || part.importance == 0;
        room = room.saturating_sub(if fits { wide } else { 0 });
        fits
    });
    parts.sort_by_key(|(place, _)| *place);
    let mut spans = Vec::new();
    for (_, part) in parts {
        spans.push(Span::styled(part.text, part.style));
        spans.push(Span::raw(" ".repeat(gap)));
    }
    let left = Line::from(spans);
    let room_for_clock = left.width() + wrap::width(&clock) <= usize::from(area.width);
    frame.render_widget(left, area);
    if room_for_clock {
        // A style of the line would colour the whole row.
        let clock = Line::from(Span::styled(clock, app.theme.quiet()));
        frame.render_widget(clock.right_aligned(), area);
    }
}

/// Returns the time of day. Where nothing moves it has no seconds, so that a screen at rest writes nothing.
fn clock(app: &App) -> String {
    let mut clock = format::clock(app.now.wall);
    let since = app.mirror.latest_at.map(|at| app.now.instant.saturating_duration_since(at));
    if since.is_none_or(|since| since > RESTS_AFTER) && facts::running(&app.mirror).is_none() {
        clock.truncate(clock.len() - ":00".len());
    }
    clock
}

fn parts(app: &App) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |importance, text: String, style| parts.push(Part { importance, text, style });
    let plain = Style::default();
    if let Some(info) = app.mirror.info() {
        let style = if info.mode == Mode::Live { app.theme.danger() } else { app.theme.paper() };
        add(0, format!(" {} ", mode(info.mode)), style);
        add(1, wrap::cut(&sanitize::plain(&info.name), 24), app.theme.strong());
    } else {
        add(0, " qubx ".to_owned(), app.theme.strong());
    }
    match app.options.role {
        Role::Viewer => add(1, " READ-ONLY ".to_owned(), app.theme.badge()),
        Role::Trader => add(1, " TRADER ".to_owned(), app.theme.badge()),
        Role::Admin => {}
    }
    let (link, style) = link(app);
    add(2, link, style);
    if let Some(status) = app.mirror.status() {
        if status.paused {
            add(1, "PAUSED".to_owned(), app.theme.attention().patch(app.theme.strong()));
        }
        if let Phase::Stopping { by, .. } = &status.phase {
            add(1, format!("stopping… ({})", sanitize::plain(by.as_str())), app.theme.attention());
        }
        // A compact screen has more room for it beside the names of the panels.
        if let (true, Some((kernel, style))) = (app.room() != Room::Compact, kernel(app)) {
            add(3, kernel, style);
        }
        let strategy = match status.strategy.state {
            StrategyState::Running => None,
            StrategyState::Starting => Some(("strategy starting", app.theme.attention())),
            StrategyState::Failed => Some(("strategy FAILED", app.theme.loss().patch(app.theme.strong()))),
            StrategyState::Stopped => Some(("strategy stopped", app.theme.attention())),
        };
        if let Some((text, style)) = strategy {
            add(2, text.to_owned(), style);
        }
        if let Some(text) = slow_strategy(app) {
            add(2, text, app.theme.attention());
        }
        if status.strategy.callback_errors > 0 {
            let count = usize::try_from(status.strategy.callback_errors).unwrap_or(usize::MAX);
            add(4, format::count(count, "callback error"), app.theme.loss());
        }
    }
    for clock in app.mirror.market().into_iter().flat_map(|market| &market.clocks) {
        add(3, wrong_clock(clock), app.theme.attention());
    }
    match app.leaving {
        Some(Leaving::Stopping { .. }) => add(1, "stopping…".to_owned(), app.theme.attention()),
        Some(Leaving::Releasing { .. }) => add(1, "leaving it running…".to_owned(), app.theme.attention()),
        None => {}
    }
    if app.room() <= Room::Compact {
        if let Some((text, style)) = account::short(app) {
            add(4, text, style);
        }
        if let Some(text) = account::leverage(app) {
            add(6, text, plain);
        }
    }
    let warnings = app.transcript.counts().warnings();
    let feed_error = app.mirror.market().is_some_and(|market| market.feed_error.is_some());
    let style = if warnings > 0 || feed_error { app.theme.attention() } else { app.theme.quiet() };
    add(5, format!("⚠ {warnings}{}", if feed_error { " feed" } else { "" }), style);
    if let Some(present) = &app.mirror.latest.presence {
        let names: Vec<String> = present
            .iter()
            .map(|screen| {
                let role = match screen.role {
                    Role::Viewer => "(ro)",
                    Role::Trader => "(trader)",
                    Role::Admin => "",
                };
                let owner = if screen.owner { "*" } else { "" };
                let count = if screen.screens > 1 { format!("×{}", screen.screens) } else { String::new() };
                format!("{}{role}{owner}{count}", sanitize::plain(screen.identity.as_str()))
            })
            .collect();
        add(6, format!("{} here", app.mirror.latest.screens().unwrap_or(0)), plain);
        if app.room() > Room::Compact {
            add(7, wrap::cut(&names.join(" "), 40), app.theme.author());
        }
    }
    parts
}

/// Says that a callback takes long, and what waits behind it; none while all is well.
fn slow_strategy(app: &App) -> Option<String> {
    let strategy = app.mirror.latest.strategy.as_ref()?;
    let busy = format::stopwatch(format::between(strategy.busy_since?, app.now.wall));
    let waiting = match strategy.backlog {
        0 => String::new(),
        backlog => format!(" · {backlog} wait"),
    };
    Some(format!("callback {busy}{waiting}"))
}

/// Says how far the session's clock is from an exchange's.
fn wrong_clock(clock: &WrongClock) -> String {
    let ahead = format::number(Decimal::new(clock.ahead_ms, 3), 1, Sign::Both);
    format!("clock {ahead} s vs {}", wrap::cut(&sanitize::plain(&clock.exchange), 24))
}

fn mode(mode: Mode) -> String {
    mode.to_string().to_uppercase()
}

fn link(app: &App) -> (String, Style) {
    match &app.mirror.link {
        Link::Connecting => ("○ connecting".to_owned(), app.theme.attention()),
        Link::Connected { latency: Some(latency) } => {
            let live = if app.room() <= Room::Compact { "● " } else { "● live " };
            let delay = if *latency < TOLD_FROM {
                format!("<{}ms", TOLD_FROM.as_millis())
            } else {
                format!("{}ms", latency.as_millis())
            };
            (format!("{live}{delay}"), app.theme.gain())
        }
        Link::Connected { latency: None } => ("● live".to_owned(), app.theme.gain()),
        Link::Lost { .. } => ("○ lost".to_owned(), app.theme.attention()),
        Link::Closed(_) => ("○ ended".to_owned(), app.theme.loss()),
    }
}

/// Returns how the Python process is; none before it is known.
pub(super) fn kernel(app: &App) -> Option<(String, Style)> {
    let kernel = &app.mirror.status()?.kernel;
    let running = facts::running(&app.mirror);
    let since = |time| format::stopwatch(format::between(time, app.now.wall));
    let whose = |cell| facts::cell_label(&app.mirror, cell, &app.options.identity);
    let is_small = app.room() <= Room::Narrow;
    let grave = app.theme.loss().patch(app.theme.strong());
    Some(match (kernel.state, running) {
        (KernelState::Starting, _) => ("kernel starting".to_owned(), app.theme.attention()),
        (KernelState::NotResponding, _) if is_small => {
            (format!("NOT RESPONDING {}", since(kernel.since)), grave)
        }
        // Whose cell it is, and what helps, stands in the bar.
        (KernelState::NotResponding, _) => (format!("kernel NOT RESPONDING {}", since(kernel.since)), grave),
        (KernelState::Dead, _) => ("kernel DEAD".to_owned(), grave),
        (KernelState::Ready, None) => ("kernel idle".to_owned(), app.theme.quiet()),
        (KernelState::Ready, Some(cell)) if is_small => {
            (format!("busy {}", since(cell.since)), app.theme.attention())
        }
        (KernelState::Ready, Some(cell)) => {
            (format!("kernel busy {} · {}", since(cell.since), whose(cell)), app.theme.attention())
        }
    })
}
