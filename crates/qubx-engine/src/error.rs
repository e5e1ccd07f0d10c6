//! Why an engine does not start, or does not do what it is asked.

use std::path::PathBuf;

use qubx_protocol::{InstrumentId, OrderId, OrderStatus, Rejection, Timeframe};

/// Why an engine does not start, or does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A value of the config is wrong.
    #[error("{0}")]
    Config(String),
    /// Recorded data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The session does not trade this instrument.
    #[error("unknown instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// There is no such order, or it ended long ago.
    #[error("unknown order {0}")]
    UnknownOrder(OrderId),
    /// The order ended already.
    #[error("order {order} is {} already", status.to_string().to_lowercase())]
    OrderIsFinal {
        /// The order.
        order: OrderId,
        /// How it ended.
        status: OrderStatus,
    },
    /// A change of an order is refused; it stays as it was.
    #[error("order {order} is not modified: {reason}")]
    NotModified {
        /// The order.
        order: OrderId,
        /// The name of the reason.
        rejection: Rejection,
        /// The reason in words.
        reason: String,
    },
    /// The closing order was refused.
    #[error("{instrument} is not closed: {reason}")]
    NotClosed {
        /// The instrument.
        instrument: InstrumentId,
        /// Why.
        reason: String,
    },
    /// The pause cannot end while the loss of the day is above its limit.
    #[error("{0}")]
    LossLimit(String),
    /// Nobody is there who could be told.
    #[error("no strategy runs")]
    NoStrategy,
    /// A chart asks for bars that are not made.
    #[error("there are no bars of {0} for charts: ask for one of {charted}", charted = charted())]
    NotCharted(Timeframe),
    /// The engine has stopped.
    #[error("the engine has stopped")]
    Stopped,
}

fn charted() -> String {
    crate::chart_timeframes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What is wrong with a file of recorded data, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}: {problem}; {hint}", file.display(), line_text(*line), column_text(column.as_deref()))]
pub struct DataError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; none when the whole file is meant.
    pub line: Option<u64>,
    /// The column, as the header names it; none when the whole line is meant.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub hint: String,
}

fn line_text(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

fn column_text(column: Option<&str>) -> String {
    column.map_or_else(String::new, |column| format!(", column `{column}`"))
}
