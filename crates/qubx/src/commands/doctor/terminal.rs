//! The terminal that a screen would be drawn on.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use super::finding::Finding;
use crate::results::Glyphs;

const TERMINAL: &str = "terminal";
const COLOURS: &str = "colours";
const LOCALE: &str = "locale";
const SIZE: &str = "size";
const KEYS: &str = "keys";

/// The screen has room for its panels from this size on, columns by rows; below there are the session and the prompt.
const ROOM: (u16, u16) = (60, 16);
/// From this size on, it has frames and several panels.
const COMFORTABLE: (u16, u16) = (81, 24);

/// Looks at the terminal that this runs in.
pub(super) fn check() -> Vec<Finding> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    judge(size(), variable)
}

/// Returns the size of the terminal of any of the three streams; none when none is one.
fn size() -> Option<(u16, u16)> {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let streams = [
        stdout.is_terminal().then(|| stdout.as_fd()),
        stderr.is_terminal().then(|| stderr.as_fd()),
        stdin.is_terminal().then(|| stdin.as_fd()),
    ];
    let stream = streams.into_iter().flatten().next()?;
    let size = rustix::termios::tcgetwinsize(stream).ok();
    Some(size.map_or((0, 0), |size| (size.ws_col, size.ws_row)))
}

/// `size` is none when there is no terminal; `variable` reads a variable of the environment that is not empty.
fn judge(size: Option<(u16, u16)>, variable: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let Some(size) = size else {
        return vec![Finding::ok(TERMINAL, "there is none here, so there is nothing to check about it")];
    };
    let mut findings = vec![of_term(variable("TERM").as_deref())];
    findings.push(Finding::ok(COLOURS, of_colours(&variable)));
    findings.push(of_locale(&variable));
    findings.push(of_size(size));
    findings.extend(of_keys(&variable));
    findings
}

fn of_term(term: Option<&str>) -> Finding {
    let hint =
        "start it in another terminal, or export TERM=xterm-256color; `qubx attach NAME --plain` needs none";
    match term {
        Some("dumb") => Finding::warning(TERMINAL, "TERM is dumb: a screen cannot be drawn", hint),
        None => Finding::warning(TERMINAL, "TERM is not set: a screen may not be drawn right", hint),
        Some(term) => Finding::ok(TERMINAL, term),
    }
}

fn of_colours(variable: &impl Fn(&str) -> Option<String>) -> String {
    if variable("NO_COLOR").is_some() {
        return "off, because NO_COLOR is set".to_owned();
    }
    let is_true = |value: String| ["truecolor", "24bit"].contains(&value.as_str());
    if variable("COLORTERM").is_some_and(is_true) {
        return "16 million".to_owned();
    }
    let has_256 = variable("TERM").is_some_and(|term| term.contains("256color"));
    if has_256 { "256".to_owned() } else { "16, and a screen needs no more".to_owned() }
}

fn of_locale(variable: &impl Fn(&str) -> Option<String>) -> Finding {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().find_map(|name| Some(format!("{name}={}", variable(name)?)));
    match (Glyphs::of_locale(variable), locale) {
        (Glyphs::Unicode, locale) => Finding::ok(LOCALE, locale.unwrap_or_default()),
        (Glyphs::Ascii, locale) => Finding::warning(
            LOCALE,
            format!(
                "{} is not UTF-8: frames, arrows and names may come out wrong",
                locale.as_deref().unwrap_or("none")
            ),
            "export LANG=C.UTF-8",
        ),
    }
}

fn of_size((columns, rows): (u16, u16)) -> Finding {
    let text = format!("{columns}×{rows}");
    let fits = |least: (u16, u16)| columns >= least.0 && rows >= least.1;
    if fits(COMFORTABLE) {
        return Finding::ok(SIZE, text);
    }
    if fits(ROOM) {
        return Finding::ok(SIZE, format!("{text}: one panel at a time"));
    }
    let hint = format!("widen it to {}×{} or more", ROOM.0, ROOM.1);
    if (columns, rows) == (0, 0) {
        return Finding::warning(SIZE, "the terminal does not tell it", "`stty rows 40 columns 120` sets it");
    }
    Finding::warning(SIZE, format!("{text}: there is room for the prompt and little else"), hint)
}

/// Says which keys the terminal keeps for itself.
fn of_keys(variable: &impl Fn(&str) -> Option<String>) -> Option<Finding> {
    if variable("TERM_PROGRAM").is_some_and(|program| program == "vscode") {
        return Some(Finding::warning(
            KEYS,
            "VS Code keeps F1, F5, Ctrl+P, Ctrl+E and Ctrl+F for itself",
            "Esc and ? for help, Esc and a digit for the panels, End and the arrows in the prompt; or set \
             `terminal.integrated.sendKeybindingsToShell` in it to true",
        ));
    }
    let is_gnome =
        ["GNOME_TERMINAL_SCREEN", "GNOME_TERMINAL_SERVICE"].iter().any(|name| variable(name).is_some());
    is_gnome.then(|| {
        Finding::warning(
            KEYS,
            "GNOME Terminal keeps F1, and Alt with a digit while it has tabs, for itself",
            "Esc and ? for help, F2 to F5 or Esc and a digit for the panels; or switch its shortcuts off in its preferences",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    /// Returns the findings in a terminal that is all right but for these variables.
    fn found(size: (u16, u16), changes: &[(&str, &str)]) -> Vec<Finding> {
        judge(Some(size), |name| {
            let usual = [("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")];
            let all = changes.iter().chain(&usual);
            let value = all.into_iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            value.filter(|value| !value.is_empty())
        })
    }

    fn of(check: &str, findings: &[Finding]) -> Finding {
        findings.iter().find(|finding| finding.check == check).unwrap().clone()
    }

    #[test]
    fn a_usual_terminal_is_all_right() {
        let findings = found((120, 40), &[]);
        assert!(findings.iter().all(|finding| finding.status == Status::Ok), "{findings:?}");
        assert_eq!(findings.len(), 4);
    }

    #[test]
    fn without_a_terminal_nothing_is_said_about_one() {
        let findings = judge(None, |_| None);
        assert_eq!((findings.len(), findings[0].status), (1, Status::Ok));
    }

    #[test]
    fn colours_are_counted_unless_they_are_off() {
        for (changes, expected) in [
            (&[][..], "256"),
            (&[("COLORTERM", "truecolor")], "16 million"),
            (&[("TERM", "linux")], "16, and a screen needs no more"),
            (&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")], "off, because NO_COLOR is set"),
        ] {
            assert_eq!(of(COLOURS, &found((120, 40), changes)).text, expected);
        }
    }

    #[test]
    fn what_a_screen_cannot_be_drawn_with_is_a_warning() {
        for (check, size, changes) in [
            (TERMINAL, (120, 40), &[("TERM", "dumb")][..]),
            (TERMINAL, (120, 40), &[("TERM", "")]),
            (LOCALE, (120, 40), &[("LANG", "C")]),
            (LOCALE, (120, 40), &[("LC_ALL", "POSIX")]),
            (SIZE, (59, 40), &[]),
            (SIZE, (0, 0), &[]),
            (KEYS, (120, 40), &[("TERM_PROGRAM", "vscode")]),
            (KEYS, (120, 40), &[("GNOME_TERMINAL_SCREEN", "/org/gnome/Terminal/screen/1")]),
        ] {
            let finding = of(check, &found(size, changes));
            assert_eq!(finding.status, Status::Warning, "{finding:?}");
            assert!(finding.hint.is_some());
        }
        assert_eq!(of(SIZE, &found((80, 24), &[])).text, "80×24: one panel at a time");
    }
}
