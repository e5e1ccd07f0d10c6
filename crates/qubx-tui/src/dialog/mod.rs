//! The dialogs before dangerous acts: which keys they take, and what each key does. No I/O.
//!
//! A dialog is deaf for a moment after it opens, so that keys typed before it was seen do nothing, and every
//! key that is not a choice, Enter included, cancels or does nothing. What it says is made anew for each drawing: while
//! it waits the market and others go on.

mod effect;
mod subject;
mod tier;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Mirror;
use qubx_protocol::{Author, Command};

use crate::Exit;
use crate::facts::Facts;
use crate::message::Purpose;

pub(crate) use effect::Legs;
pub(crate) use subject::Subject;
pub(crate) use tier::{Tier, tier};

/// How long a new dialog, and a new screen, ignores keys. Longer than a frame, shorter than a reaction.
pub(crate) const DEAF: Duration = Duration::from_millis(150);

/// The word that confirms an order with real money against which something speaks.
const ORDER_WORD: &str = "send";
/// The word that confirms a dangerous action of the strategy with real money.
const ACTION_WORD: &str = "act";

/// A question that holds the keys until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) subject: Subject,
    pub(crate) choices: Vec<Choice>,
    /// A word to type instead of a choice.
    pub(crate) word: Option<Word>,
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
    /// Another question follows, before this command.
    Ask(Command),
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
    /// Returns a question about anything but a command.
    pub(crate) fn about(subject: Subject, now: Instant) -> Self {
        let choices = subject.choices();
        Self { subject, choices, word: None, deaf_until: now + DEAF }
    }

    /// Returns the question before a command; none when it needs none.
    pub(crate) fn before(command: Command, purpose: Purpose, mirror: &Mirror, now: Instant) -> Option<Self> {
        let tier = tier(&command, mirror.is_live());
        (tier != Tier::Nothing).then(|| Self::of(tier, command, purpose, now))
    }

    /// Returns the question before what the strategy itself calls dangerous.
    pub(crate) fn before_danger(command: Command, purpose: Purpose, mirror: &Mirror, now: Instant) -> Self {
        let tier = if mirror.is_live() { Tier::Word(ACTION_WORD) } else { Tier::Key };
        Self::of(tier, command, purpose, now)
    }

    fn of(tier: Tier, command: Command, purpose: Purpose, now: Instant) -> Self {
        let (mut choices, mut word) = (Vec::new(), None);
        let outcome = Outcome::Command(command.clone(), purpose);
        match tier {
            Tier::Nothing => {}
            Tier::Key => choices.push(Choice { key: 'y', label: subject::label(&command), outcome }),
            Tier::Word(text) => word = Some(Word { word: text, typed: String::new(), outcome }),
        }
        Self { subject: Subject::Command(command), choices, word, deaf_until: now + DEAF }
    }

    /// Returns the question before an order of a ticket; none when it needs none. What speaks against it makes it
    /// graver by one step, and is read back.
    pub(crate) fn before_order(
        command: Command,
        warnings: Vec<String>,
        purpose: Purpose,
        mirror: &Mirror,
        now: Instant,
    ) -> Option<Self> {
        let label = subject::label(&command);
        let outcome = Outcome::Command(command.clone(), purpose);
        let (mut choices, mut word) = (Vec::new(), None);
        match (mirror.is_live(), warnings.is_empty()) {
            (false, true) => return None,
            (false, false) | (true, true) => choices.push(Choice { key: 'y', label, outcome }),
            (true, false) => word = Some(Word { word: ORDER_WORD, typed: String::new(), outcome }),
        }
        let subject = Subject::Order { command, warnings };
        Some(Self { subject, choices, word, deaf_until: now + DEAF })
    }

    /// Returns what stands in its frame.
    pub(crate) fn title(&self, mirror: &Mirror) -> String {
        self.subject.title(mirror)
    }

    /// Returns what it leads to, in numbers as they are now.
    pub(crate) fn lines(&self, mirror: &Mirror, me: &Author) -> Vec<String> {
        self.subject.lines(mirror, me)
    }

    /// Tells whether real money is at stake.
    pub(crate) fn is_danger(&self, mirror: &Mirror) -> bool {
        mirror.is_live() && self.subject.touches_money()
    }

    /// Tells whether it asks for something that needs the connection.
    pub(crate) fn needs_link(&self) -> bool {
        self.subject.needs_link()
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
