//! The defaults and the user's changes: no key has two meanings, and no mistake takes anything away.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::panel::Panel;
use crate::prompt::Prompt;
use crate::settings::{Entry, Mistake, Value, Written};

const PRESETS: [Preset; 2] = [Preset::Emacs, Preset::Vim];
const PLACES: [Context; 4] = [Context::Popup, Context::Input, Context::Answer, Context::Panel];

fn keymaps() -> impl Iterator<Item = Keymap> {
    PRESETS
        .into_iter()
        .flat_map(|preset| [EnterMode::Newline, EnterMode::Jupyter].map(|mode| Keymap::new(preset, mode)))
}

/// Says which bindings of a place cannot be told apart.
fn collisions(keymap: &Keymap, place: Context) -> Vec<String> {
    let here: Vec<&Binding> =
        keymap.bindings.iter().filter(|binding| binding.context.holds_in(place)).collect();
    let pairs =
        here.iter().enumerate().flat_map(|(at, one)| here[..at].iter().map(move |other| (*one, *other)));
    let collide = pairs.filter(|(one, other)| one.keys.collides(&other.keys));
    collide.map(|(one, other)| format!("{}: {:?} and {:?}", one.keys, one.action, other.action)).collect()
}

#[test]
fn no_key_has_two_meanings_in_one_place() {
    for keymap in keymaps() {
        for place in PLACES {
            assert_eq!(collisions(&keymap, place), Vec::<String>::new(), "{place:?}");
        }
        for place in [Context::Input, Context::Answer] {
            for binding in keymap.bindings.iter().filter(|binding| binding.context.holds_in(place)) {
                assert!(!binding.keys.first().types(), "{} types", binding.keys);
                let is_editors = editor::keys(keymap.preset).any(|own| own.collides(&binding.keys));
                assert!(!is_editors, "{} is the editor's in {:?}", binding.keys, keymap.preset);
            }
        }
    }
}

#[test]
fn every_key_that_the_editor_answers_to_is_known() {
    for preset in PRESETS {
        let keymap = Keymap::new(preset, EnterMode::Newline);
        let mut unknown = Vec::new();
        let mut idle: Vec<String> = editor::keys(preset).map(|keys| keys.to_string()).collect();
        for key in candidates() {
            let shown = key.to_string();
            let bound = keymap.find(Context::Input, Role::Admin, &[key]) != Found::Nothing;
            if answers(preset, key) && !bound {
                if idle.contains(&shown) {
                    idle.retain(|known| *known != shown);
                } else {
                    unknown.push(shown);
                }
            }
        }
        assert_eq!(
            (unknown, idle),
            (Vec::new(), Vec::new()),
            "not in the list, and in it for nothing: {preset:?}"
        );
    }
}

/// Returns every key that does not type, with each modifier that terminals report.
fn candidates() -> Vec<Key> {
    let named = [
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ];
    let codes = (' '..='~').filter(|c| !c.is_ascii_uppercase()).map(KeyCode::Char).chain(named);
    let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT];
    let events = codes.flat_map(|code| modifiers.map(|modifiers| KeyEvent::new(code, modifiers)));
    // Some keyboards make signs with Alt: those type as well.
    let signs = |key: &Key| matches!(key.code, KeyCode::Char(c) if key.modifiers == KeyModifiers::ALT && !c.is_alphabetic());
    events.map(Key::of).filter(|key| !key.types() && !signs(key)).collect()
}

/// Tells whether a key changes a text, or where its cursor is.
fn answers(preset: Preset, key: Key) -> bool {
    let places = ["ab cd ef\ngh ij kl\nmn op qr", "    a"];
    places.iter().any(|text| {
        let mut prompt = Prompt::new(preset);
        prompt.set(text);
        let press = |prompt: &mut Prompt, code, modifiers| prompt.key(KeyEvent::new(code, modifiers));
        // Something to put back and to undo, and a cursor that can go in every direction.
        press(&mut prompt, KeyCode::Up, KeyModifiers::NONE);
        press(&mut prompt, KeyCode::Left, KeyModifiers::NONE);
        press(&mut prompt, KeyCode::Left, KeyModifiers::NONE);
        press(&mut prompt, KeyCode::Char('k'), KeyModifiers::CONTROL);
        press(&mut prompt, KeyCode::Left, KeyModifiers::NONE);
        press(&mut prompt, KeyCode::Char('x'), KeyModifiers::NONE);
        let before = (prompt.text(), prompt.cursor(), prompt.mode());
        press(&mut prompt, key.code, key.modifiers);
        before != (prompt.text(), prompt.cursor(), prompt.mode())
    })
}

fn text(text: &str, place: usize) -> Written<usize> {
    Written { value: Value::Text(text.to_owned()), place }
}

fn table(entries: Vec<(&str, Written<usize>)>) -> Written<usize> {
    let entries = entries.into_iter().map(|(key, written)| {
        let place = written.place;
        Entry { key: key.to_owned(), place, written }
    });
    Written { value: Value::Table(entries.collect()), place: 0 }
}

/// An action and its keys.
type Line<'a> = (&'a str, Written<usize>);

/// Reads lines `context action key key…`, each at the place of its number, in a preset.
fn set(preset: &str, lines: &str) -> (Keymap, Vec<Mistake<usize>>) {
    let mut contexts: Vec<(&str, Vec<Line<'_>>)> = Vec::new();
    for (place, line) in lines.lines().enumerate() {
        let mut words = line.split(' ');
        let (context, action) = (words.next().unwrap(), words.next().unwrap());
        let keys = words.map(|key| text(&key.replace('_', " "), place + 1)).collect();
        let written = Written { value: Value::List(keys), place: place + 1 };
        match contexts.iter_mut().find(|(name, _)| *name == context) {
            Some((_, entries)) => entries.push((action, written)),
            None => contexts.push((context, vec![(action, written)])),
        }
    }
    let mut entries = vec![("preset", text(preset, 0))];
    entries.extend(contexts.into_iter().map(|(name, entries)| (name, table(entries))));
    let mut mistakes = Vec::new();
    let keymap = read(&table(entries), &mut mistakes);
    (keymap, mistakes)
}

#[test]
fn keys_are_rebound_added_and_taken_away() {
    let (keymap, mistakes) = set(
        "emacs",
        "panel flatten Z ctrl+x_f\npanel close_position c\npanel cancel_order x\npanel restart_kernel\ninput down alt+n",
    );
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let find = |place, keys: &str| {
        let pressed: Vec<Key> = keys.split(' ').map(|key| Keys::parse(key).unwrap().first()).collect();
        keymap.find(place, Role::Admin, &pressed)
    };
    for (place, keys, expected) in [
        (Context::Panel, "Z", Found::Action(Action::Flatten)),
        (Context::Panel, "F", Found::Nothing),
        (Context::Panel, "ctrl+x", Found::Prefix),
        (Context::Panel, "ctrl+x f", Found::Action(Action::Flatten)),
        (Context::Panel, "c", Found::Action(Action::Close)),
        (Context::Panel, "x", Found::Action(Action::CancelOrder)),
        (Context::Panel, "R", Found::Nothing),
        (Context::Input, "alt+n", Found::Action(Action::Down)),
    ] {
        assert_eq!(find(place, keys), expected, "{keys} in {place:?}");
    }
    assert_eq!(keymap.reach(Context::Input, Action::Flatten), "esc Z");
    assert_eq!(keymap.reach(Context::Input, Action::RestartKernel), "^P restart_kernel");
}

#[test]
fn a_mistake_leaves_the_default_and_says_what_is_wrong() {
    for (preset, line, expected) in [
        ("emacs", "panel flaten Z", "there is no action `flaten`"),
        ("emacs", "panel flatten hyper+z", "`hyper+z` is no key"),
        ("emacs", "panel flatten ctrl+z", "`ctrl+z` puts the screen to sleep everywhere"),
        ("emacs", "panel flatten c", "`c` cannot be flatten: it is cancel_order in the context `panel`"),
        ("emacs", "panel flatten f1", "`F1` cannot be flatten: it is help in the context `everywhere`"),
        ("emacs", "panel flatten g_g", "`g g` cannot be flatten: it is first in the context `panel`"),
        ("emacs", "input flatten F", "`F` types in the prompt and cannot be bound there"),
        ("emacs", "everywhere palette :", "`:` types in the prompt and cannot be bound there"),
        ("emacs", "everywhere flatten alt+f", "`flatten` must not be one letter away from the prompt"),
        ("emacs", "everywhere palette ctrl+w", "`^W` cannot be palette: the prompt edits with it"),
        ("emacs", "everywhere palette alt+d", "`alt+d` cannot be palette: the prompt edits with it"),
        ("vim", "everywhere palette ctrl+w", "`^W` cannot be palette: the prompt edits with it"),
        ("emacs", "everywhere quit", "nothing would be bound to `quit`, the way out"),
        ("emacs", "popup flatten F", "`flatten` cannot be done in the context `popup`"),
        ("emacs", "panel newline n", "`newline` cannot be done in the context `panel`"),
        ("nano", "panel flatten Z", "keys.preset must be one of emacs, vim"),
        ("emacs", "panels flatten Z", "unknown key `panels` in [keys]"),
    ] {
        let (keymap, mistakes) = set(preset, line);
        let found: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        assert_eq!(found, [expected], "{line}");
        let preset = if preset == "vim" { Preset::Vim } else { Preset::Emacs };
        if !expected.starts_with("keys.preset") {
            assert_eq!(keymap, Keymap::new(preset, EnterMode::Newline), "{line}");
            assert_eq!(mistakes[0].place, usize::from(!expected.starts_with("unknown key")), "{line}");
        }
    }
}

#[test]
fn of_two_changes_that_collide_one_holds_and_the_rest_is_untouched() {
    let (keymap, mistakes) = set("emacs", "panel flatten w\npanel close_position w\npanel help h");
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].place, 2);
    let key = |action| keymap.key(Context::Panel, action).map(ToString::to_string);
    assert_eq!(key(Action::Flatten).as_deref(), Some("w"));
    assert_eq!(key(Action::Close).as_deref(), Some("x"));
    assert_eq!(key(Action::Help).as_deref(), Some("h"));
}

#[test]
fn shift_enter_runs_where_a_notebook_does() {
    let shift_enter = [Keys::parse("shift+enter").unwrap().first()];
    for (mode, expected) in [(EnterMode::Newline, Action::Newline), (EnterMode::Jupyter, Action::Enter)] {
        let keymap = Keymap::new(Preset::Emacs, mode);
        assert_eq!(keymap.find(Context::Input, Role::Admin, &shift_enter), Found::Action(expected));
    }
}

#[test]
fn what_a_role_may_not_do_has_no_key() {
    let keymap = Keymap::default();
    let key = [Keys::parse("F").unwrap().first()];
    assert_eq!(keymap.find(Context::Panel, Role::Viewer, &key), Found::Nothing);
    assert_eq!(keymap.find(Context::Panel, Role::Trader, &key), Found::Action(Action::Flatten));
}

#[test]
fn panels_go_around() {
    let all = Panel::ALL;
    assert_eq!(all[all.len() - 1].step(1), all[0]);
    assert_eq!(all[0].step(-1), all[all.len() - 1]);
    assert!(all.iter().all(|panel| panel.step(1).step(-1) == *panel));
}

#[test]
fn the_documentation_has_a_row_for_every_action() {
    let page = include_str!("../../../../docs/screen.md");
    let rows: Vec<String> = ACTIONS.iter().map(row).collect();
    let missing: Vec<&String> = rows.iter().filter(|row| !page.lines().any(|line| line == *row)).collect();
    let rows = rows.join("\n");
    assert!(missing.is_empty(), "docs/screen.md is not current; its table is\n{rows}");
}

fn row(spec: &Spec) -> String {
    let context = |(context, keys): &(Context, &[&str])| {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
        let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(" ") };
        format!("{}: {keys}", context.name())
    };
    let keys: Vec<String> = spec.keys.iter().map(context).collect();
    format!("| `{}` | {} | {} |", spec.name, spec.help, keys.join("; "))
}
