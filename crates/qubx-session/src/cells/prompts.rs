//! The line that a cell waits for: who may answer, and that only the first answer counts. No I/O.

use qubx_protocol::{Author, CellNumber, InputId};

/// The waits for a line.
#[derive(Debug, Default)]
pub(crate) struct Prompts {
    count: u64,
    open: Option<Prompt>,
    /// The last wait that was answered, and by whom.
    answered: Option<(Prompt, Author)>,
}

/// A wait for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) cell: CellNumber,
    pub(crate) input: InputId,
    pub(crate) password: bool,
}

impl Prompts {
    /// Opens a wait and returns it.
    pub(crate) fn open(&mut self, cell: CellNumber, password: bool) -> Prompt {
        self.count += 1;
        // The cell's number never repeats in a log, so the id does not either.
        let prompt = Prompt { cell, input: InputId(format!("{cell}-{}", self.count)), password };
        self.open = Some(prompt.clone());
        prompt
    }

    /// Closes the wait that an answer names.
    ///
    /// # Errors
    /// Says in words why the answer does not count.
    pub(crate) fn answer(&mut self, input: &InputId, author: &Author) -> Result<Prompt, String> {
        if let Some(prompt) = self.open.take_if(|open| open.input == *input) {
            self.answered = Some((prompt.clone(), author.clone()));
            return Ok(prompt);
        }
        match &self.answered {
            Some((answered, by)) if answered.input == *input => Err(format!("already answered by {by}")),
            _ => Err("the cell does not wait for this any more".to_owned()),
        }
    }

    /// Opens the last wait again, as its answer could not be written down and was refused.
    pub(crate) fn reopen(&mut self) {
        if let Some((prompt, _)) = self.answered.take() {
            self.open.get_or_insert(prompt);
        }
    }

    /// Tells whether an answer would be to a password; it must not be written down then.
    pub(crate) fn is_password(&self, input: &InputId) -> bool {
        self.open.as_ref().is_some_and(|open| open.input == *input && open.password)
    }

    /// Closes the wait of a cell that does not wait any more, and returns it.
    pub(crate) fn close(&mut self, cell: CellNumber) -> Option<Prompt> {
        self.open.take_if(|open| open.cell == cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_counts_and_the_second_is_told_who_was_first() {
        let mut prompts = Prompts::default();
        let first = prompts.open(CellNumber(3), true);
        assert!(prompts.is_password(&first.input));
        assert_eq!(prompts.answer(&first.input, &"op1".into()), Ok(first.clone()));
        assert_eq!(prompts.answer(&first.input, &"op2".into()), Err("already answered by op1".to_owned()));
        prompts.reopen();
        assert_eq!(prompts.answer(&first.input, &"op2".into()), Ok(first.clone()));
        let second = prompts.open(CellNumber(3), false);
        assert!(prompts.answer(&first.input, &"op2".into()).is_err());
        assert_eq!(prompts.close(CellNumber(2)), None);
        assert_eq!(prompts.close(CellNumber(3)), Some(second));
    }
}
