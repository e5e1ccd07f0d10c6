//! `qubx attach`: a screen on a running session, drawn or line by line.

use std::io::{BufRead, IsTerminal};

use qubx_client::{Link, Options, Update};
use qubx_protocol::{CellNumber, Command, CommandId, ErrorCode, Fact, InputId, InputView, Role};
use tokio::sync::mpsc;

use crate::arguments::AttachArguments;
use crate::failure::{Failure, Outcome};
use crate::find::find_or_only;
use crate::out::{print, say};
use crate::plain::render;
use crate::screen;
use crate::talk::{self, Talk};

/// `qubx attach [NAME]`
pub(crate) async fn attach(arguments: AttachArguments) -> Result<Outcome, Failure> {
    let found = find_or_only(arguments.name.as_deref()).await?;
    let role = if arguments.read_only { Role::Viewer } else { Role::Admin };
    let options = Options { role, ..talk::screen(&found, !arguments.plain, arguments.timeout) };
    if arguments.plain {
        return plain(Talk::open(options).await?, !arguments.read_only).await;
    }
    screen::require_terminal(screen::INSTEAD_OF_A_SCREEN)?;
    // Who is refused reads why on the terminal as it is, not on a screen that goes.
    Talk::open(Options { screen: false, latest: false, ..options.clone() }).await?.client.close().await;
    let exit = screen::show(options, arguments.no_color).await?;
    finish(&exit)
}

/// Says how an attached screen ended.
pub(crate) fn finish(exit: &qubx_tui::Exit) -> Result<Outcome, Failure> {
    match exit {
        qubx_tui::Exit::Ended(why) => say!("{why}"),
        qubx_tui::Exit::Terminated => {
            return Err(Failure::new("the screen was terminated; the session is untouched"));
        }
        qubx_tui::Exit::Detached | qubx_tui::Exit::Stopped | qubx_tui::Exit::LeftRunning => {}
    }
    Ok(Outcome::Done)
}

/// The lines typed ahead at most. When it is full the reader waits.
const LINES: usize = 64;

/// Prints the session line by line. With `reads` it runs what standard input says, until that ends and its cells have
/// ended too; else it watches until the session ends.
///
/// A line answers what a cell of this screen asks, and is Python otherwise: what somebody else's cell waits for is not
/// ours to answer. From a pipe a line is taken only when it is known which of the two it is.
async fn plain(mut talk: Talk, reads: bool) -> Result<Outcome, Failure> {
    for event in talk.state().history.all() {
        print_event(event, &talk)?;
    }
    let mut lines = reads.then(read_lines);
    let mut cell = String::new();
    let mut own = OwnCells::default();
    let is_typed = std::io::stdin().is_terminal();
    loop {
        if reads && lines.is_none() && own.are_finished() {
            talk.client.close().await;
            return Ok(Outcome::Done);
        }
        // The cell that waits for a line comes before the next cell.
        let asked = talk.state().input.as_ref().filter(|asked| cell.is_empty() && own.asks(asked));
        let asked = asked.map(|asked| asked.input.clone());
        let is_ready = is_typed || asked.is_some() || own.are_finished();
        tokio::select! {
            line = next_line(&mut lines), if is_ready => match (line, asked) {
                (Some(text), Some(input)) => {
                    own.answered = Some(input.clone());
                    let _ = talk.client.command(Command::Answer { input, text });
                }
                (Some(line), None) => {
                    if let Some(code) = take_line(&mut cell, line) {
                        own.sent.push(talk.client.command(Command::Execute { code }));
                    }
                }
                (None, asked) => {
                    lines = None;
                    if asked.is_some() {
                        say!("a cell waits for a line, and there is none: {ANSWER_ELSEWHERE}");
                    }
                    let code = std::mem::take(&mut cell);
                    if !code.trim().is_empty() {
                        own.sent.push(talk.client.command(Command::Execute { code }));
                    }
                }
            },
            update = talk.receive() => {
                let Some(update) = update else { return Ok(Outcome::Done) };
                match &update {
                    Update::Event(event) => {
                        print_event(event, &talk)?;
                        own.take(&event.fact);
                        if let Fact::InputRequested { cell, password: true, .. } = &event.fact
                            && own.taken.contains(cell)
                        {
                            say!("In[{cell}] waits for a secret, which no line gives: {ANSWER_ELSEWHERE}");
                        }
                    }
                    Update::Refused(refusal) => {
                        say!("not taken: {}", refusal.message);
                        own.sent.retain(|id| *id != refusal.command);
                    }
                    Update::Link(Link::Closed(error)) if error.code == ErrorCode::Ended => {
                        say!("session ended: {}", error.message);
                        return Ok(Outcome::Done);
                    }
                    Update::Link(Link::Closed(error)) => return Err(Failure::new(error.message.clone())),
                    Update::Link(Link::Lost { attempt: 1, .. }) => say!("connection lost; trying again"),
                    _ => {}
                }
                talk.mirror.apply(&update);
            }
        }
    }
}

/// Said when a cell of this screen waits for what this screen cannot give.
const ANSWER_ELSEWHERE: &str = "answer it in a drawn screen of the session: qubx attach";

fn print_event(event: &qubx_protocol::Event, talk: &Talk) -> Result<(), Failure> {
    if let Some(text) = render(event, talk.state()) {
        print(&format!("{text}\n"))?;
    }
    Ok(())
}

/// The cells that this screen sent and that have not ended.
#[derive(Default)]
struct OwnCells {
    sent: Vec<CommandId>,
    taken: Vec<CellNumber>,
    /// What was answered last, and may still wait for the answer to arrive.
    answered: Option<InputId>,
}

impl OwnCells {
    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Cell { cell, command: Some(command), .. } if self.sent.contains(command) => {
                self.sent.retain(|id| id != command);
                self.taken.push(*cell);
            }
            Fact::CellFinished { cell, .. } => self.taken.retain(|own| own != cell),
            _ => {}
        }
    }

    /// Tells whether the next line is what a cell of this screen waits for. A secret would be shown where it is typed.
    fn asks(&self, asked: &InputView) -> bool {
        self.taken.contains(&asked.cell) && !asked.password && self.answered.as_ref() != Some(&asked.input)
    }

    fn are_finished(&self) -> bool {
        self.sent.is_empty() && self.taken.is_empty()
    }
}

/// Adds a line to the cell and returns the cell when it is whole: a line that opens no block, or an empty line after
/// a block.
fn take_line(cell: &mut String, line: String) -> Option<String> {
    let opens_block = line.trim_end().ends_with(':') || line.trim_start().starts_with('@');
    if cell.is_empty() && !opens_block {
        return (!line.trim().is_empty()).then_some(line);
    }
    if line.trim().is_empty() {
        return Some(std::mem::take(cell));
    }
    cell.push_str(&line);
    cell.push('\n');
    None
}

async fn next_line(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

/// Reads standard input in a thread of its own, because a terminal cannot be read without waiting.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(LINES);
    if std::io::stdin().is_terminal() {
        say!("type Python; an empty line ends a block; Ctrl+D leaves, and the session goes on");
    }
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_cell_of_this_screen_asks_is_answered_and_only_once() {
        let asked = |cell, input: &str, password| InputView {
            cell: CellNumber(cell),
            input: InputId(input.to_owned()),
            prompt: String::new(),
            password,
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut own = OwnCells { taken: vec![CellNumber(2)], ..OwnCells::default() };
        assert!(own.asks(&asked(2, "first", false)));
        assert!(!own.asks(&asked(1, "first", false)), "somebody else's cell");
        assert!(!own.asks(&asked(2, "first", true)), "a password");
        own.answered = Some(InputId("first".to_owned()));
        assert!(!own.asks(&asked(2, "first", false)), "answered already");
        assert!(own.asks(&asked(2, "second", false)), "the next wait of the same cell");
        assert!(!OwnCells::default().asks(&asked(2, "second", false)), "a cell that has ended");
    }

    #[test]
    fn blocks_end_with_an_empty_line() {
        for (lines, expected) in [
            (vec!["1+1", "2"], vec!["1+1", "2"]),
            (vec!["for i in x:", "    print(i)", "", "3"], vec!["for i in x:\n    print(i)\n", "3"]),
            (vec!["", "  ", "4"], vec!["4"]),
            (vec!["@wrap", "def f():", "    pass", ""], vec!["@wrap\ndef f():\n    pass\n"]),
        ] {
            let mut cell = String::new();
            let cells: Vec<String> =
                lines.into_iter().filter_map(|line| take_line(&mut cell, line.to_owned())).collect();
            assert_eq!(cells, expected);
        }
    }
}
