//! From events to entries: which one begins an entry, which one continues it, and in what words.

use qubx_protocol::{CellNumber, Event, Fact, LogLevel, Order, OrderStatus, OutputContent, Seq, VerbOutcome};

use super::Transcript;
use super::entry::{Body, Cell, Kind, Line, Phase, Tone};
use super::output::Output;
use super::words::{self, Names};
use crate::pictures;

impl Transcript {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        let seq = event.seq;
        let time = event.market_time().unwrap_or(event.time);
        let line = |kind, tone, text: String| Body::Line(Line { time, kind, tone, text });
        match &event.fact {
            Fact::Started { epoch, restored } => {
                // A run has a Python of its own, which counts from 1.
                self.last_count = Some(0);
                self.asking.clear();
                let how = if *restored { "a run goes on where one ended" } else { "a run begins" };
                self.push(seq, line(Kind::Run, Tone::Quiet, format!("{how}; account epoch {epoch}")));
            }
            Fact::Cell { cell, code, author, .. } => {
                let number = self.next();
                if self.push(seq, Body::Cell(Cell::new(code, author))) {
                    self.cells.insert(*cell, number);
                }
            }
            Fact::CellStarted { cell, execution_count } => {
                self.last_count = execution_count.or(self.last_count);
                self.change_cell(seq, *cell, |cell| {
                    cell.count = *execution_count;
                    cell.phase = Phase::Running { since: event.time };
                });
            }
            Fact::CellFinished { cell, status, duration_ms } => {
                self.asking.retain(|_, asking| asking != cell);
                self.change_cell(seq, *cell, |cell| {
                    cell.phase = Phase::Finished { status: *status, duration_ms: *duration_ms };
                });
            }
            Fact::Output {
                content: OutputContent::Data { display: Some(name), update: true, .. }, ..
            } => {
                self.update(seq, name, &event.fact);
            }
            Fact::Output { cell: Some(cell), content } => {
                let picture = self.picture(seq, content);
                self.change_entry(seq, *cell, |entry| entry.show(content, picture));
            }
            Fact::Output { cell: None, content } => self.strategy_output(event, content),
            Fact::InputRequested { cell, input, prompt, password } => {
                self.asking.insert(input.clone(), *cell);
                self.change_entry(seq, *cell, |entry| entry.ask(input, prompt, *password));
            }
            Fact::InputEnded { input, author, text, .. } => {
                if let Some(cell) = self.asking.remove(input) {
                    self.change_entry(seq, cell, |entry| {
                        entry.end_asking(input, author.clone(), text.clone())
                    });
                }
            }
            Fact::Error { cell: Some(cell), ename, evalue, traceback, .. } => {
                let traceback = traceback.join("\n");
                self.change_entry(seq, *cell, |entry| entry.push_error(ename, evalue, traceback));
            }
            Fact::Error { cell: None, ename, evalue, traceback, .. } => {
                self.counts.add(LogLevel::Error);
                let output = Output::Error {
                    name: ename.clone(),
                    value: evalue.clone(),
                    traceback: traceback.join("\n"),
                };
                self.push(seq, Body::Error { time, output });
            }
            Fact::Log { level, source, text, .. } => {
                let tone = match level {
                    LogLevel::Debug => Tone::Quiet,
                    LogLevel::Info => Tone::Plain,
                    LogLevel::Warning => Tone::Attention,
                    LogLevel::Error => Tone::Loss,
                };
                self.counts.add(*level);
                self.push(seq, line(Kind::Log(*level), tone, format!("{source}  {text}")));
            }
            Fact::Order { order, .. } => {
                // Sent, filled in part and filled are told by what follows them.
                let (kind, tone) = match order.status {
                    OrderStatus::Intended | OrderStatus::PartiallyFilled | OrderStatus::Filled => return,
                    OrderStatus::New | OrderStatus::Cancelled if is_the_strategys_own(order) => {
                        self.counts.add_quiet_order();
                        (Kind::QuietOrder, Tone::Quiet)
                    }
                    OrderStatus::New | OrderStatus::Cancelled => (Kind::Order, Tone::Quiet),
                    OrderStatus::Rejected => (Kind::Order, Tone::Loss),
                };
                self.push(seq, line(kind, tone, self.names.order(order)));
            }
            Fact::Fill { fill, .. } => {
                self.push(seq, line(Kind::Fill, Tone::Strong, self.names.fill(fill)));
            }
            Fact::Funding { funding, .. } => {
                self.push(seq, line(Kind::Funding, Tone::Quiet, self.names.funding(funding)));
            }
            Fact::Results(results) => {
                let accounts = results.accounts.iter().map(words::results);
                self.push(seq, line(Kind::Results, Tone::Strong, accounts.collect::<Vec<_>>().join("\n")));
            }
            Fact::Verb { verb, .. } => {
                let (outcome, tone) = match verb.outcome {
                    VerbOutcome::Started => ("…", Tone::Attention),
                    VerbOutcome::Done => ("done", Tone::Attention),
                    VerbOutcome::Failed => ("failed", Tone::Loss),
                };
                let words = [verb.verb.as_str(), &verb.target, outcome, &verb.text];
                let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
                self.push(seq, line(Kind::Verb, tone, format!("{}  ({})", words.join(" "), verb.author)));
            }
            // What it says of the instruments is for the entries to come.
            Fact::Status(status) => self.names = Names::of(&status.info),
            unknown @ Fact::Unknown(_) => {
                let kind = unknown.kind();
                self.push(
                    seq,
                    line(Kind::Unknown, Tone::Quiet, format!("an event of a newer version: {kind}")),
                );
            }
        }
    }

    fn change_cell(&mut self, seq: Seq, cell: CellNumber, change: impl FnOnce(&mut Cell)) {
        self.change_entry(seq, cell, |entry| entry.change_cell(change));
    }

    /// Takes in what the strategy's threads showed: each thing is an entry of its own.
    fn strategy_output(&mut self, event: &Event, content: &OutputContent) {
        match content {
            OutputContent::Clear { wait: true } => {
                self.strategy_clear_waits = true;
                return;
            }
            OutputContent::Clear { wait: false } => return self.clear_strategy_output(),
            _ if self.strategy_clear_waits => self.clear_strategy_output(),
            _ => {}
        }
        let output = Output::of(content, self.picture(event.seq, content));
        self.push(event.seq, Body::Output { time: event.time, output });
    }

    fn clear_strategy_output(&mut self) {
        self.strategy_clear_waits = false;
        for number in (self.first..self.next()).rev() {
            if matches!(self.entries[self.place(number)].body, Body::Output { .. }) {
                self.remove(number);
            }
        }
    }

    /// Puts new content in the place of what is shown under a name, wherever it is.
    fn update(&mut self, seq: Seq, name: &str, fact: &Fact) {
        let Fact::Output { content, .. } = fact else { return };
        let (text, picture) = (pictures::text_of(content), self.picture(seq, content));
        for entry in &mut self.entries {
            let before = entry.size();
            entry.update(name, &text, picture.as_ref());
            entry.forget_verdicts();
            self.bytes = self.bytes - before + entry.size();
        }
        self.trim();
    }
}

/// Tells whether the strategy gave an order by itself, and nobody by a cell or a verb.
fn is_the_strategys_own(order: &Order) -> bool {
    order.author.as_str() == "strategy" && order.cause.is_none()
}
