//! `qubx kernel list --watch`: the list again whenever it changed; on a terminal in the place of the one before.

use std::io::IsTerminal;
use std::time::Duration;

use jiff::Timestamp;
use rustix::termios::{Winsize, tcgetwinsize};
use tokio::signal::unix::{SignalKind, signal};

use super::{rows, table};
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::out::{Pictures, out, print};

/// How often the list is made.
const EVERY: Duration = Duration::from_secs(1);

/// `qubx kernel list --watch`
pub(crate) async fn watch(json: bool) -> Result<Outcome, Failure> {
    let mut asked = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let [interrupt, terminate, hangup] = &mut asked[..] else { unreachable!("three were asked for") };
    let pictures = if std::io::stdout().is_terminal() && !json { Some(Pictures::begin()?) } else { None };
    let mut shown = None;
    loop {
        let rows = rows().await?;
        let text = if json { format!("{}\n", json::line(&rows)) } else { table(&rows) };
        let printed = match (&pictures, &shown) {
            (Some(pictures), _) => pictures.draw(&picture(&text, Timestamp::now(), size())),
            (None, Some(before)) if *before == text => Ok(()),
            (None, Some(_)) if !json => print(&format!("\n{text}")),
            (None, _) => print(&text),
        };
        // `--watch | head` is no error.
        if printed.is_err() {
            return Ok(Outcome::Done);
        }
        shown = Some(text);
        tokio::select! {
            () = tokio::time::sleep(EVERY) => continue,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        // What was seen last stays readable.
        if let (Some(pictures), Some(text)) = (pictures, shown) {
            drop(pictures);
            out!("{text}");
        }
        return Ok(Outcome::Done);
    }
}

/// Returns the rows and columns of the terminal; generous where it does not tell.
fn size() -> (usize, usize) {
    match tcgetwinsize(std::io::stdout()) {
        Ok(Winsize { ws_row: rows @ 1.., ws_col: columns @ 1.., .. }) => (rows.into(), columns.into()),
        _ => (24, 80),
    }
}

/// Returns what a terminal of this size shows: a head with the time, and as much of the list as there is room for.
fn picture(table: &str, now: Timestamp, (rows, columns): (usize, usize)) -> Vec<String> {
    let head = format!("Sessions at {}; Ctrl+C leaves", now.strftime("%T UTC"));
    let mut lines: Vec<String> =
        [head.as_str(), ""].into_iter().chain(table.lines()).map(str::to_owned).collect();
    if lines.len() > rows {
        let hidden = lines.len() - rows + 1;
        lines.truncate(rows - 1);
        lines.push(format!("… {hidden} more lines"));
    }
    lines.iter().map(|line| cut(line, columns)).collect()
}

/// Cuts a line that a terminal would break, with a mark.
fn cut(line: &str, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    line.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_its_terminal_and_says_what_it_hides() {
        let now: Timestamp = "2026-01-02T12:03:04Z".parse().unwrap();
        let table = "NAME  MODE\none   paper\ntwo   paper\n";
        let lines = |size| picture(table, now, size).join("\n");
        assert_eq!(
            lines((10, 80)),
            "Sessions at 12:03:04 UTC; Ctrl+C leaves\n\nNAME  MODE\none   paper\ntwo   paper"
        );
        assert_eq!(lines((4, 9)), "Sessions…\n\nNAME  MO…\n… 2 more…");
    }
}
