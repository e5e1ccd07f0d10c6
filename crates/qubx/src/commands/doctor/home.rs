//! The folder of sessions and settings: is it this user's alone, and can its settings be read?

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use qubx_home::{Home, HomeError};

use super::finding::Finding;
use crate::config::Settings;
use crate::shell::quoted;

const HOME: &str = "home";
const SETTINGS: &str = "settings";

/// What there is.
struct Facts {
    root: PathBuf,
    /// Why it is refused.
    refused: Option<String>,
    /// Its mode; none when it is not there.
    mode: Option<u32>,
    /// Whether there are settings, or why they cannot be used.
    settings: Result<bool, String>,
}

/// Says that there is no place for a home.
pub(super) fn nowhere(error: &HomeError) -> Finding {
    Finding::error(HOME, error.to_string(), "export QUBX_HOME=\"$HOME/.qubx\"")
}

/// Looks at the home.
pub(super) fn check(home: &Home) -> Vec<Finding> {
    let refused = home.check().err().map(|error| error.to_string());
    let file = home.root().join("config.toml");
    // Settings of a home that is refused are not read.
    let settings = match &refused {
        None => Settings::load(&file).map(|_| file.exists()).map_err(|error| error.to_string()),
        Some(_) => Ok(false),
    };
    let mode = std::fs::metadata(home.root()).ok().map(|metadata| metadata.mode() & 0o777);
    judge(&Facts { root: home.root().to_owned(), refused, mode, settings })
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let root = facts.root.display();
    if let Some(refused) = &facts.refused {
        let hint = "sessions would not be safe there; set it right, or set QUBX_HOME to a folder of your own";
        return vec![Finding::error(HOME, refused.clone(), hint)];
    }
    let mut findings = vec![match facts.mode {
        None => Finding::ok(HOME, format!("{root}, which is made by the first run")),
        Some(mode) if mode & 0o077 != 0 => Finding::warning(
            HOME,
            format!("others may look into {root} (mode {mode:o})"),
            format!(
                "chmod 700 {}; the sessions in it are closed to them all the same",
                quoted(&root.to_string())
            ),
        ),
        Some(_) => Finding::ok(HOME, format!("{root} is yours alone")),
    }];
    match &facts.settings {
        Ok(true) => findings.push(Finding::ok(SETTINGS, format!("{root}/config.toml can be read"))),
        Ok(false) => {}
        Err(error) => findings.push(Finding::error(
            SETTINGS,
            error.clone(),
            "no session starts before they are right; docs/strategies.md has the keys",
        )),
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_home_is_private_or_says_what_is_wrong_with_it() {
        let facts = |mode, refused: Option<&str>, settings: Result<bool, &str>| Facts {
            root: "/home/op/.qubx".into(),
            refused: refused.map(str::to_owned),
            mode,
            settings: settings.map_err(str::to_owned),
        };
        for (facts, expected) in [
            (facts(None, None, Ok(false)), vec![(HOME, Status::Ok)]),
            (facts(Some(0o700), None, Ok(true)), vec![(HOME, Status::Ok), (SETTINGS, Status::Ok)]),
            (facts(Some(0o755), None, Ok(false)), vec![(HOME, Status::Warning)]),
            (facts(Some(0o777), Some("others may write"), Ok(false)), vec![(HOME, Status::Error)]),
            (facts(Some(0o700), None, Err("line 2")), vec![(HOME, Status::Ok), (SETTINGS, Status::Error)]),
        ] {
            let found: Vec<_> = judge(&facts).iter().map(|finding| (finding.check, finding.status)).collect();
            assert_eq!(found, expected);
        }
    }
}
