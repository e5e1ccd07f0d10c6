//! What is left out of a long entry until somebody unfolds it: the frames of a traceback but the last, and the middle
//! of long output. How much is left out is always said. No I/O.

use ratatui::text::Line;

use crate::format;
use crate::theme::Theme;

/// Rows of output that are shown as they are.
pub(super) const MOST_ROWS: usize = 40;
/// Of more, so many at its beginning.
pub(super) const FIRST_ROWS: usize = 20;
/// And so many at its end.
pub(super) const LAST_ROWS: usize = 20;
/// Before a traceback that a text has.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// Returns the row that stands for what is left out.
pub(super) fn mark(lines: usize, indent: usize, theme: Theme) -> Line<'static> {
    let number = format::number(lines.into(), 0, format::Sign::Minus);
    let noun = if lines == 1 { "line" } else { "lines" };
    Line::styled(format!("{}… {number} more {noun}, Enter", " ".repeat(indent)), theme.quiet())
}

/// Returns which lines of a traceback, which ends before the exception itself, are shown: the last frame and its line
/// of code. None when there is too little to leave out.
pub(super) fn last_frame(lines: &[String]) -> Option<Vec<usize>> {
    let is_frame = |line: &String| {
        let line = line.trim_start();
        ["File ", "Cell In", "Input In"].iter().any(|begin| line.starts_with(begin))
    };
    let is_said = |place: &usize| !lines[*place].trim().is_empty();
    let kept = match lines.iter().rposition(is_frame) {
        Some(frame) => {
            // IPython points at the line; Python shows only that line.
            let points = |place: &usize| {
                let line = lines[*place].trim_start();
                line.starts_with("--") && line.contains("> ")
            };
            let code = (frame + 1..lines.len()).find(points);
            let code = code.or_else(|| (frame + 1..lines.len()).find(is_said));
            [Some(frame), code].into_iter().flatten().collect()
        }
        None => (0..lines.len()).rfind(is_said).into_iter().collect::<Vec<usize>>(),
    };
    // One line would only be exchanged for the row that stands for it.
    (lines.len() > kept.len() + 1).then_some(kept)
}

/// What is shown of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// The lines that are shown.
    pub(super) shown: Vec<usize>,
    /// Before which of these the others are missed.
    pub(super) mark_at: usize,
    /// How many others there are.
    pub(super) hidden: usize,
}

/// Returns what is shown of a text with a traceback in it: what is before it, its last frame and what is after its
/// frames. None when there is no traceback, or too little to leave out.
pub(super) fn around_traceback(lines: &[String]) -> Option<Folded> {
    let begins = |line: &String| line.trim_start().starts_with(TRACEBACK);
    let begin = lines.iter().position(begins)?;
    // Of exceptions while others were handled the last one says most. Frames are indented, and what follows is not.
    let frames = lines.iter().rposition(begins)? + 1..lines.len();
    let end = frames.clone().find(|place| !lines[*place].starts_with([' ', '\t'])).unwrap_or(lines.len());
    let kept = last_frame(&lines[begin..end])?;
    let (mark_at, hidden) = (begin + kept.len(), end - begin - kept.len());
    let shown = (0..begin).chain(kept.into_iter().map(|place| begin + place)).chain(end..lines.len());
    Some(Folded { shown: shown.collect(), mark_at, hidden })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn of_a_traceback_the_last_frame_and_its_line_stay() {
        let ipython = "-----\nKeyError    Traceback (most recent call last)\nCell In[3], line 2\n      1 a\n----> 2 f()\n\n\
                       File ~/s.py:7, in f()\n      6 def f():\n----> 7     return d[1]\n      8\n";
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1, in g\n    f()\n  File \"b.py\", line 2, in f\n    d[1]";
        for (text, expected) in [
            (ipython, Some(vec![6, 8])),
            (python, Some(vec![3, 4])),
            ("Traceback\nCell In[1], line 1\n----> 1 1 / 0", None),
            ("", None),
            ("a\nb\nc\n", Some(vec![2])),
            ("File x\n", None),
        ] {
            assert_eq!(last_frame(&lines(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_text_keeps_what_is_around_its_traceback() {
        let text = "strategy  on_bar failed\nTraceback (most recent call last):\n  File \"a.py\", line 1, in g\n    f()\n  \
                    File \"b.py\", line 2, in f\n    d[1]\nKeyError: 1\nafter";
        assert_eq!(
            around_traceback(&lines(text)),
            Some(Folded { shown: vec![0, 4, 5, 6, 7], mark_at: 3, hidden: 3 })
        );
        assert_eq!(around_traceback(&lines("a\nb")), None);
        assert_eq!(around_traceback(&lines(TRACEBACK)), None);
    }
}
