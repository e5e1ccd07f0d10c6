//! `qubx exec`: one cell, its outputs, its exit code.

use std::io::{IsTerminal, Read, Write};

use qubx_client::Update;
use qubx_protocol::{CellNumber, CellStatus, Command, Fact, InputId, OutputContent, StreamName};

use crate::arguments::ExecArguments;
use crate::failure::{Failure, Outcome};
use crate::find::find;
use crate::out::{self, say};
use crate::plain::{cell_of, left_out};
use crate::talk::{ANSWER_WITHIN, Talk, screen};

/// `qubx exec NAME CODE`
pub(crate) async fn exec(arguments: ExecArguments) -> Result<Outcome, Failure> {
    let found = find(&arguments.name)?;
    let code = if arguments.code == "-" {
        let mut code = String::new();
        std::io::stdin().read_to_string(&mut code)?;
        code
    } else {
        arguments.code
    };
    let mut talk = Talk::open(screen(&found, false, ANSWER_WITHIN)).await?;
    let status = run_cell(&mut talk, code).await?;
    talk.client.close().await;
    match status {
        CellStatus::Ok => Ok(Outcome::Done),
        CellStatus::Error => Ok(Outcome::NotWell),
        CellStatus::Interrupted => Err(Failure::new("the cell was interrupted")),
        CellStatus::KernelDied => Err(Failure::new("the Python kernel ended while the cell ran")),
    }
}

async fn run_cell(talk: &mut Talk, code: String) -> Result<CellStatus, Failure> {
    let id = talk.client.command(Command::Execute { code });
    let mut own: Option<CellNumber> = None;
    loop {
        match talk.next().await? {
            Update::Refused(refusal) if refusal.command == id => return Err(Failure::new(refusal.message)),
            Update::Event(event) => match &event.fact {
                Fact::Cell { cell, command: Some(command), .. } if *command == id => own = Some(*cell),
                Fact::CellFinished { cell, status, .. } if own == Some(*cell) => return Ok(*status),
                Fact::InputRequested { cell, input, prompt, password } if own == Some(*cell) => {
                    ask(talk, input.clone(), prompt, *password)?;
                }
                fact if own.is_some() && cell_of(fact) == own => print(fact)?,
                _ => {}
            },
            _ => {}
        }
    }
}

/// Gives the cell the line that it waits for, from the terminal; without one, says who else may.
fn ask(talk: &Talk, input: InputId, prompt: &str, password: bool) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || password {
        let how = "answer it in a screen of the session: qubx attach";
        say!("the cell waits for a line: {prompt}\n{how}");
        return Ok(());
    }
    out::ask(prompt);
    let client = talk.client.clone();
    // Reading blocks. Whoever else answers ends the wait in the cell, and this line goes nowhere then.
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let text = line.trim_end_matches(['\r', '\n']).to_owned();
            let _ = client.command(Command::Answer { input, text });
        }
    });
    Ok(())
}

fn print(fact: &Fact) -> Result<(), Failure> {
    match fact {
        Fact::Output { content: OutputContent::Stream { stream: StreamName::Stdout, text }, .. } => {
            write_to(std::io::stdout(), text)
        }
        Fact::Output { content: OutputContent::Stream { stream: StreamName::Stderr, text }, .. } => {
            write_to(std::io::stderr(), text)
        }
        Fact::Output { content: OutputContent::Data { data, .. }, .. } => {
            let text = data.get("text/plain").and_then(serde_json::Value::as_str).unwrap_or_default();
            write_to(std::io::stdout(), &format!("{text}\n"))
        }
        Fact::Output { content: OutputContent::Omitted { bytes, file, partial }, .. } => {
            write_to(std::io::stderr(), &format!("[{}]\n", left_out(*bytes, file.as_deref(), *partial)))
        }
        Fact::Output { content: OutputContent::Lost { messages }, .. } => {
            write_to(std::io::stderr(), &format!("[{messages} messages of the kernel were lost]\n"))
        }
        // IPython colours tracebacks for a terminal that it takes for granted.
        Fact::Error { traceback, .. } => {
            write_to(std::io::stderr(), &qubx_tui::printable(&format!("{}\n", traceback.join("\n"))))
        }
        _ => Ok(()),
    }
}

/// Writes a cell's output: as it is to a pipe or a file, without what could command the terminal to a terminal.
fn write_to(mut stream: impl Write + IsTerminal, text: &str) -> Result<(), Failure> {
    if stream.is_terminal() {
        stream.write_all(qubx_tui::printable(text).as_bytes())?;
    } else {
        stream.write_all(text.as_bytes())?;
    }
    stream.flush().map_err(Failure::from)
}
