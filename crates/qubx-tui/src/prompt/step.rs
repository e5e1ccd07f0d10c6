//! Steps of the cursor over what people take for one character. No I/O.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Prompt, rows};

/// A step that is taken over a whole grapheme.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Left,
    Right,
    RemoveLeft,
    RemoveRight,
}

/// Returns the step that a key is; none for all other keys.
pub(super) fn whole_step(event: KeyEvent) -> Option<Step> {
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Left if event.modifiers.is_empty() => Some(Step::Left),
        KeyCode::Right if event.modifiers.is_empty() => Some(Step::Right),
        KeyCode::Backspace if event.modifiers.is_empty() => Some(Step::RemoveLeft),
        KeyCode::Delete if event.modifiers.is_empty() => Some(Step::RemoveRight),
        KeyCode::Char('b') if ctrl => Some(Step::Left),
        KeyCode::Char('f') if ctrl => Some(Step::Right),
        KeyCode::Char('h') if ctrl => Some(Step::RemoveLeft),
        KeyCode::Char('d') if ctrl => Some(Step::RemoveRight),
        _ => None,
    }
}

impl Prompt {
    /// Tells whether the step is inside a line and over more than one character: the library would take it apart.
    pub(super) fn steps_over(&self, step: Step) -> bool {
        let (row, column) = self.cursor();
        let line = self.rows().nth(row).unwrap_or_default();
        match step {
            Step::Left | Step::RemoveLeft => column - rows::grapheme_before(line, column) > 1,
            Step::Right | Step::RemoveRight => rows::grapheme_after(line, column) - column > 1,
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        let (row, column) = self.cursor();
        let line = self.rows().nth(row).unwrap_or_default();
        let (before, after) = (rows::grapheme_before(line, column), rows::grapheme_after(line, column));
        let at = self.cursor_characters();
        match step {
            Step::Left => self.editor.cursor.col = before,
            Step::Right => self.editor.cursor.col = after,
            Step::RemoveLeft => self.splice(at + before - column, at, ""),
            Step::RemoveRight => self.splice(at, at + after - column, ""),
        }
    }

    /// Moves a cursor that came into the middle of a grapheme on to its edge, in the direction that it went.
    pub(super) fn stay_between_graphemes(&mut self, came_from: (usize, usize)) {
        let (row, column) = self.cursor();
        let line = self.rows().nth(row).unwrap_or_default();
        let start = rows::grapheme_start(line, column);
        if start != column {
            let on = (row, column) > came_from;
            let end = rows::grapheme_after(line, start);
            self.editor.cursor.col = if on { end } else { start };
        }
    }
}
