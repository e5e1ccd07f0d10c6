//! The palette: every command that this screen has, found by a few letters of it. No I/O.

use std::time::Instant;

use qubx_protocol::Command;

use crate::app::App;
use crate::dialog::DEAF;
use crate::facts::Facts;
use crate::fuzzy;
use crate::keymap::{ACTIONS, Action, Spec};
use crate::theme::ThemeChoice;

/// Characters that are typed at the most; no command has more.
const LONGEST: usize = 80;

/// An open palette.
#[derive(Clone, Debug)]
pub(crate) struct Palette {
    pub(crate) typed: String,
    pub(crate) selected: usize,
    deaf_until: Instant,
}

/// A command of the palette.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// What it does.
    pub(crate) title: String,
    /// What it is called.
    pub(crate) name: String,
    /// The key that does it here; empty when there is none.
    pub(crate) key: String,
    pub(crate) run: Run,
    /// The characters of the title that were typed.
    pub(crate) places: Vec<usize>,
}

/// What a command of the palette does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Run {
    Action(Action),
    Theme(ThemeChoice),
    /// What the strategy offers under this name.
    Strategy(String),
    /// Changes the strategy's parameter of this name.
    Parameter(String),
}

impl Palette {
    /// Returns a palette that has just opened.
    pub(crate) fn new(now: Instant) -> Self {
        Self { typed: String::new(), selected: 0, deaf_until: now + DEAF }
    }

    /// Tells whether Enter was pressed before anything could be seen here.
    pub(crate) fn is_deaf(&self, now: Instant) -> bool {
        now < self.deaf_until
    }

    /// Adds to what is typed.
    pub(crate) fn push(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.typed.chars().count());
        self.typed.extend(text.chars().filter(|c| crate::sanitize::is_printable(*c)).take(room));
        self.selected = 0;
    }

    /// Takes the last character back.
    pub(crate) fn pop(&mut self) {
        self.typed.pop();
        self.selected = 0;
    }

    /// Takes everything back.
    pub(crate) fn clear(&mut self) {
        self.typed.clear();
        self.selected = 0;
    }
}

/// Returns the commands that fit what is typed, the best first; all when nothing is.
pub(crate) fn items(app: &App, typed: &str) -> Vec<Item> {
    let mut found: Vec<(i32, Item)> = Vec::new();
    for mut item in all(app) {
        let by_title = fuzzy::fit(typed, &item.title);
        let by_name = fuzzy::fit(typed, &item.name);
        let score = by_title.as_ref().map(|fit| fit.score).max(by_name.map(|fit| fit.score));
        if let Some(score) = score {
            item.places = by_title.map(|fit| fit.places).unwrap_or_default();
            found.push((score, item));
        }
    }
    // Of what fits as well, the shortest has least besides.
    let length = |item: &Item| item.title.chars().count();
    if !typed.trim().is_empty() {
        found.sort_by_key(|(score, item)| (std::cmp::Reverse(*score), length(item)));
    }
    found.into_iter().map(|(_, item)| item).collect()
}

/// Returns all commands that this screen has.
fn all(app: &App) -> Vec<Item> {
    let item = |title: String, name: String, key, run| Item { title, name, key, run, places: Vec::new() };
    let place = app.keys_context();
    let mut items: Vec<Item> = Vec::new();
    if app.may(&Command::Action { name: String::new(), arguments: serde_json::Map::new() }) {
        let actions = app.mirror.status().into_iter().flat_map(|status| &status.strategy.actions);
        items.extend(actions.map(|action| {
            let name = crate::sanitize::plain(&action.name);
            let title = match crate::sanitize::plain(&action.description) {
                words if words.is_empty() => format!("strategy: {name}"),
                words => format!("strategy: {name} · {words}"),
            };
            item(title, name, String::new(), Run::Strategy(action.name.clone()))
        }));
    }
    if app.may(&Command::SetParameter { name: String::new(), value: serde_json::Value::Null }) {
        let parameters = app.mirror.status().into_iter().flat_map(|status| &status.strategy.parameters);
        items.extend(parameters.map(|parameter| {
            let name = crate::sanitize::plain(&parameter.name);
            let value = crate::sanitize::plain(&parameter.value.to_string());
            let title = format!("set parameter: {name} · {value} now");
            item(title, format!("set {name}"), String::new(), Run::Parameter(parameter.name.clone()))
        }));
    }
    let actions = ACTIONS
        .iter()
        .filter(|spec| spec.action.is_for_all() && app.options.role >= spec.role)
        .filter(|spec| {
            // It is open already.
            spec.action != Action::Palette
        });
    // What the footer has is what people look for most.
    let (first, rest): (Vec<&Spec>, Vec<&Spec>) = actions.partition(|spec| spec.footer.is_some());
    items.extend(first.into_iter().chain(rest).map(|spec| {
        let key = app.keymap.key(place, spec.action).map(ToString::to_string);
        let key = key.unwrap_or_else(|| app.keymap.reach(place, spec.action));
        // How to find it here is known by whoever is here.
        let key = if key.ends_with(spec.name) { String::new() } else { key };
        item(spec.help.to_owned(), spec.name.to_owned(), key, Run::Action(spec.action))
    }));
    items.extend(ThemeChoice::ALL.iter().map(|(name, choice)| {
        item(format!("theme: {name}"), format!("theme {name}"), String::new(), Run::Theme(*choice))
    }));
    items
}
