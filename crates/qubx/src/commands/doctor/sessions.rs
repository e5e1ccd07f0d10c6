//! What sessions left: those that died, and files that were put away because they cannot be used.

use std::path::{Path, PathBuf};

use qubx_home::{Found, Home, HomeError, Survey, survey};

use super::finding::Finding;
use super::{disk, within};
use crate::died::news;
use crate::shell::quoted;

const CHECK: &str = "sessions";
/// What the histories are called that had to be replaced.
const DAMAGED: &str = "session.db.damaged-";

/// Looks at the sessions of a home, and touches none.
pub(super) async fn check(home: &Home) -> Vec<Finding> {
    let home = home.clone();
    let looked = within::disk(within::DISK, move || {
        let found = survey(&home)?;
        let dead = found.sessions.iter().filter(|session| session.is_dead());
        let news = dead.map(|dead| (dead.file.qubx.name.clone(), news(dead, &found.sessions))).collect();
        Ok(Facts { damaged: damaged(&home.sessions()), news, survey: found })
    })
    .await;
    match looked {
        Some(Ok(facts)) => judge(&facts),
        Some(Err(error)) => not_read(&error),
        None => vec![disk::does_not_answer()],
    }
}

fn not_read(error: &HomeError) -> Vec<Finding> {
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    vec![Finding::error(CHECK, format!("{error}{cause}"), "give the folder back to your user, with mode 700")]
}

/// Returns the histories that had to be replaced.
fn damaged(sessions: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries(sessions).flat_map(|session| entries(&session.path()).collect::<Vec<_>>());
    let is_damaged = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(DAMAGED.as_bytes()))
    };
    files.map(|file| file.path()).filter(is_damaged).collect()
}

/// What there is.
#[derive(Debug, Default)]
struct Facts {
    survey: Survey,
    /// The names of those that died, and what is to be said of them.
    news: Vec<(String, String)>,
    damaged: Vec<PathBuf>,
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let Facts { survey, news, damaged } = facts;
    let mut findings = Vec::new();
    for (name, text) in news {
        let hint = format!(
            "`qubx kernel list` tells it once more and tidies up; `qubx kernel logs {name}` may say why"
        );
        findings.push(Finding::warning(CHECK, text.clone(), hint));
    }
    for session in survey.sessions.iter().filter(|session| session.restarted_by.is_some()) {
        let name = &session.file.qubx.name;
        let text = format!("`{name}` has no service at the moment; its owner is starting it again");
        findings.push(Finding::warning(CHECK, text, format!("`qubx kernel logs {name}` says why it ended")));
    }
    for (path, reason) in &survey.broken {
        let text = format!("{} cannot be used: {reason}", path.display());
        findings.push(Finding::warning(CHECK, text, "`qubx kernel list` puts it away"));
    }
    if let Some(first) = survey.put_away.first() {
        let folder = quoted(&first.parent().unwrap_or(first).display().to_string());
        let text = format!("{} that could not be used were put away", counted(survey.put_away.len(), "file"));
        findings.push(Finding::warning(
            CHECK,
            text,
            format!("remove them when nobody needs them: rm -r {folder}"),
        ));
    }
    for path in damaged {
        let text = format!("a history was damaged and replaced; what it was is {}", path.display());
        findings.push(Finding::warning(
            CHECK,
            text,
            "remove it when nobody needs it; `qubx verify NAME` checks the rest",
        ));
    }
    let alive = survey.sessions.iter().filter(|session| session.alive).count();
    let mut all = match alive {
        0 => vec![Finding::ok(CHECK, "none is running")],
        _ => vec![Finding::ok(CHECK, format!("{} running: {}", alive, names(&survey.sessions)))],
    };
    all.append(&mut findings);
    all
}

fn names(sessions: &[Found]) -> String {
    let alive = sessions.iter().filter(|session| session.alive);
    alive.map(|session| session.file.qubx.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn what_died_and_what_was_put_away_are_warnings() {
        let facts = Facts {
            survey: Survey {
                sessions: Vec::new(),
                broken: vec![("/h/kernels/a.json".into(), "it is not JSON".to_owned())],
                put_away: vec![
                    "/h/kernels/.quarantine/b.json".into(),
                    "/h/kernels/.quarantine/c.json".into(),
                ],
            },
            news: vec![("ema".to_owned(), "session `ema` died".to_owned())],
            damaged: vec!["/h/sessions/x/session.db.damaged-1".into()],
        };
        let findings = judge(&facts);
        assert_eq!(findings[0], Finding::ok(CHECK, "none is running"));
        assert!(findings[1..].iter().all(|finding| finding.status == Status::Warning), "{findings:?}");
        for (finding, words) in findings[1..].iter().zip(["`ema` died", "a.json", "2 files", "damaged-1"]) {
            assert!(finding.text.contains(words), "{finding:?}");
        }
        assert_eq!(findings.len(), 5);
        assert!(findings[3].hint.as_ref().unwrap().ends_with("rm -r /h/kernels/.quarantine"));
        assert_eq!(judge(&Facts::default()).len(), 1);
    }

    #[test]
    fn a_history_that_was_replaced_is_found_in_its_session() {
        let root = tempfile::tempdir().unwrap();
        let session = root.path().join("paper-default-x");
        std::fs::create_dir(&session).unwrap();
        for name in ["session.db", "session.db.damaged-1", "ledger.db"] {
            std::fs::write(session.join(name), "").unwrap();
        }
        assert_eq!(damaged(root.path()), [session.join("session.db.damaged-1")]);
        assert!(damaged(&root.path().join("nowhere")).is_empty());
    }
}
