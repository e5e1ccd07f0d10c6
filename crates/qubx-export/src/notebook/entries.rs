//! What is no cell, as tables of Markdown. No I/O.

use std::collections::BTreeMap;

use jiff::Timestamp;
use qubx_protocol::{
    Event, Fact, KernelState, OutputContent, Ownership, Phase, Results, Seq, SessionStatus, StrategyState,
    StreamName, VerbOutcome, VerbProgress,
};
use serde_json::{Value, json};

use super::outputs::{lines, missing};
use crate::log;
use crate::text::markdown;

/// How many rows are shown as they are; more of them are folded.
const SHOWN_ROWS: usize = 12;

/// Rows that follow one another.
#[derive(Debug)]
pub(super) struct Entries {
    /// The number of the first one.
    seq: Seq,
    rows: Vec<Entry>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Entry {
    time: Timestamp,
    market_time: Option<Timestamp>,
    kind: &'static str,
    by: String,
    text: String,
}

impl Entries {
    pub(super) fn new(seq: Seq, first: Entry) -> Self {
        Self { seq, rows: vec![first] }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.rows.push(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the cell of the notebook.
    pub(super) fn value(&self) -> Value {
        let (from, to) = (self.rows.first().map(|row| row.time), self.rows.last().map(|row| row.time));
        json!({
            "cell_type": "markdown",
            "id": format!("entries-{}", self.seq),
            "metadata": {"qubx": {"from": from, "to": to}},
            "source": lines(&self.markdown()),
        })
    }

    fn markdown(&self) -> String {
        if self.rows.len() <= SHOWN_ROWS {
            return self.table();
        }
        format!("<details><summary>{}</summary>\n\n{}\n\n</details>", self.summary(), self.table())
    }

    /// Says what is folded: how many of each kind, and when.
    fn summary(&self) -> String {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            *kinds.entry(row.kind).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let time =
            |row: Option<&Entry>| row.map(|row| row.time.strftime("%F %T").to_string()).unwrap_or_default();
        let (from, to) = (time(self.rows.first()), time(self.rows.last()));
        format!("{} entries, {from} to {to}: {}", self.rows.len(), kinds.join(", "))
    }

    /// Returns the rows as a table; the market's time has a column where it is another one than the clock's.
    fn table(&self) -> String {
        let time = |time: Timestamp| time.strftime("%F %T%.3f").to_string();
        let has_market_time = self.rows.iter().any(|row| row.market_time.is_some());
        let market = |text: &str| if has_market_time { format!(" {text} |") } else { String::new() };
        let mut table = vec![
            format!("| Time |{} Kind | By | Text |", market("In the market")),
            format!("|:--|{}:--|:--|:--|", market(":--").trim()),
        ];
        for row in &self.rows {
            let market = market(&row.market_time.map(time).unwrap_or_default());
            table.push(format!(
                "| {} |{market} {} | {} | {} |",
                time(row.time),
                row.kind,
                markdown(&row.by),
                markdown(&row.text)
            ));
        }
        table.join("\n")
    }
}

/// Returns an event as a row; none for what tells a reader nothing.
pub(super) fn entry(event: &Event) -> Option<Entry> {
    let (kind, by, text) = words(&event.fact)?;
    Some(Entry { time: event.time, market_time: event.market_time(), kind, by, text })
}

fn words(fact: &Fact) -> Option<(&'static str, String, String)> {
    let session = || "session".to_owned();
    Some(match fact {
        Fact::Started { epoch, restored } => {
            let goes_on = if *restored { ", goes on with the account of the run before" } else { "" };
            ("RUN", session(), format!("life {epoch} of the account{goes_on}"))
        }
        Fact::Log { level, source, text, .. } => (log::word(*level), source.clone(), text.clone()),
        Fact::Error { cell, ename, evalue, traceback, .. } => {
            let by = cell.map_or_else(|| "strategy".to_owned(), |cell| format!("cell {cell}"));
            ("ERROR", by, log::error_text(ename, evalue, traceback))
        }
        Fact::Output { cell, content } => {
            let by = cell.map_or_else(|| "strategy".to_owned(), |cell| format!("cell {cell}"));
            match content {
                OutputContent::Stream { stream: StreamName::Stdout, text } => ("PRINT", by, text.clone()),
                OutputContent::Stream { stream: StreamName::Stderr, text } => ("STDERR", by, text.clone()),
                content => ("PRINT", by, missing(content)),
            }
        }
        Fact::Order { order, .. } => {
            let price = order.price.map(|price| format!(" {price}")).unwrap_or_default();
            let stop = order.stop_price.map(|stop| format!(" at {stop}")).unwrap_or_default();
            let reason = order.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let text = format!(
                "{} {} {} {}{stop}{price}, {} of it filled, {}{reason} ({})",
                order.instrument,
                order.side,
                order.quantity,
                order.order_type,
                order.filled,
                order.status,
                order.id
            );
            ("ORDER", order.author.to_string(), text)
        }
        Fact::Fill { fill, position, .. } => {
            let text = format!(
                "{} {} {} at {}, fee {}, position {} ({})",
                fill.instrument,
                fill.side,
                fill.quantity,
                fill.price,
                fill.fee,
                position.quantity,
                fill.order
            );
            ("FILL", fill.author.to_string(), text)
        }
        Fact::Funding { funding, .. } => {
            let text = format!(
                "{} paid {} for {} at the rate {}",
                funding.instrument, funding.amount, funding.quantity, funding.rate
            );
            ("FUNDING", session(), text)
        }
        Fact::Results(results) => ("RESULTS", session(), of_replay(results)),
        Fact::Verb { verb, .. } => ("VERB", verb.author.to_string(), of_verb(verb)),
        Fact::Status(status) => ("STATE", session(), state(status)),
        Fact::Unknown(map) => ("OTHER", session(), json!(map).to_string()),
        Fact::Cell { .. }
        | Fact::CellStarted { .. }
        | Fact::CellFinished { .. }
        | Fact::InputRequested { .. }
        | Fact::InputEnded { .. } => return None,
    })
}

fn of_verb(VerbProgress { verb, target, outcome, text, .. }: &VerbProgress) -> String {
    let target = if target.is_empty() { String::new() } else { format!(" {target}") };
    match outcome {
        VerbOutcome::Started => format!("{verb}{target} begins"),
        VerbOutcome::Done => format!("{verb}{target} done: {text}"),
        VerbOutcome::Failed => format!("{verb}{target} FAILED: {text}"),
    }
}

fn of_replay(results: &Results) -> String {
    let mut all = vec![format!("{} to {}, {} events", results.from, results.to, results.events)];
    for of in &results.accounts {
        let sharpe = of.sharpe.map_or_else(|| "–".to_owned(), |sharpe| sharpe.to_string());
        all.push(format!(
            "{}: profit {} {}, {} fills, {} trades, greatest drawdown {}, Sharpe ratio {sharpe}",
            of.account.exchange, of.profit, of.account.currency, of.fills, of.trades, of.max_drawdown
        ));
    }
    all.join("\n")
}

/// Says how a session is. A change is one when these words change.
pub(super) fn state(status: &SessionStatus) -> String {
    let kernel = match status.kernel.state {
        KernelState::Starting => "starting",
        KernelState::Ready => "ready",
        KernelState::NotResponding => "not responding",
        KernelState::Dead => "dead",
    };
    let strategy = match status.strategy.state {
        StrategyState::Starting => "starting",
        StrategyState::Running => "running",
        StrategyState::Failed => "failed",
        StrategyState::Stopped => "stopped",
    };
    let mut words = vec![format!("kernel {kernel}"), format!("strategy {strategy}")];
    words.extend(status.kernel.ended.as_ref().map(|how| format!("Python ended: {how}")));
    words.extend(status.strategy.error.clone());
    words.extend(status.paused.then(|| "PAUSED".to_owned()));
    words.extend(match status.ownership {
        Ownership::Owned => None,
        Ownership::Detached => Some("runs by itself".to_owned()),
        Ownership::OwnerLost => Some("its owner is gone".to_owned()),
    });
    if let Phase::Stopping { by, reason } = &status.phase {
        words.push(format!("{by} stops it: {reason}"));
    }
    words.join(", ")
}
