//! The dialogs before dangerous acts: what they say, which keys they take, and what each key does. No I/O.
//!
//! A dialog is deaf for a moment after it opens, so that keys typed before it was seen do nothing, and every
//! key that is not a choice, Enter included, cancels or does nothing.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Mirror;
use qubx_protocol::{Author, CellView, Command, InstrumentId, Order, Position, Side};

use crate::Exit;
use crate::facts::{self, Facts};
use crate::format::{self, Sign, UNKNOWN};
use crate::message::Purpose;

/// How long a new dialog, and a new screen, ignores keys. Longer than a frame, shorter than a reaction.
pub(crate) const DEAF: Duration = Duration::from_millis(150);

/// The word that confirms a flatten with real money.
const FLATTEN_WORD: &str = "flat";
/// The word that confirms a restart of the kernel with real money.
const RESTART_WORD: &str = "restart";

/// A question that holds the keys until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    pub(crate) choices: Vec<Choice>,
    /// A word to type instead of a choice.
    pub(crate) word: Option<Word>,
    /// Whether real money is at stake.
    pub(crate) danger: bool,
    /// Whether it asks for something that needs the connection.
    pub(crate) needs_link: bool,
    deaf_until: Instant,
}

/// A key and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) key: char,
    pub(crate) label: String,
    outcome: Outcome,
}

/// A word that must be typed, and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) word: &'static str,
    pub(crate) typed: String,
    outcome: Outcome,
}

/// What an answered dialog leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// A command is sent.
    Command(Command, Purpose),
    /// The screen is left.
    Leave(Exit),
}

/// What a key did to a dialog.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// It goes on.
    Open,
    /// It is closed without effect.
    Cancelled,
    /// It is closed with this effect.
    Chosen(Outcome),
}

impl Dialog {
    fn new(title: impl Into<String>, lines: Vec<String>, mirror: &Mirror, now: Instant) -> Self {
        Self {
            title: title.into(),
            lines,
            choices: Vec::new(),
            word: None,
            danger: mirror.is_live(),
            needs_link: true,
            deaf_until: now + DEAF,
        }
    }

    fn choice(mut self, key: char, label: &str, outcome: Outcome) -> Self {
        self.choices.push(Choice { key, label: label.to_owned(), outcome });
        self
    }

    fn verb(self, label: &str, command: Command) -> Self {
        let purpose = Purpose::Verb(command.verb());
        self.choice('y', label, Outcome::Command(command, purpose))
    }

    /// A verb that takes a key on paper, and with real money a word.
    fn grave_verb(mut self, mirror: &Mirror, label: &str, word: &'static str, command: Command) -> Self {
        if !mirror.is_live() {
            return self.verb(label, command);
        }
        let purpose = Purpose::Verb(command.verb());
        self.word = Some(Word { word, typed: String::new(), outcome: Outcome::Command(command, purpose) });
        self
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, event: KeyEvent, now: Instant) -> Answer {
        if now < self.deaf_until {
            return Answer::Open;
        }
        match event.code {
            KeyCode::Esc | KeyCode::Enter => Answer::Cancelled,
            KeyCode::Char('c' | 'q') if event.modifiers.contains(KeyModifiers::CONTROL) => Answer::Cancelled,
            KeyCode::Backspace => {
                if let Some(word) = &mut self.word {
                    word.typed.pop();
                }
                Answer::Open
            }
            KeyCode::Char(letter) if (event.modifiers - KeyModifiers::SHIFT).is_empty() => {
                self.letter(letter)
            }
            _ => Answer::Open,
        }
    }

    fn letter(&mut self, letter: char) -> Answer {
        if let Some(word) = &mut self.word {
            if word.typed.len() < word.word.len() {
                word.typed.push(letter);
            }
            return if word.typed == word.word { Answer::Chosen(word.outcome.clone()) } else { Answer::Open };
        }
        match self.choices.iter().find(|choice| choice.key == letter) {
            Some(choice) => Answer::Chosen(choice.outcome.clone()),
            None if letter.eq_ignore_ascii_case(&'n') => Answer::Cancelled,
            None => Answer::Open,
        }
    }
}

/// Asks before one order is cancelled.
pub(crate) fn cancel_order(order: &Order, mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec![describe_order(order, mirror)];
    Dialog::new(heading("CANCEL ORDER", mirror), lines, mirror, now)
        .verb("cancel this order", Command::CancelOrder { order: order.id.clone() })
}

/// Asks before all orders of an instrument are cancelled.
pub(crate) fn cancel_orders(instrument: &InstrumentId, mirror: &Mirror, now: Instant) -> Dialog {
    let orders: Vec<&Order> =
        facts::orders(mirror).into_iter().filter(|order| order.instrument == *instrument).collect();
    let mut lines =
        vec![format!("cancels {} of {}", format::count(orders.len(), "order"), mirror.label(instrument))];
    lines.extend(orders.iter().map(|order| format!("  {}", describe_order(order, mirror))));
    Dialog::new(heading("CANCEL ORDERS", mirror), lines, mirror, now)
        .verb("cancel them", Command::CancelOrders { instrument: Some(instrument.clone()) })
}

/// Asks before a position is closed.
pub(crate) fn close(position: &Position, mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec!["closes at market:".to_owned(), format!("  {}", describe_closing(position, mirror))];
    Dialog::new(heading("CLOSE POSITION", mirror), lines, mirror, now)
        .verb("close it", Command::Close { instrument: position.instrument.clone() })
}

/// Asks before everything is cancelled and closed: with real money, by typing a word.
pub(crate) fn flatten(mirror: &Mirror, now: Instant) -> Dialog {
    let orders = facts::orders(mirror);
    let positions = facts::positions(mirror);
    let mut lines = vec![format!(
        "cancels {}, then closes {} at market",
        format::count(orders.len(), "order"),
        format::count(positions.len(), "position")
    )];
    lines.extend(positions.iter().map(|position| format!("  {}", describe_closing(position, mirror))));
    lines.push("strategy will be PAUSED afterwards (resume with P)".to_owned());
    Dialog::new(heading("FLATTEN ALL", mirror), lines, mirror, now).grave_verb(
        mirror,
        "flatten",
        FLATTEN_WORD,
        Command::Flatten,
    )
}

/// Asks before the Python process is ended and started again: with real money, by typing a word.
pub(crate) fn restart_kernel(mirror: &Mirror, me: &Author, now: Instant) -> Dialog {
    let mut lines = Vec::new();
    if let Some(cell) = facts::running(mirror) {
        let label = facts::cell_label(mirror, cell, me);
        lines.push(format!("the running cell ends: {label}"));
    }
    lines.push("variables of the REPL are lost".to_owned());
    lines.push(format!(
        "{} and {} stay as they are",
        format::count(facts::orders(mirror).len(), "order"),
        format::count(facts::positions(mirror).len(), "position")
    ));
    lines.push("the strategy is created anew".to_owned());
    Dialog::new(heading("RESTART KERNEL", mirror), lines, mirror, now).grave_verb(
        mirror,
        "restart the Python kernel",
        RESTART_WORD,
        Command::RestartKernel,
    )
}

/// Asks before entries are paused.
pub(crate) fn pause(mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec![
        "orders that would increase a position are refused, and those that rest are cancelled".to_owned(),
        "exits go on".to_owned(),
    ];
    Dialog::new(heading("PAUSE", mirror), lines, mirror, now).verb("pause", Command::Pause)
}

/// Asks before a pause ends.
pub(crate) fn resume(mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec!["the strategy may open positions again".to_owned()];
    Dialog::new(heading("RESUME", mirror), lines, mirror, now).verb("resume", Command::Resume)
}

/// Asks before somebody else's cell is interrupted.
pub(crate) fn interrupt(cell: &CellView, label: &str, mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec![format!("interrupt {}'s {label}?", cell.author)];
    let command = Command::Interrupt { cell: Some(cell.cell) };
    let mut dialog = Dialog::new("INTERRUPT", lines, mirror, now);
    dialog.danger = false;
    dialog.choice('y', "interrupt", Outcome::Command(command, Purpose::Cell))
}

/// Asks whether an attached screen is to be left.
pub(crate) fn detach(mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec!["detach? the session keeps running".to_owned()];
    let mut dialog = Dialog::new("DETACH", lines, mirror, now);
    dialog.danger = false;
    dialog.needs_link = false;
    dialog.choice('y', "detach", Outcome::Leave(Exit::Detached))
}

/// Asks the owner what becomes of the session.
pub(crate) fn quit(mirror: &Mirror, now: Instant) -> Dialog {
    let orders = facts::orders(mirror).len();
    let positions = facts::positions(mirror).len();
    let others = mirror.latest.presence.as_ref().map_or(0, |present| present.len().saturating_sub(1));
    let mut lines = vec![format!(
        "stopping cancels {} and leaves {} as they are",
        format::count(orders, "order"),
        format::count(positions, "position")
    )];
    if others > 0 {
        lines.push(format!("{} attached too", format::count(others, "other screen")));
    }
    let stop = Command::Stop { flatten: false, keep_orders: false };
    Dialog::new(heading("QUIT", mirror), lines, mirror, now)
        .choice('s', "stop the strategy", Outcome::Command(stop, Purpose::Stop))
        .choice('l', "leave it running", Outcome::Command(Command::Release, Purpose::Release))
}

/// Asks the owner whether to go while the service does not answer.
pub(crate) fn leave_unanswered(mirror: &Mirror, now: Instant) -> Dialog {
    let lines = vec![
        "the service does not answer; leave the screen all the same?".to_owned(),
        "on paper and with nobody else attached it then stops, else it goes on".to_owned(),
    ];
    let mut dialog = Dialog::new("LEAVE", lines, mirror, now);
    dialog.needs_link = false;
    dialog.choice('y', "leave", Outcome::Leave(Exit::Terminated))
}

fn heading(verb: &str, mirror: &Mirror) -> String {
    match mirror.info() {
        Some(info) => format!("{verb} — {} — {}", info.mode.to_string().to_uppercase(), info.name),
        None => verb.to_owned(),
    }
}

fn describe_order(order: &Order, mirror: &Mirror) -> String {
    let decimals = mirror.quantity_decimals(&order.instrument, order.quantity.0.scale());
    let mut text = format!(
        "{} {} {} {}",
        mirror.label(&order.instrument),
        order.side,
        order.order_type,
        format::number(order.remaining().0, decimals, Sign::Minus)
    );
    if let Some(price) = order.price {
        let decimals = mirror.price_decimals(&order.instrument, price.0.scale());
        text.push_str(&format!(" @ {}", format::number(price.0, decimals, Sign::Minus)));
    }
    text.push_str(&format!("  ({})", order.author));
    text
}

/// Returns what closing does: side, quantity and about how much money.
fn describe_closing(position: &Position, mirror: &Mirror) -> String {
    let side = if position.quantity.0.is_sign_negative() { Side::Buy } else { Side::Sell };
    let decimals = mirror.quantity_decimals(&position.instrument, position.quantity.0.scale());
    let value = mirror
        .mark(&position.instrument)
        .and_then(|mark| mark.market_value)
        .map_or_else(|| UNKNOWN.to_owned(), |value| format::number(value.0.abs(), 0, Sign::Minus));
    format!(
        "{:<10} {side:<4} {:>10}   ~{value}",
        mirror.label(&position.instrument),
        format::number(position.quantity.0.abs(), decimals, Sign::Minus)
    )
}
