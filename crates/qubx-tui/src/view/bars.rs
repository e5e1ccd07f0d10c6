//! What needs attention now, in lines above the prompt: a lost link, alarms, a kernel that is dead or does not
//! respond, results of verbs, hints.

use qubx_client::{Link, ServiceFate};
use qubx_protocol::{Command, ErrorCode, ErrorMessage, KernelState, StrategyState};
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::{App, NoticeState};
use crate::facts::{self, Facts};
use crate::keymap::Action;
use crate::progress::Leg;
use crate::{format, sanitize, wrap};

/// After this long without a connection, the bar says what to check.
const LONG_LOST_SECONDS: u64 = 60;

/// Returns the rows of all bars, the gravest first.
pub(super) fn rows(app: &App, columns: usize) -> Vec<Line<'static>> {
    let mut bars: Vec<(String, Style)> = Vec::new();
    bars.extend(link(app));
    bars.extend(alarms(app));
    bars.extend(starting(app));
    bars.extend(kernel(app));
    bars.extend(strategy(app));
    for notice in &app.notices {
        let (mark, style) = mark(app, notice.state);
        bars.push((format!("{mark} {}", sanitize::plain(&notice.text)), style));
        bars.extend(legs(app, &notice.legs));
    }
    if let Some(hint) = &app.hint {
        bars.push((sanitize::plain(&hint.text), app.theme.attention()));
    }
    let mut rows = Vec::new();
    for (text, style) in bars {
        for row in wrap::wrap_words(&Line::raw(format!(" {text}")), columns.max(1), 1) {
            let padding = columns.saturating_sub(row.width());
            rows.push(Line::styled(format!("{row}{}", " ".repeat(padding)), style));
        }
    }
    rows
}

/// The parts of a verb that are shown at once; what failed and what is under way come first.
const MOST_LEGS: usize = 6;

/// Returns the parts of a verb, each with how far it is.
fn legs(app: &App, legs: &[Leg]) -> Vec<(String, Style)> {
    let rank = |leg: &&Leg| match leg.state {
        NoticeState::Failed => 0,
        NoticeState::UnderWay => 1,
        NoticeState::Done => 2,
    };
    let mut sorted: Vec<&Leg> = legs.iter().collect();
    if sorted.len() > MOST_LEGS {
        sorted.sort_by_key(rank);
    }
    let row = |leg: &&Leg| {
        let (mark, style) = mark(app, leg.state);
        let padding = " ".repeat(LEG_LABEL.saturating_sub(wrap::width(&leg.label)));
        (sanitize::plain(&format!("    {mark} {}{padding}  {}", leg.label, leg.text)), style)
    };
    let mut rows: Vec<(String, Style)> = sorted.iter().take(MOST_LEGS).map(row).collect();
    if sorted.len() > MOST_LEGS {
        rows.push((format!("      … and {} more", sorted.len() - MOST_LEGS), app.theme.quiet()));
    }
    rows
}

/// Columns of what a part is about, so that how far it is stands in one column.
const LEG_LABEL: usize = 26;

/// Returns how a state looks.
fn mark(app: &App, state: NoticeState) -> (&'static str, Style) {
    match state {
        NoticeState::UnderWay => ("…", app.theme.attention()),
        NoticeState::Done => ("✓", app.theme.gain()),
        NoticeState::Failed => ("✗", app.theme.loss()),
    }
}

fn link(app: &App) -> Option<(String, Style)> {
    match &app.mirror.link {
        Link::Connecting | Link::Connected { .. } => None,
        Link::Lost { since, attempt, retry_at, service } => {
            let now = app.now.instant;
            let away = now.saturating_duration_since(*since);
            let mut text = format!("Connection lost {}.", format::stopwatch(away));
            // A service that fell silent was lost only after a while.
            if let Some(heard) = app.heard_at.filter(|_| app.mirror.state.is_some()) {
                text.push_str(&format!(" Showing data of {}.", format::clock(heard)));
            }
            let retry = retry_at.saturating_duration_since(now).as_secs_f64().ceil();
            text.push_str(&format!(" Retry in {retry} s (Enter now)."));
            text.push_str(match service {
                ServiceFate::Lives => " The service lives: the strategy keeps running.",
                ServiceFate::Full => " The session has no place for another screen now: close one.",
                ServiceFate::Ended => " The service has ended; waiting for its owner to start it again.",
                ServiceFate::Unknown => " What became of the strategy is not known from here.",
            });
            if away.as_secs() > LONG_LOST_SECONDS {
                text.push_str(&format!(
                    " Still trying (attempt {attempt}). Check on the host: qubx kernel list"
                ));
            }
            Some((text, app.theme.attention_bar()))
        }
        Link::Closed(error) => {
            let mut sentences = vec![ending(app, error)];
            sentences.extend(error.hint.as_deref().map(sentence));
            sentences.extend(left_behind(app).filter(|_| error.code == ErrorCode::Ended));
            sentences.push("Any key leaves.".to_owned());
            Some((sanitize::plain(&sentences.join(" ")), app.theme.attention_bar()))
        }
    }
}

/// Returns why a connection is over; of a session that has ended also when.
fn ending(app: &App, error: &ErrorMessage) -> String {
    match app.closed_at.filter(|_| error.code == ErrorCode::Ended) {
        Some(at) => format!("Session ended {}: {}", format::clock(at), sentence(&error.message)),
        None => sentence(&error.message),
    }
}

/// Returns what a session that has ended leaves behind, and how its history is kept; none before anything was known.
fn left_behind(app: &App) -> Option<String> {
    let info = app.mirror.info()?;
    let flat = match facts::positions(&app.mirror).len() {
        0 => "yes".to_owned(),
        open => format!("no, {} stay", format::count(open, "position")),
    };
    Some(format!("Flat: {flat}. Keep it: qubx export {} --ipynb FILE.", info.name))
}

/// Returns what is wrong with the session itself; what stops orders first.
fn alarms(app: &App) -> Option<(String, Style)> {
    let alarms = app.mirror.latest.alarms.as_deref()?;
    let worst = alarms.iter().find(|alarm| alarm.stops_orders).or(alarms.first())?;
    let more = match alarms.len() - 1 {
        0 => String::new(),
        more => format!(" (+{more} more)"),
    };
    let text = format!("{} {}: {}{more}", format::clock(worst.since), worst.source, worst.text);
    Some((sanitize::plain(&text), app.theme.danger()))
}

/// Returns how far a start is: what is there, and what is waited for.
fn starting(app: &App) -> Option<(String, Style)> {
    let status = app.mirror.status()?;
    let python = status.kernel.state == KernelState::Starting;
    let strategy = status.strategy.state == StrategyState::Starting;
    if !python && !strategy {
        return None;
    }
    let mark = |waits| if waits { "…" } else { "✓" };
    let quotes = app.mirror.market().map_or(0, |market| market.quotes.len());
    let instruments = status.info.instruments.len();
    let (python, strategy) = (mark(python), mark(strategy));
    let text = format!("Starting: Python {python} · strategy {strategy} · quotes {quotes}/{instruments}");
    Some((text, app.theme.attention()))
}

/// Returns what keeps the Python process from answering, and what helps.
fn kernel(app: &App) -> Option<(String, Style)> {
    let status = app.mirror.status()?;
    let kernel = &status.kernel;
    let since = format::stopwatch(format::between(kernel.since, app.now.wall));
    let restart = if app.may(&Command::RestartKernel) {
        format!("; restart: {}", app.reach(Action::RestartKernel))
    } else {
        String::new()
    };
    let text = match kernel.state {
        KernelState::Starting | KernelState::Ready => return None,
        KernelState::NotResponding => {
            let whose = facts::running(&app.mirror).map_or_else(String::new, |cell| {
                format!(" · {}", facts::cell_label(&app.mirror, cell, &app.options.identity))
            });
            format!("kernel NOT RESPONDING {since}{whose} · an interrupt has no effect{restart}")
        }
        KernelState::Dead => {
            let how = kernel.ended.as_ref().map_or_else(String::new, |how| format!(" ({how})"));
            let at = format::clock(kernel.since);
            let next = match kernel.next_start {
                Some(next) => {
                    let seconds = format::between(app.now.wall, next).as_secs_f64().ceil();
                    format!("again in {seconds} s")
                }
                None => format!("stays down{restart}"),
            };
            let strategy = match status.strategy.state {
                StrategyState::Running => "Strategy still running in the engine.",
                StrategyState::Starting | StrategyState::Failed | StrategyState::Stopped => {
                    "Strategy stopped."
                }
            };
            let flatten = if app.may(&Command::Flatten) {
                format!(" Flatten: {}", app.reach(Action::Flatten))
            } else {
                String::new()
            };
            format!("Python kernel ended{how} {at}; {next}. {strategy} Engine and verbs go on.{flatten}")
        }
    };
    Some((sanitize::plain(&text), app.theme.danger()))
}

fn strategy(app: &App) -> Option<(String, Style)> {
    let status = app.mirror.status()?;
    if status.strategy.state != StrategyState::Failed || status.kernel.state == KernelState::Dead {
        return None;
    }
    let why = status.strategy.error.as_deref().unwrap_or("no reason given");
    Some((sanitize::plain(&format!("Strategy failed: {why}")), app.theme.loss()))
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
