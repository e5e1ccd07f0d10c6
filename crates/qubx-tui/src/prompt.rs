//! The prompt: the text being typed, and where the cursor is.
//!
//! Editing is the editor library's, in the preset that the user wants; this module keeps it from keys that it cannot take and
//! gives the text back by bytes and characters. What people take for one character, a letter with its accents or an
//! emoji of several parts, is moved over and removed as one. No I/O.

pub(crate) mod rows;
mod step;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use edtui::actions::{AppendNewline, DeleteToFirstCharOfLine, DeleteWordBackward, LineBreak, Undo};
use edtui::events::{KeyEventHandler, KeyEventRegister, KeyInput};
use edtui::{EditorEventHandler, EditorMode, EditorState, Index2, Lines};

use self::rows::Shape;
use self::step::whole_step;
use crate::keymap::Preset;
use crate::{python, sanitize};

/// A cell that the service takes is at most this long.
pub(crate) const LONGEST_CELL_BYTES: usize = 256 << 10;

/// The text being typed.
pub(crate) struct Prompt {
    editor: EditorState,
    keys: EditorEventHandler,
    preset: Preset,
    /// Another number for every text, so that what was made of one is known to be old.
    revision: u64,
    /// The column that the cursor would be in, while it goes up and down through shorter lines.
    column: Option<usize>,
}

impl Default for Prompt {
    fn default() -> Self {
        Self::new(Preset::Emacs)
    }
}

impl Prompt {
    /// Returns an empty text that is edited so.
    pub(crate) fn new(preset: Preset) -> Self {
        // The library's keys differ from readline's in these; and its search would swallow every key.
        let mut keys = match preset {
            Preset::Emacs => KeyEventHandler::emacs_mode(),
            Preset::Vim => KeyEventHandler::vim_mode(),
        };
        keys.remove(&KeyEventRegister::i(vec![KeyInput::ctrl('s')]));
        keys.remove(&KeyEventRegister::i(vec![KeyInput::ctrl('r')]));
        keys.remove(&KeyEventRegister::n(vec![KeyInput::new('/')]));
        keys.insert(KeyEventRegister::i(vec![KeyInput::ctrl('u')]), DeleteToFirstCharOfLine);
        keys.insert(KeyEventRegister::i(vec![KeyInput::ctrl('w')]), DeleteWordBackward(1));
        // Terminals send Ctrl+_ as Ctrl+7.
        keys.insert(KeyEventRegister::i(vec![KeyInput::ctrl('7')]), Undo);
        keys.insert(KeyEventRegister::i(vec![KeyInput::ctrl('_')]), Undo);
        let keys = EditorEventHandler::new(keys);
        let mut prompt = Self { editor: EditorState::default(), keys, preset, revision: 0, column: None };
        prompt.set("");
        prompt
    }

    /// Returns the letter of the mode; empty where there are no modes.
    pub(crate) fn mode(&self) -> &'static str {
        match (self.preset, self.editor.mode) {
            (Preset::Emacs, _) => "",
            (Preset::Vim, EditorMode::Normal) => "N ",
            (Preset::Vim, EditorMode::Visual) => "V ",
            (Preset::Vim, _) => "I ",
        }
    }

    /// Has the next key type, whatever mode it was in.
    pub(crate) fn begin_typing(&mut self) {
        self.editor.mode = EditorMode::Insert;
        self.editor.selection = None;
    }

    /// Tells whether Esc means something to the editor here.
    pub(crate) fn takes_escape(&self) -> bool {
        self.preset == Preset::Vim && self.editor.mode != EditorMode::Normal
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> String {
        self.rows().map(|row| row.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    /// Tells whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows().all(<[char]>::is_empty)
    }

    /// Returns a number that changes whenever the text may have changed.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Tells whether the cursor is behind everything.
    pub(crate) fn is_at_end(&self) -> bool {
        let last = self.editor.lines.len().saturating_sub(1);
        self.cursor() == (last, self.editor.lines.len_col(last).unwrap_or_default())
    }

    /// Returns the lines.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[char]> {
        self.editor.lines.iter_row().map(Vec::as_slice)
    }

    /// Returns the line and the character that the cursor is before.
    pub(crate) fn cursor(&self) -> (usize, usize) {
        let row = self.editor.cursor.row.min(self.editor.lines.len().saturating_sub(1));
        (row, self.editor.cursor.col.min(self.editor.lines.len_col(row).unwrap_or_default()))
    }

    /// Returns the cursor in characters from the beginning of the text.
    pub(crate) fn cursor_characters(&self) -> usize {
        let (row, column) = self.cursor();
        self.rows().take(row).map(|line| line.len() + 1).sum::<usize>() + column
    }

    /// Returns the text before the cursor.
    pub(crate) fn before_cursor(&self) -> String {
        self.text().chars().take(self.cursor_characters()).collect()
    }

    /// Gives a key to the editor. Keys that it does not know do nothing.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        // The library has no answer to other keys but a panic.
        let known = matches!(
            event.code,
            KeyCode::Char(_)
                | KeyCode::Esc
                | KeyCode::Backspace
                | KeyCode::Delete
                | KeyCode::Left
                | KeyCode::Right
                | KeyCode::Up
                | KeyCode::Down
                | KeyCode::Home
                | KeyCode::End
        );
        let types =
            matches!(event.code, KeyCode::Char(_)) && (event.modifiers - KeyModifiers::SHIFT).is_empty();
        let printable = !matches!(event.code, KeyCode::Char(character) if !sanitize::is_printable(character));
        if !known || !printable || (types && self.is_full(4)) {
            return;
        }
        let is_insert = self.editor.mode == EditorMode::Insert;
        let before = self.cursor();
        match whole_step(event) {
            Some(step) if is_insert && self.steps_over(step) => self.step(step),
            _ => self.keys.on_key_event(event, &mut self.editor),
        }
        self.repair();
        self.stay_between_graphemes(before);
        self.revision += 1;
        self.column = None;
    }

    /// Moves a row up, through the rows that a long line is shown in; tells whether there is one.
    pub(crate) fn up(&mut self, shape: Shape) -> bool {
        self.move_by_rows(shape, -1)
    }

    /// Moves a row down, through the rows that a long line is shown in; tells whether there is one.
    pub(crate) fn down(&mut self, shape: Shape) -> bool {
        self.move_by_rows(shape, 1)
    }

    fn move_by_rows(&mut self, shape: Shape, by: isize) -> bool {
        let (line, at) = self.cursor();
        let lines: Vec<&[char]> = self.rows().collect();
        let column = self.column.unwrap_or_else(|| shape.place(lines[line], at).1);
        let row = shape.place(lines[line], at).0;
        let inside = shape.rows(lines[line]).len();
        let target = match row.checked_add_signed(by) {
            Some(row) if row < inside => Some((line, row)),
            _ => line.checked_add_signed(by).filter(|line| *line < lines.len()).map(|line| {
                let rows = shape.rows(lines[line]).len();
                (line, if by < 0 { rows - 1 } else { 0 })
            }),
        };
        let Some((line, row)) = target else { return false };
        let at = shape.character_at(lines[line], row, column);
        self.editor.cursor = Index2::new(line, at);
        self.column = Some(column);
        true
    }

    /// Begins a line at the cursor, indented by `indent`, or as the code before the cursor asks for.
    pub(crate) fn newline(&mut self, indent: Option<&str>) {
        let indent = indent.map_or_else(|| python::indent_after(&self.before_cursor()), str::to_owned);
        if self.is_full(indent.len() + 1) {
            return;
        }
        self.note_for_undo();
        self.editor.execute(LineBreak(1));
        self.repair();
        self.put(self.cursor_characters(), self.cursor_characters(), &indent);
    }

    /// Inserts text at the cursor. Control characters are left out, tabs become spaces; what is too long is cut.
    pub(crate) fn insert(&mut self, text: &str) {
        let cursor = self.cursor_characters();
        self.splice(cursor, cursor, text);
    }

    /// Replaces the characters from `start` to `end` and puts the cursor after the new ones. It can be undone.
    pub(crate) fn splice(&mut self, start: usize, end: usize, text: &str) {
        self.note_for_undo();
        self.put(start, end, text);
    }

    /// Notes the text as it is; the library does so with an action that adds no line.
    fn note_for_undo(&mut self) {
        let at = self.cursor_characters();
        self.editor.execute(AppendNewline(0));
        self.move_to(at);
    }

    fn put(&mut self, start: usize, end: usize, text: &str) {
        let old = self.text();
        let mut new: String = clean(text);
        let mut room = LONGEST_CELL_BYTES.saturating_sub(old.len());
        while !new.is_char_boundary(room.min(new.len())) {
            room -= 1;
        }
        new.truncate(room);
        let before = old.chars().take(start);
        let after = old.chars().skip(end.max(start));
        let cursor = start.min(old.chars().count()) + new.chars().count();
        let joined: String = before.chain(new.chars()).chain(after).collect();
        self.replace(&joined, cursor);
    }

    /// Removes a step of indentation if nothing but indentation is before the cursor; tells whether it did.
    pub(crate) fn dedent(&mut self) -> bool {
        let (row, column) = self.cursor();
        let is_indentation =
            self.rows().nth(row).is_some_and(|line| line[..column].iter().all(|c| *c == ' '));
        if !is_indentation || column == 0 {
            return false;
        }
        let at = self.cursor_characters();
        self.splice(at - 1 - (column - 1) % python::INDENT, at, "");
        true
    }

    /// Replaces the whole text and puts the cursor at its end; the text before can be had back by an undo.
    pub(crate) fn exchange(&mut self, text: &str) {
        self.note_for_undo();
        self.set(text);
    }

    /// Replaces the whole text and puts the cursor at its end.
    pub(crate) fn set(&mut self, text: &str) {
        let text = clean(text);
        self.editor.mode = EditorMode::Insert;
        self.replace(&text, text.chars().count());
    }

    fn replace(&mut self, text: &str, cursor: usize) {
        self.editor.lines =
            text.split('\n').map(|line| line.chars().collect::<Vec<char>>()).collect::<Vec<_>>().into_lines();
        self.editor.selection = None;
        self.move_to(cursor);
        self.repair();
        self.revision += 1;
        self.column = None;
    }

    fn move_to(&mut self, characters: usize) {
        let mut left = characters;
        let mut place = (0, 0);
        for (row, line) in self.rows().enumerate() {
            place = (row, left.min(line.len()));
            if left <= line.len() {
                break;
            }
            left -= line.len() + 1;
        }
        self.editor.cursor = Index2::new(place.0, place.1);
    }

    fn is_full(&self, more: usize) -> bool {
        let bytes: usize = self.rows().flatten().map(|character| character.len_utf8()).sum();
        bytes + self.editor.lines.len() + more > LONGEST_CELL_BYTES
    }

    /// Restores what the rest relies on: a mode that the preset has, at least one line, a cursor inside the text.
    fn repair(&mut self) {
        if self.preset == Preset::Emacs || self.editor.mode == EditorMode::Search {
            self.editor.mode = EditorMode::Insert;
        }
        if self.editor.lines.is_empty() {
            self.editor.lines.push(Vec::new());
        }
        let (row, column) = self.cursor();
        self.editor.cursor = Index2::new(row, column);
    }
}

/// Text as the library keeps it: a text without characters is one empty line, not none.
trait IntoLines {
    fn into_lines(self) -> Lines;
}

impl IntoLines for Vec<Vec<char>> {
    fn into_lines(self) -> Lines {
        let mut lines = Lines::default();
        for line in self {
            lines.push(line);
        }
        lines
    }
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ")
        .chars()
        .filter(|character| *character == '\n' || sanitize::is_printable(*character))
        .collect()
}

#[cfg(test)]
mod tests;
