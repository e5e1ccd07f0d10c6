//! The bound of a single fact. No I/O.
//!
//! A fact goes to every screen as one frame, and the newest one of each kind is in every snapshot: one that is too large
//! would lock everybody out, the verbs included.

use qubx_protocol::{Fact, OutputContent};

/// The longest text of a fact, in bytes. The output of a cell has a bound of its own, above it in all, below it in each
/// piece that Python sends.
const LONGEST_TEXT: usize = 4 << 20;
/// The longest text of an error or a log line.
const LONGEST_LINE: usize = 256 << 10;
/// The longest text in the status, which goes to every screen with each change of it.
const LONGEST_STATUS: usize = 4 << 10;
/// The largest value of one form of something shown.
const LARGEST_FORM: usize = 4 << 20;

/// Cuts what is too long, with a mark where it was cut.
pub(crate) fn bound(fact: &mut Fact) {
    match fact {
        Fact::Output { content: OutputContent::Stream { text, .. }, .. } => cut(text, LONGEST_TEXT),
        Fact::Output { content: OutputContent::Data { data, .. }, .. } => {
            for (kind, value) in data {
                let size = value.as_str().map_or_else(|| value.to_string().len(), str::len);
                if size > LARGEST_FORM {
                    *value = format!("[{kind} of {size} bytes is too large to be shown]").into();
                }
            }
        }
        Fact::Error { ename, evalue, traceback, .. } => {
            cut(ename, LONGEST_LINE);
            cut(evalue, LONGEST_LINE);
            let mut room = LONGEST_LINE;
            for part in traceback.iter_mut() {
                cut(part, room);
                room = room.saturating_sub(part.len());
            }
        }
        Fact::Log { text, .. } => cut(text, LONGEST_LINE),
        Fact::Cell { code, .. } => cut(code, LONGEST_LINE),
        Fact::InputRequested { prompt, .. } => cut(prompt, LONGEST_LINE),
        Fact::InputEnded { text: Some(text), .. } => cut(text, LONGEST_LINE),
        Fact::Status(status) => {
            if let Some(error) = &mut status.strategy.error {
                cut(error, LONGEST_STATUS);
            }
        }
        _ => {}
    }
}

/// Cuts a text in the middle, so that its beginning and its end stay.
fn cut(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let (mut head, mut tail) = (limit / 2, text.len() - limit / 2);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    let mark = format!("\n[… {} bytes are left out here …]\n", tail - head);
    text.replace_range(head..tail, &mark);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_is_too_large_is_cut_and_says_so() {
        let huge = "ä".repeat(20 << 20);
        let mut fact = Fact::Error {
            cell: None,
            ename: "ValueError".to_owned(),
            evalue: huge.clone(),
            traceback: vec![huge.clone(), "end".to_owned(), huge.clone()],
            market_time: None,
        };
        bound(&mut fact);
        let size = serde_json::to_string(&fact).unwrap().len();
        assert!(size < 4 * LONGEST_LINE, "{size}");
        let data = [("text/html".to_owned(), huge.into()), ("text/plain".to_owned(), "x".into())].into();
        let content = OutputContent::Data { data, result: false, display: None, update: true };
        let mut fact = Fact::Output { cell: None, content };
        bound(&mut fact);
        let text = serde_json::to_string(&fact).unwrap();
        assert!(
            text.len() < 1_000 && text.contains("too large to be shown") && text.contains("\"x\""),
            "{text}"
        );
    }
}
