//! `qubx doctor`: is this machine as sessions need it?
//!
//! Each check gathers facts, and a pure function makes findings of them. Nothing is left on any disk: a file without a name
//! is written to the home's, and what Python imports to a temporary folder. No session is touched, who died is still told
//! by the next command, and the network is not asked. What may hang has a limit.

mod clock;
mod disk;
mod files;
mod finding;
mod home;
mod page;
mod port;
mod program;
mod python;
mod sessions;
mod sockets;
mod terminal;
mod tmux;
mod within;

use std::io::IsTerminal;

use qubx_home::Home;

use self::finding::{Finding, Status};
use crate::advice::advice;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::out::{out, outln, print_marked};

/// `qubx doctor`
pub(crate) async fn doctor(json: bool) -> Result<Outcome, Failure> {
    let mut findings = examine().await;
    for hint in findings.iter_mut().filter_map(|finding| finding.hint.as_mut()) {
        *hint = advice(hint).into_owned();
    }
    if json {
        outln!("{}", json::pretty(&findings));
    } else {
        show(&findings)?;
    }
    let is_well = findings.iter().all(|finding| finding.status != Status::Error);
    Ok(if is_well { Outcome::Done } else { Outcome::NotWell })
}

/// Makes every check.
async fn examine() -> Vec<Finding> {
    let mut findings = program::check();
    let home = Home::locate();
    // A disk that hangs is met only here: if it does, nothing else goes near it.
    let looked = within::disk(within::DISK, {
        let home = home.as_ref().ok().cloned();
        move || {
            home.map(|home| {
                (home::check(&home), sockets::check(&home), page::of_home(&home), home.check().is_ok())
            })
        }
    })
    .await;
    let Some(looked) = looked else {
        findings.push(disk::does_not_answer());
        findings.extend(python::check(None).await);
        findings.extend(of_the_machine().await);
        return findings;
    };
    let home = home.inspect_err(|error| findings.push(home::nowhere(error))).ok();
    findings.extend(python::check(home.as_ref()).await);
    if let (Some(home), Some((of_home, of_sockets, of_page, is_believed))) = (home, looked) {
        findings.extend(of_home);
        findings.extend(disk::check(home.root()).await);
        findings.extend(of_sockets);
        // What is in a home that others could change is not believed.
        if is_believed {
            findings.extend(sessions::check(&home).await);
            findings.extend(of_page);
        }
    }
    findings.extend(of_the_machine().await);
    findings
}

/// Makes the checks that the home has no part in.
async fn of_the_machine() -> Vec<Finding> {
    let mut findings = files::check();
    findings.extend(clock::check().await);
    findings.extend(page::check());
    findings.extend(port::check());
    findings.extend(terminal::check());
    findings.extend(tmux::check().await);
    findings
}

/// Prints the findings for people.
fn show(findings: &[Finding]) -> std::io::Result<()> {
    let has_colours =
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    for Finding { check, status, text, hint } in findings {
        let mut line = format!("{check:width$}  {text}");
        if let Some(hint) = hint {
            line += &format!("\n  {:width$}  hint: {hint}", "");
        }
        if has_colours {
            print_marked((status.colour(), status.mark()), &line)?;
        } else {
            outln!("{} {line}", status.mark());
        }
    }
    out!("{}\n", summary(findings));
    Ok(())
}

/// Returns what it comes to.
fn summary(findings: &[Finding]) -> String {
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (count(Status::Error), count(Status::Warning)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("nothing is wrong; {}", counted(warnings, "warning")),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_what_is_not_well() {
        let (ok, warning, error) =
            (Finding::ok("a", "x"), Finding::warning("b", "x", "y"), Finding::error("c", "x", "y"));
        assert_eq!(summary(std::slice::from_ref(&ok)), "all is well");
        assert_eq!(summary(&[ok, warning.clone()]), "nothing is wrong; 1 warning");
        assert_eq!(summary(&[warning.clone(), warning, error]), "1 error, 2 warnings");
    }
}
