//! What an action of the strategy takes, being typed. No I/O.

use std::time::Instant;

use qubx_protocol::{Action, ActionParameter, kinds};
use serde_json::{Map, Value};

use crate::dialog::DEAF;
use crate::sanitize;

/// Characters that a value has at the most.
const LONGEST: usize = 1_000;

/// An action and the values that are typed for it.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: Action,
    /// What is typed for each parameter; nothing stands for the default.
    pub(crate) values: Vec<String>,
    /// The parameter that is being typed.
    pub(crate) field: usize,
    /// What is wrong with what was typed.
    pub(crate) problem: Option<String>,
    deaf_until: Instant,
}

impl Form {
    /// Returns an empty form.
    pub(crate) fn new(action: Action, now: Instant) -> Self {
        let values = vec![String::new(); action.parameters.len()];
        Self { action, values, field: 0, problem: None, deaf_until: now + DEAF }
    }

    /// Tells whether Enter was pressed before anything could be seen here.
    pub(crate) fn is_deaf(&self, now: Instant) -> bool {
        now < self.deaf_until
    }

    /// Adds to the value that is being typed.
    pub(crate) fn push(&mut self, text: &str) {
        self.problem = None;
        if let Some(value) = self.values.get_mut(self.field) {
            let room = LONGEST.saturating_sub(value.chars().count());
            value.extend(text.chars().filter(|c| sanitize::is_printable(*c)).take(room));
        }
    }

    /// Takes the last character of the value back.
    pub(crate) fn pop(&mut self) {
        self.problem = None;
        if let Some(value) = self.values.get_mut(self.field) {
            value.pop();
        }
    }

    /// Goes to the next parameter, or the one before.
    pub(crate) fn step(&mut self, by: isize) {
        let last = self.values.len().saturating_sub(1);
        self.field = self.field.saturating_add_signed(by).min(last);
    }

    /// Tells whether the last parameter is being typed.
    pub(crate) fn is_at_end(&self) -> bool {
        self.field + 1 >= self.values.len()
    }

    /// Returns what is typed as the action takes it.
    ///
    /// # Errors
    /// The place of the parameter that is wrong, and why.
    pub(crate) fn arguments(&self) -> Result<Map<String, Value>, (usize, String)> {
        let mut arguments = Map::new();
        for (place, (parameter, typed)) in self.action.parameters.iter().zip(&self.values).enumerate() {
            let ActionParameter { name, kind, default } = parameter;
            match (typed.trim(), default) {
                ("", Some(_)) => {}
                ("", None) if kind != "str" => return Err((place, format!("{name} is needed"))),
                _ => {
                    let value =
                        kinds::parse(kind, typed).map_err(|problem| (place, format!("{name} {problem}")))?;
                    arguments.insert(name.clone(), value);
                }
            }
        }
        Ok(arguments)
    }
}
