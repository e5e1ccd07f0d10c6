//! Which key does what where: the defaults of a preset, changed by the user's settings. No I/O.
//!
//! Nothing dangerous is one letter from the default state: in the prompt every printable key types, and the letters act
//! only in the panels. Settings cannot change that.

mod actions;
mod editor;
mod key;
mod settings;
#[cfg(test)]
mod tests;

use qubx_protocol::Role;

pub(crate) use self::actions::{ACTIONS, Action, Spec};
pub(crate) use self::editor::READLINE;
pub(crate) use self::key::{Key, Keys};
pub(crate) use self::settings::read;

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// The list of completions is open; what is not bound here goes on to the prompt.
    Popup,
    /// The search through what was run before: every printable key types what is looked for.
    Search,
    /// The box of a signature is open; what is not bound here goes on to the prompt.
    Signature,
    /// The prompt: every printable key types.
    Input,
    /// The prompt while a cell asks for a line: every printable key types the answer.
    Answer,
    /// The panels: letters act.
    Panel,
    /// The words of a filter: every printable key types.
    Filter,
    /// The list of a table's columns is open.
    Columns,
    /// The prompt and the panels alike.
    Everywhere,
}

impl Context {
    /// All contexts with their names in settings, in the order of the help.
    pub(crate) const ALL: [(&'static str, Context); 9] = [
        ("everywhere", Context::Everywhere),
        ("input", Context::Input),
        ("search", Context::Search),
        ("signature", Context::Signature),
        ("answer", Context::Answer),
        ("popup", Context::Popup),
        ("panel", Context::Panel),
        ("filter", Context::Filter),
        ("columns", Context::Columns),
    ];

    /// Tells whether bindings of this context hold where the keys go.
    pub(crate) fn holds_in(self, place: Context) -> bool {
        self == place || (self == Context::Everywhere && !place.stands_alone())
    }

    /// Tells whether what holds everywhere does not hold there.
    pub(crate) fn stands_alone(self) -> bool {
        matches!(self, Context::Popup | Context::Search | Context::Signature)
    }

    /// Tells whether printable keys type there.
    pub(crate) fn types(self) -> bool {
        matches!(
            self,
            Context::Input
                | Context::Answer
                | Context::Search
                | Context::Signature
                | Context::Filter
                | Context::Everywhere
        )
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, context)| *context == self).map_or("", |(name, _)| name)
    }
}

/// How the prompt is edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Preset {
    /// As readline does by default.
    #[default]
    Emacs,
    /// By modes, as vi does.
    Vim,
}

/// What Shift+Enter does, where the terminal reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EnterMode {
    /// A new line: that nothing ran surprises less than that something did.
    #[default]
    Newline,
    /// Runs the cell, as in a notebook.
    Jupyter,
}

/// A key in a context, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) context: Context,
    pub(crate) keys: Keys,
    pub(crate) action: Action,
}

/// What is pressed means this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Action(Action),
    /// The beginning of something.
    Prefix,
    Nothing,
}

/// All bindings of a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keymap {
    pub(crate) preset: Preset,
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(Preset::default(), EnterMode::default())
    }
}

impl Keymap {
    /// Returns the default keys.
    pub(crate) fn new(preset: Preset, enter_mode: EnterMode) -> Self {
        let mut keymap = Self { preset, bindings: Vec::new() };
        for spec in ACTIONS {
            for (context, keys) in spec.keys {
                let mut keys: Vec<&str> = keys.to_vec();
                if enter_mode == EnterMode::Jupyter && *context == Context::Input {
                    keys.retain(|key| *key != "shift+enter");
                    keys.extend((spec.action == Action::Enter).then_some("shift+enter"));
                }
                let keys = keys.into_iter().map(|key| Keys::parse(key).expect("a test reads the table"));
                keymap.set(*context, spec.action, keys.collect());
            }
        }
        keymap
    }

    /// Gives an action these keys in a context, in the place of those that it has there.
    fn set(&mut self, context: Context, action: Action, keys: Vec<Keys>) {
        self.bindings.retain(|binding| (binding.context, binding.action) != (context, action));
        self.bindings.extend(keys.into_iter().map(|keys| Binding { context, keys, action }));
    }

    /// Returns what pressed keys do for somebody with that role.
    pub(crate) fn find(&self, place: Context, role: Role, pressed: &[Key]) -> Found {
        let here = |binding: &&Binding| binding.context.holds_in(place) && role >= binding.action.spec().role;
        let mut bindings = self.bindings.iter().filter(here);
        if let Some(binding) = bindings.clone().find(|binding| binding.keys.is(pressed)) {
            return Found::Action(binding.action);
        }
        let goes_on = bindings.any(|binding| binding.keys.goes_on_from(pressed));
        if goes_on { Found::Prefix } else { Found::Nothing }
    }

    /// Returns the keys of an action in exactly this context.
    pub(crate) fn keys(&self, context: Context, action: Action) -> impl Iterator<Item = &Keys> {
        self.bindings
            .iter()
            .filter(move |binding| (binding.context, binding.action) == (context, action))
            .map(|binding| &binding.keys)
    }

    /// Returns the first key that does something where the keys go; the context's own before those that hold everywhere.
    pub(crate) fn key(&self, place: Context, action: Action) -> Option<&Keys> {
        let everywhere = (!place.stands_alone()).then(|| self.keys(Context::Everywhere, action));
        self.keys(place, action).next().or_else(|| everywhere?.next())
    }

    /// Returns how people reach an action of the panels from where the keys go: `R`, `esc R`, or by the palette.
    pub(crate) fn reach(&self, place: Context, action: Action) -> String {
        let key = |place, action| self.key(place, action).map(ToString::to_string);
        if let Some(here) = key(place, action) {
            return here;
        }
        match (key(place, Action::LeavePrompt), key(Context::Panel, action), key(place, Action::Palette)) {
            (Some(leave), Some(there), _) => format!("{leave} {there}"),
            (None, Some(there), _) => there,
            (_, None, Some(palette)) => format!("{palette} {}", action.spec().name),
            (_, None, None) => action.spec().name.to_owned(),
        }
    }
}
