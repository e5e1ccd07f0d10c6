//! `qubx verify`: are the files of a session what was written?

use std::io::IsTerminal;

use qubx_session::{MOST_FINDINGS, Verification, verify as check};

use crate::arguments::VerifyArguments;
use crate::failure::{Failure, Outcome};
use crate::find::session_dir;
use crate::json;
use crate::out::{out, outln};

/// `qubx verify NAME`
pub(crate) async fn verify(arguments: VerifyArguments) -> Result<Outcome, Failure> {
    let session_dir = session_dir(&arguments.name)?;
    let shows_progress = std::io::stderr().is_terminal();
    // Reading a long history takes seconds and blocks.
    let found = tokio::task::block_in_place(|| {
        check(&session_dir, |done, total| {
            if shows_progress {
                eprint!("\r{done} of {total} rows and events checked");
            }
        })
    });
    if shows_progress {
        eprint!("\r\x1b[K");
    }
    let found = found.map_err(Failure::because(format!("cannot check {}", session_dir.display())))?;
    if arguments.json {
        outln!("{}", json::pretty(&found));
    } else {
        out!("{}", text(&arguments.name, &found));
    }
    Ok(if found.findings.is_empty() { Outcome::Done } else { Outcome::NotWell })
}

fn text(name: &str, found: &Verification) -> String {
    let Verification { rows, epochs, events, orders, fills, commands, head, findings } = found;
    let mut lines = vec![
        format!(
            "ledger   {rows} rows in {epochs} runs: {orders} of orders, {fills} fills, {commands} commands"
        ),
        format!("log      {events} events"),
        format!("head     {head}"),
    ];
    for finding in findings {
        let row = finding.row.map_or_else(String::new, |row| format!(", row {row}"));
        lines.push(format!("WRONG    {}{row}: {}", finding.file.display(), finding.what));
    }
    lines.push(match findings.len() {
        0 => format!("{name} is whole: everything reads as it was written"),
        MOST_FINDINGS => format!("{name} is damaged: {MOST_FINDINGS} findings or more"),
        1 => format!("{name} is damaged: 1 finding"),
        many => format!("{name} is damaged: {many} findings"),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use qubx_session::Finding;
    use serde_json::json;

    use super::*;
    use crate::json::documented;

    #[test]
    fn what_is_found_is_as_documented() {
        let finding = Finding {
            file: "/home/op/.qubx/sessions/paper-default-ema-cross/ledger.db".into(),
            row: Some(17),
            what: "its hash does not follow from the row before".to_owned(),
        };
        let found = Verification {
            rows: 83,
            epochs: 1,
            events: 95,
            orders: 48,
            fills: 23,
            commands: 5,
            head: "744660754c0973fc10ed1884c0f067aeb66da20e08fbd1af398adea21b00e501".to_owned(),
            findings: vec![finding],
        };
        documented::check("qubx verify", &[json!(found)]);
    }
}
