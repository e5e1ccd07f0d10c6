//! What is kept of the text that a cell printed: in the events that a screen gets, and in the file that they name where
//! the log leaves something out.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use qubx_protocol::OutputContent;

/// The text of a cell, as far as it can be found.
pub(crate) struct Kept {
    /// All of it; its beginning when some is missing.
    head: String,
    /// What comes after that which is missing.
    tail: String,
    /// Why some is missing; none when nothing is.
    pub(crate) missing: Option<String>,
}

impl Kept {
    /// Puts together what the events have, and the file below the session's folder when they name one.
    ///
    /// # Errors
    /// When the events show something that was not printed, or the file is not what they leave out.
    pub(crate) fn read(outputs: &[OutputContent], session_dir: &Path) -> Result<Self> {
        let [mut head, mut tail] = [const { String::new() }; 2];
        let mut left_out = None;
        for output in outputs {
            match output {
                OutputContent::Stream { text, .. } if left_out.is_none() => head += text,
                OutputContent::Stream { text, .. } => tail += text,
                OutputContent::Omitted { bytes, file, .. } if left_out.is_none() => {
                    left_out = Some((*bytes, file));
                }
                other => bail!("a cell that only printed shows {other:?}"),
            }
        }
        let Some((bytes, file)) = left_out else { return Ok(Self { head, tail, missing: None }) };
        let Some(file) = file else {
            return Ok(Self { head, tail, missing: Some(format!("{bytes} bytes are in no file")) });
        };
        let path = session_dir.join(file);
        match std::fs::read_to_string(&path) {
            Ok(whole) => {
                let length = head.len() as u64 + bytes + tail.len() as u64;
                let fits = whole.len() as u64 == length && whole.starts_with(&head) && whole.ends_with(&tail);
                ensure!(fits, "{} is not the output whose {bytes} bytes the log leaves out", path.display());
                Ok(Self { head: whole, tail: String::new(), missing: None })
            }
            Err(error) => {
                let missing = Some(format!("{bytes} bytes are not in {}: {error}", path.display()));
                Ok(Self { head, tail, missing })
            }
        }
    }

    /// Returns how many lines of `printed` are not in their place, counted from the beginning up to the first that is
    /// not, and from the end in the same way.
    pub(crate) fn lines_astray(&self, printed: &str) -> usize {
        let of_head = self.head.lines().zip(printed.lines()).take_while(|(kept, line)| kept == line).count();
        let from_the_end = self.tail.lines().rev().zip(printed.lines().rev());
        let of_tail = from_the_end.take_while(|(kept, line)| kept == line).count();
        let kept = self.head.lines().count() + self.tail.lines().count();
        kept.max(printed.lines().count()).saturating_sub(of_head + of_tail)
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::StreamName;

    use super::*;

    fn text(text: &str) -> OutputContent {
        OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() }
    }

    fn omitted(bytes: u64) -> OutputContent {
        OutputContent::Omitted { bytes, file: Some("whole".to_owned()), partial: false }
    }

    #[test]
    fn every_line_that_is_lost_or_moved_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let astray = |outputs: &[OutputContent]| {
            Kept::read(outputs, folder.path()).unwrap().lines_astray("a\nb\nc\nd\n")
        };
        assert_eq!(astray(&[text("a\nb"), text("\nc\nd\n")]), 0);
        assert_eq!(astray(&[text("a\nb\nd\n")]), 2);
        assert_eq!(astray(&[text("a\nc\nb\nd\n")]), 3);
        assert_eq!(astray(&[text("a\nb\nc\nd\nd\nd\n")]), 2);
        assert_eq!(astray(&[text("a\n"), omitted(4), text("d\n")]), 2);
        std::fs::write(folder.path().join("whole"), "a\nb\nc\nd\n").unwrap();
        assert_eq!(astray(&[text("a\n"), omitted(4), text("d\n")]), 0);
        assert!(Kept::read(&[text("x\n"), omitted(4), text("d\n")], folder.path()).is_err());
    }
}
