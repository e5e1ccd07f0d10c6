//! The end of what a cell or the strategy has shown, for the record of a crash. No I/O.

use qubx_protocol::OutputContent;

/// How many bytes are kept: as much as is kept of the end of Python's own log.
const KEPT_BYTES: usize = 4 << 10;

/// The end of what was shown.
#[derive(Debug, Default)]
pub(crate) struct Recent(String);

impl Recent {
    /// Adds an output.
    pub(crate) fn add(&mut self, content: &OutputContent) {
        match content {
            OutputContent::Stream { text, .. } => self.push(text),
            OutputContent::Data { data, .. } => {
                self.push(data.get("text/plain").and_then(|text| text.as_str()).unwrap_or_default());
                self.push("\n");
            }
            OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {}
        }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn push(&mut self, text: &str) {
        // Only the end of it can stay, and it may be huge.
        self.0.push_str(end_of(text));
        let end = end_of(&self.0).len();
        self.0.drain(..self.0.len() - end);
    }
}

/// Returns the end that is kept of a text, whole characters of it.
fn end_of(text: &str) -> &str {
    let mut start = text.len().saturating_sub(KEPT_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use qubx_protocol::StreamName;

    use super::*;

    #[test]
    fn the_end_is_kept_whatever_it_came_in() {
        let stream = |text: &str| OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() };
        let shown = |text: &str| OutputContent::Data {
            data: [("text/plain".to_owned(), text.into())].into(),
            result: true,
            display: None,
            update: false,
        };
        let mut recent = Recent::default();
        recent.add(&stream(&"ä".repeat(1 << 20)));
        assert_eq!(recent.text().len(), KEPT_BYTES);
        recent.add(&stream("€last "));
        recent.add(&shown("words"));
        assert!(recent.text().len() <= KEPT_BYTES && recent.text().ends_with("ä€last words\n"));
        recent.add(&OutputContent::Clear { wait: false });
        assert!(recent.text().ends_with("words\n"), "what a screen shows no more was said all the same");
    }
}
