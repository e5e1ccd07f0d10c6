//! A row that is looked at closely, on the whole screen. No I/O.

use qubx_protocol::{InstrumentId, OrderId, Seq};

use crate::app::App;
use crate::table::{RowKey, Table, TableView};
use crate::tables;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An instrument: its chart, its quote, and the position in it.
    Instrument(InstrumentId),
    Order(OrderId),
    /// A fill, by its entry of the log.
    Fill(Seq),
    /// What the strategy published under a name.
    Published(String, Option<InstrumentId>),
    Parameter(String),
    Action(String),
}

/// A row that is looked at closely.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) subject: Subject,
    /// The first line in view.
    pub(crate) scroll: usize,
    /// How its table is looked at, where it has one.
    pub(crate) view: TableView,
    /// Whether a chart is shown without the words beside it.
    pub(crate) chart_alone: bool,
}

impl Detail {
    /// Returns the close look at a row; none where a row says everything already.
    pub(crate) fn of(key: &RowKey) -> Option<Self> {
        let subject = match key {
            RowKey::Instrument(id) => Subject::Instrument(id.clone()),
            RowKey::Order(id) => Subject::Order(id.clone()),
            RowKey::Entry(seq) => Subject::Fill(*seq),
            RowKey::Published(name, instrument) => Subject::Published(name.clone(), instrument.clone()),
            RowKey::Parameter(name) => Subject::Parameter(name.clone()),
            RowKey::Action(name) => Subject::Action(name.clone()),
            RowKey::Peer(_) | RowKey::Place(_) | RowKey::Callback(_) => return None,
        };
        Some(Self { subject, scroll: 0, view: TableView::default(), chart_alone: false })
    }

    /// Returns the table that is looked at; none when it is something else.
    pub(crate) fn table(&self, app: &App) -> Option<Table> {
        match &self.subject {
            Subject::Published(name, instrument) => {
                tables::published::table(&tables::published::find(app, name, instrument.as_ref())?.content)
            }
            _ => None,
        }
    }
}
