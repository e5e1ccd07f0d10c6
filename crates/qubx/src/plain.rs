//! A session line by line, for pipes, poor links and screen readers. No I/O.
//!
//! What a cell or a name holds may be meant to command a terminal: every text goes through `printable`.

use qubx_protocol::{
    CellNumber, CellStatus, Event, Fact, LogLevel, OutputContent, SessionState, VerbOutcome,
};
use qubx_tui::printable;

use crate::results;

/// Returns an event as text of one line or more; none for what a reader of lines does not need.
pub(crate) fn render(event: &Event, state: &SessionState) -> Option<String> {
    let market_time = event.market_time().map(|time| time.strftime("%F %T").to_string());
    let time = market_time.clone().unwrap_or_else(|| event.time.strftime("%T").to_string());
    let text = match &event.fact {
        Fact::Started { epoch, restored } => {
            format!("{time} RUN   {epoch}{}", if *restored { ", goes on" } else { "" })
        }
        Fact::Cell { cell, code, author, .. } => {
            let indent =
                format!("\n{:width$}", "", width = format!("{author} › In[{cell}] ").chars().count());
            format!("{author} › In[{cell}] {}", code.trim_end().replace('\n', &indent))
        }
        Fact::Output { content: OutputContent::Stream { text, .. }, .. } => {
            text.trim_end_matches('\n').to_owned()
        }
        Fact::Output { content: OutputContent::Clear { .. }, .. } => return None,
        Fact::Output { content: OutputContent::Omitted { bytes, file, partial }, .. } => {
            format!("[… {} …]", left_out(*bytes, file.as_deref(), *partial))
        }
        Fact::Output { content: OutputContent::Lost { messages }, .. } => {
            format!("[… {messages} messages of the kernel were lost here …]")
        }
        Fact::InputRequested { cell, prompt, .. } => format!("In[{cell}] waits for a line: {prompt}"),
        Fact::InputEnded { author: Some(author), .. } => format!("answered by {author}"),
        Fact::InputEnded { author: None, .. } => return None,
        Fact::Output { cell, content: OutputContent::Data { data, result, .. } } => {
            let text = data.get("text/plain").and_then(serde_json::Value::as_str);
            let text = text.map_or_else(
                || format!("[{}]", data.keys().cloned().collect::<Vec<_>>().join(", ")),
                str::to_owned,
            );
            match (result, cell) {
                (true, Some(cell)) => format!("Out[{cell}] {text}"),
                _ => text,
            }
        }
        Fact::Error { traceback, ename, evalue, .. } => {
            let text = if traceback.is_empty() { format!("{ename}: {evalue}") } else { traceback.join("\n") };
            market_time.map_or_else(|| text.clone(), |time| format!("{time} ERROR strategy\n{text}"))
        }
        Fact::CellFinished { cell, status, .. } => match status {
            CellStatus::Ok | CellStatus::Error => return None,
            CellStatus::Interrupted => format!("In[{cell}] was interrupted"),
            CellStatus::KernelDied => format!("In[{cell}] ended with its kernel"),
        },
        Fact::Log { level, source, text, .. } => format!("{time} {:<5} {source} {text}", level_word(*level)),
        Fact::Order { order, .. } => {
            let price = order.price.map_or_else(|| "MARKET".to_owned(), |price| format!("LIMIT {price}"));
            let reason = order.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!(
                "{time} ORDER {} {} {} {price} {} ({}){reason}",
                state.label(&order.instrument),
                order.side,
                order.quantity,
                order.status,
                order.author
            )
        }
        Fact::Fill { fill, position, .. } => format!(
            "{time} FILL  {} {} {} @ {} ({}), position {}",
            state.label(&fill.instrument),
            fill.side,
            fill.quantity,
            fill.price,
            fill.author,
            position.quantity
        ),
        Fact::Funding { funding, .. } => format!(
            "{time} FUNDING {} {} for {} at {}",
            state.label(&funding.instrument),
            funding.amount,
            funding.quantity,
            funding.rate
        ),
        Fact::Results(results) => format!("{time} RESULTS {}", results::line(results)),
        Fact::Verb { verb, .. } => {
            let target = if verb.target.is_empty() { String::new() } else { format!(" {}", verb.target) };
            match verb.outcome {
                VerbOutcome::Started => format!("{time} VERB  {}: {}{target}", verb.author, verb.verb),
                VerbOutcome::Done => {
                    format!("{time} VERB  {}: {}{target} done: {}", verb.author, verb.verb, verb.text)
                }
                VerbOutcome::Failed => {
                    format!("{time} VERB  {}: {}{target} FAILED: {}", verb.author, verb.verb, verb.text)
                }
            }
        }
        Fact::Status(status) => {
            let previous = state.status.as_ref();
            let word = status.word();
            let same = previous.is_some_and(|previous| {
                previous.word() == word
                    && previous.strategy.error == status.strategy.error
                    && previous.kernel == status.kernel
            });
            if same {
                return None;
            }
            let ended = status.kernel.ended.as_ref().map(|how| format!("the Python kernel ended ({how})"));
            let ended = ended.or_else(|| status.strategy.error.clone());
            format!("{time} STATE {word}{}", ended.map(|why| format!(": {why}")).unwrap_or_default())
        }
        Fact::CellStarted { .. } | Fact::Unknown(_) => return None,
    };
    Some(printable(&text))
}

fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARN",
        LogLevel::Error => "ERROR",
    }
}

/// Returns the cell that an event belongs to.
pub(crate) fn cell_of(fact: &Fact) -> Option<CellNumber> {
    match fact {
        Fact::Cell { cell, .. } | Fact::CellStarted { cell, .. } | Fact::CellFinished { cell, .. } => {
            Some(*cell)
        }
        Fact::Output { cell, .. } | Fact::Error { cell, .. } => *cell,
        _ => None,
    }
}

/// Returns what stands in the place of output that the log does not have.
pub(crate) fn left_out(bytes: u64, file: Option<&str>, partial: bool) -> String {
    let part = if partial { "more of it is" } else { "all of it is" };
    let file = file.map(|file| format!("; {part} in {file}")).unwrap_or_default();
    format!("{bytes} bytes of output are left out here{file}")
}
