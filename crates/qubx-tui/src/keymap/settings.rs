//! `[keys]` of the user's settings: which changes hold, and what is wrong with the others. No I/O.
//!
//! A mistake stops nothing: the binding that it is about keeps its default.

use super::{Action, Binding, Context, EnterMode, Keymap, Keys, Preset, editor};
use crate::settings::{Mistake, Reader, Value, Written};

/// The key that the driver takes for itself, as it is shown.
const SUSPENDS: &str = "^Z";

/// An action's keys in a context, as a setting has them.
struct Change<P> {
    context: Context,
    action: Action,
    keys: Vec<Keys>,
    place: P,
}

/// Reads `[keys]`. What is wrong goes to `mistakes`.
pub(crate) fn read<P: Clone>(keys: &Written<P>, mistakes: &mut Vec<Mistake<P>>) -> Keymap {
    let mut reader = Reader::new("keys", keys, mistakes);
    let presets = [("emacs", Preset::Emacs), ("vim", Preset::Vim)];
    let preset = reader.one_of("preset", &presets).unwrap_or_default();
    let modes = [("newline", EnterMode::Newline), ("jupyter", EnterMode::Jupyter)];
    let enter_mode = reader.one_of("enter_mode", &modes).unwrap_or_default();
    let tables: Vec<_> =
        Context::ALL.iter().map(|(name, context)| (*name, *context, reader.take(name))).collect();
    reader.end();
    let defaults = Keymap::new(preset, enter_mode);
    let mut changes = Vec::new();
    for (name, context, table) in tables {
        if let Some(table) = table {
            read_context(name, context, table, &mut changes, mistakes);
        }
    }
    settle(&defaults, changes, mistakes)
}

fn read_context<P: Clone>(
    name: &str,
    context: Context,
    table: &Written<P>,
    changes: &mut Vec<Change<P>>,
    mistakes: &mut Vec<Mistake<P>>,
) {
    let Value::Table(entries) = &table.value else {
        mistakes.push(Mistake::new(&table.place, format!("keys.{name} must be a table of actions")));
        return;
    };
    for entry in entries {
        let Some(action) = Action::named(&entry.key) else {
            let names = super::ACTIONS.iter().map(|spec| spec.name);
            let message = format!("there is no action `{}`", entry.key);
            mistakes.push(Mistake::new(&entry.place, message).misspelt(&entry.key, names));
            continue;
        };
        if !action.fits(context) {
            let message = format!("`{}` cannot be done in the context `{name}`", entry.key);
            mistakes.push(Mistake::new(&entry.place, message));
            continue;
        }
        let texts = match &entry.written.value {
            Value::Text(_) => std::slice::from_ref(&entry.written),
            Value::List(items) => items.as_slice(),
            _ => {
                let message = format!("`{}` must be a list of keys, such as [\"F\", \"ctrl+x\"]", entry.key);
                mistakes.push(Mistake::new(&entry.written.place, message));
                continue;
            }
        };
        let keys: Result<Vec<Keys>, Mistake<P>> =
            texts.iter().map(|text| read_keys(text, context, action)).collect();
        match keys {
            Ok(keys) => changes.push(Change { context, action, keys, place: entry.place.clone() }),
            Err(mistake) => mistakes.push(mistake),
        }
    }
}

fn read_keys<P: Clone>(text: &Written<P>, context: Context, action: Action) -> Result<Keys, Mistake<P>> {
    let Value::Text(written) = &text.value else {
        return Err(Mistake::new(&text.place, "a key is a text, such as \"ctrl+x\""));
    };
    let keys = Keys::parse(written).map_err(|problem| {
        Mistake::new(&text.place, problem).hint("a key is written like F, ctrl+x, shift+tab, f5 or ctrl+x e")
    })?;
    if keys.to_string().contains(SUSPENDS) {
        return Err(Mistake::new(&text.place, format!("`{written}` puts the screen to sleep everywhere")));
    }
    if context.types() && keys.first().types() {
        let message = format!("`{written}` types in the prompt and cannot be bound there");
        return Err(
            Mistake::new(&text.place, message).hint("bind it under [keys.panel], or add ctrl+ or alt+")
        );
    }
    // Alt with a letter is what a terminal sends for Esc and that letter, so it is as near as the letter itself.
    let is_letter = matches!(keys.first().code, crossterm::event::KeyCode::Char(_)) && keys.is_single();
    if context.types() && action.spec().dangerous && is_letter {
        let message = format!("`{}` must not be one letter away from the prompt", action.spec().name);
        return Err(Mistake::new(&text.place, message)
            .hint("bind it under [keys.panel], or to a function key or two keys"));
    }
    Ok(keys)
}

/// Applies the changes that leave no key with two meanings, and a way out.
fn settle<P: Clone>(
    defaults: &Keymap,
    mut changes: Vec<Change<P>>,
    mistakes: &mut Vec<Mistake<P>>,
) -> Keymap {
    loop {
        let mut keymap = defaults.clone();
        for change in &changes {
            keymap.set(change.context, change.action, change.keys.clone());
        }
        // Each turn takes one change back, the last one that is at fault; without changes nothing is.
        let fault = changes
            .iter()
            .enumerate()
            .rev()
            .find_map(|(place, change)| fault(&keymap, change).map(|message| (place, message)));
        let Some((place, message)) = fault else { return keymap };
        let change = changes.remove(place);
        mistakes.push(Mistake::new(&change.place, message));
    }
}

/// Returns what a change does that it must not.
fn fault<P>(keymap: &Keymap, change: &Change<P>) -> Option<String> {
    let name = change.action.spec().name;
    let is_way_out = |place| keymap.key(place, Action::Quit).is_some();
    if change.action == Action::Quit && !(is_way_out(Context::Input) && is_way_out(Context::Panel)) {
        return Some("nothing would be bound to `quit`, the way out".to_owned());
    }
    for keys in &change.keys {
        let overlap = |other: &&Binding| {
            let together = |place| other.context.holds_in(place) && change.context.holds_in(place);
            let is_itself = (other.context, other.action) == (change.context, change.action);
            !is_itself
                && other.keys.collides(keys)
                && Context::ALL.iter().any(|(_, place)| *place != Context::Everywhere && together(*place))
        };
        if let Some(other) = keymap.bindings.iter().find(overlap)
            && other.action != change.action
        {
            let (theirs, context) = (other.action.spec().name, other.context.name());
            return Some(format!("`{keys}` cannot be {name}: it is {theirs} in the context `{context}`"));
        }
        if change.context.types() && editor::keys(keymap.preset).any(|own| own.collides(keys)) {
            return Some(format!("`{keys}` cannot be {name}: the prompt edits with it"));
        }
    }
    None
}
