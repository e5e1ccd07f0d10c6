//! What a kernel tells its owner.

use qubx_protocol::{CellNumber, CellStatus, OutputContent};

use crate::{ConnectionInfo, RunId, StrategyEvent};

/// Whose output something is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CellRef {
    /// A cell of the session.
    Session(CellNumber),
    /// A cell of a Jupyter guest, by the id of its request.
    Guest(String),
    /// No cell: a thread of the strategy, or one that a cell left behind.
    Strategy,
}

/// What a kernel tells its owner.
#[derive(Clone, Debug, PartialEq)]
pub enum KernelEvent {
    /// Cells run from now on, and none of their output is lost.
    Ready {
        /// The child's process.
        pid: u32,
        /// How Jupyter clients reach it.
        connection: ConnectionInfo,
        /// For example `3.12.1`.
        python_version: String,
        /// For example `7.4.0`.
        ipykernel_version: String,
    },
    /// A cell began to run, as its Jupyter clients are told. One that holds the interpreter at once may keep this back.
    CellStarted {
        /// Which.
        cell: CellRef,
        /// Its source.
        code: String,
        /// The name that a guest gives itself.
        user: String,
        /// Its number in `In` and `Out`.
        execution_count: Option<u32>,
    },
    /// A request is about to run a cell: known before anything that it does, and also of what a guest hides from others.
    Begins {
        /// The request; calls name it.
        run: RunId,
        /// The cell: of a guest's request the session may hear nothing more.
        cell: CellRef,
        /// A guest's source; a very long one without its middle. Empty for a cell of the session, which has it.
        code: String,
        /// The name that a guest gives itself.
        user: String,
        /// Its number in `In` and `Out`.
        execution_count: Option<u32>,
        /// Whether it belongs in the history. Of one that does not, nothing more is heard.
        stored: bool,
    },
    /// A request was answered; its output may still be on its way.
    Ends {
        /// The request.
        run: RunId,
        /// How.
        status: CellStatus,
    },
    /// Something was written or shown.
    Output {
        /// By whom.
        cell: CellRef,
        /// What.
        content: OutputContent,
    },
    /// Something was raised.
    Error {
        /// By whom.
        cell: CellRef,
        /// The exception's class.
        ename: String,
        /// Its message.
        evalue: String,
        /// The traceback, with ANSI colours.
        traceback: Vec<String>,
    },
    /// A cell ended; all of its output came before.
    CellFinished {
        /// Which.
        cell: CellRef,
        /// How.
        status: CellStatus,
    },
    /// A cell waits for a line of text.
    InputRequested {
        /// Which.
        cell: CellRef,
        /// What it asks, possibly empty.
        prompt: String,
        /// Whether the answer must not be shown.
        password: bool,
    },
    /// A cell does not wait for a line any more: it got one, from whomever, or was interrupted.
    InputEnded {
        /// Which.
        cell: CellRef,
    },
    /// Much output came since the last of these: [`crate::KernelHandle::has_read`] says when it was worked through.
    OutputEnds {
        /// The number of its last message.
        number: u64,
    },
    /// Messages on the output channel were lost.
    Lost {
        /// How many.
        messages: u64,
    },
    /// Whether the kernel answers beside a running cell has changed.
    Responding(bool),
    /// Something about the strategy.
    Strategy(StrategyEvent),
    /// The child ended. This is the last event.
    Died {
        /// How, for example `exit code 1` or `signal 9 (killed)`.
        status: String,
        /// The end of what it wrote to its log.
        last_output: String,
        /// Where its threads were, as `faulthandler` wrote it; empty when it could not or needed not.
        traceback: String,
    },
}
