//! What an action of the strategy takes, or the new value of a parameter, being typed. No I/O.

use std::time::Instant;

use qubx_protocol::{Action, ActionParameter, Command, Parameter, kinds};
use serde_json::{Map, Value};

use crate::dialog::DEAF;
use crate::sanitize;

/// Characters that a value has at the most.
const LONGEST: usize = 1_000;

/// What the strategy is told, and the values that are typed for it.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) purpose: Purpose,
    /// What may be typed, in the order of the lines.
    pub(crate) parameters: Vec<ActionParameter>,
    /// What is typed for each parameter; nothing stands for the default.
    pub(crate) values: Vec<String>,
    /// The parameter that is being typed.
    pub(crate) field: usize,
    /// What is wrong with what was typed.
    pub(crate) problem: Option<String>,
    deaf_until: Instant,
}

/// What a form is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    Action(Action),
    Parameter(Parameter),
}

impl Form {
    /// Returns an empty form for an action.
    pub(crate) fn of_action(action: Action, now: Instant) -> Self {
        let parameters = action.parameters.clone();
        let values = vec![String::new(); parameters.len()];
        let purpose = Purpose::Action(action);
        Self { purpose, parameters, values, field: 0, problem: None, deaf_until: now + DEAF }
    }

    /// Returns a form for the new value of a parameter, in which its value stands.
    pub(crate) fn of_parameter(parameter: Parameter, now: Instant) -> Self {
        let value = match &parameter.value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let (name, kind) = (parameter.name.clone(), parameter.kind.clone());
        let mut form = Self {
            purpose: Purpose::Parameter(parameter),
            parameters: vec![ActionParameter { name, kind, default: None }],
            values: vec![String::new()],
            field: 0,
            problem: None,
            deaf_until: now + DEAF,
        };
        form.push(&value);
        form
    }

    /// Returns what stands over the lines.
    pub(crate) fn title(&self) -> String {
        match &self.purpose {
            Purpose::Action(action) => action.name.clone(),
            Purpose::Parameter(parameter) => format!("set {}", parameter.name),
        }
    }

    /// Returns what it is about; possibly empty.
    pub(crate) fn description(&self) -> String {
        match &self.purpose {
            Purpose::Action(action) => action.description.clone(),
            Purpose::Parameter(Parameter { kind, value, default, .. }) if value == default => {
                format!("{kind}, its default is {default}")
            }
            Purpose::Parameter(Parameter { kind, value, default, .. }) => {
                format!("{kind}, {value} now, {default} by default")
            }
        }
    }

    /// Returns the command that the form stands for.
    ///
    /// # Errors
    /// The place of the value that is wrong, and why.
    pub(crate) fn command(&self) -> Result<Command, (usize, String)> {
        let mut arguments = self.arguments()?;
        Ok(match &self.purpose {
            Purpose::Action(action) => Command::Action { name: action.name.clone(), arguments },
            Purpose::Parameter(Parameter { name, .. }) => {
                let value = arguments.remove(name).unwrap_or_else(|| Value::String(String::new()));
                Command::SetParameter { name: name.clone(), value }
            }
        })
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

    /// Returns what is typed as the strategy takes it.
    ///
    /// # Errors
    /// The place of the parameter that is wrong, and why.
    fn arguments(&self) -> Result<Map<String, Value>, (usize, String)> {
        let mut arguments = Map::new();
        for (place, (parameter, typed)) in self.parameters.iter().zip(&self.values).enumerate() {
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
