//! One code cell of a notebook. No I/O.

use jiff::Timestamp;
use qubx_protocol::{Author, CellNumber, CellStatus, Event, InputId, Seq};
use serde_json::{Value, json};

use super::outputs::{Outputs, lines};

/// A cell of the session with all that it showed, or what was shown beside all of them, which is a cell without a source.
#[derive(Debug)]
pub(super) struct Cell {
    seq: Seq,
    number: Option<CellNumber>,
    code: String,
    author: Author,
    submitted: Timestamp,
    started: Option<Timestamp>,
    count: Option<u32>,
    end: Option<End>,
    pub(super) outputs: Outputs,
    /// What it asks now.
    asked: Option<(InputId, String)>,
}

#[derive(Debug)]
enum End {
    Told {
        status: CellStatus,
        duration_ms: u64,
        time: Timestamp,
    },
    /// Its run ended before its end was told.
    Left,
}

impl Cell {
    /// Returns a cell for what is shown beside the session's cells.
    pub(super) fn beside(event: &Event) -> Self {
        Self { end: Some(End::Left), ..Self::new(event, None, String::new(), "strategy".into()) }
    }

    /// Returns a cell that an event tells of, before anything else is told of it.
    pub(super) fn new(event: &Event, number: Option<CellNumber>, code: String, author: Author) -> Self {
        Self {
            seq: event.seq,
            number,
            code,
            author,
            submitted: event.time,
            started: None,
            count: None,
            end: None,
            outputs: Outputs::default(),
            asked: None,
        }
    }

    pub(super) fn number(&self) -> Option<CellNumber> {
        self.number
    }

    pub(super) fn is_beside(&self) -> bool {
        self.number.is_none()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn start(&mut self, count: Option<u32>, time: Timestamp) {
        (self.count, self.started) = (count, Some(time));
    }

    pub(super) fn end(&mut self, status: CellStatus, duration_ms: u64, time: Timestamp) {
        self.end = Some(End::Told { status, duration_ms, time });
    }

    /// Its run is over, so nothing more can be told of it.
    pub(super) fn leave(&mut self) {
        self.end.get_or_insert(End::Left);
    }

    pub(super) fn ask(&mut self, input: InputId, prompt: String) {
        self.asked = Some((input, prompt));
    }

    pub(super) fn asks(&self, input: &InputId) -> bool {
        self.asked.as_ref().is_some_and(|(asked, _)| asked == input)
    }

    /// Shows question and answer as Jupyter does; of a secret that there was one.
    pub(super) fn answer(&mut self, text: Option<&str>) {
        if let Some((_, prompt)) = self.asked.take() {
            self.outputs.print("stdout", &format!("{prompt}{}\n", text.unwrap_or("········")));
        }
    }

    /// Returns the cell as the notebook has it.
    pub(super) fn value(&self) -> Value {
        let mut qubx = json!({"author": self.author, "time": self.submitted});
        let mut execution = json!({});
        if let Some(number) = self.number {
            qubx["cell"] = json!(number);
        }
        if let Some(started) = self.started {
            execution["iopub.execute_input"] = json!(started);
        }
        if let Some(End::Told { status, duration_ms, time }) = &self.end {
            qubx["status"] = json!(status);
            qubx["duration_ms"] = json!(duration_ms);
            execution["shell.execute_reply"] = json!(time);
        }
        let id = if self.is_beside() { "shown" } else { "cell" };
        json!({
            "cell_type": "code",
            "execution_count": self.count,
            "id": format!("{id}-{}", self.seq),
            "metadata": {"execution": execution, "qubx": qubx},
            "outputs": self.outputs.values(self.count),
            "source": lines(&self.code),
        })
    }
}
