//! Is the wall clock kept right? Whoever keeps it on this machine is asked, never the network.

use std::path::Path;
use std::time::Duration;

use super::finding::Finding;
use super::within::{self, Said};
use crate::program::programs;

const CHECK: &str = "clock";

/// How long a program of this machine may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// systemd-timesyncd makes this file when it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

/// Who says what of the clock; none where there is nobody to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Facts {
    timesyncd: bool,
    /// What `timedatectl` reads from the kernel.
    kernel: Option<bool>,
    chrony: Option<bool>,
}

/// Asks whoever keeps the clock.
pub(super) async fn check() -> Vec<Finding> {
    let mut facts = Facts { timesyncd: Path::new(TIMESYNC).exists(), ..Facts::default() };
    if !facts.timesyncd {
        let show = ["show", "--property=NTPSynchronized", "--value"];
        facts.kernel = ask("timedatectl", &show).await.and_then(|said| of_timedatectl(&said));
        facts.chrony = ask("chronyc", &["-n", "tracking"]).await.and_then(|said| of_chrony(&said));
    }
    vec![judge(facts)]
}

async fn ask(name: &str, arguments: &[&str]) -> Option<Said> {
    let program = programs(name).into_iter().next()?;
    within::program(&program, arguments, ANSWERS_WITHIN).await.filter(|said| said.is_success)
}

fn of_timedatectl(said: &Said) -> Option<bool> {
    match said.stdout.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn of_chrony(said: &Said) -> Option<bool> {
    let line = said.stdout.lines().find(|line| line.starts_with("Leap status"))?;
    Some(!line.ends_with("Not synchronised"))
}

fn judge(facts: Facts) -> Finding {
    let hint =
        "`timedatectl set-ntp true`, or install chrony: times of orders, bars and funding are this clock's";
    match facts {
        Facts { timesyncd: true, .. } => Finding::ok(CHECK, "systemd-timesyncd keeps it"),
        Facts { chrony: Some(true), .. } => Finding::ok(CHECK, "chrony keeps it"),
        Facts { kernel: Some(true), .. } => Finding::ok(CHECK, "it is synchronised"),
        Facts { kernel: Some(false), .. } | Facts { chrony: Some(false), .. } => {
            Finding::warning(CHECK, "it is not synchronised, so it may be wrong", hint)
        }
        _ => Finding::warning(
            CHECK,
            "nobody here tells whether it is synchronised",
            "in a container the host keeps it; elsewhere, ".to_owned() + hint,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_clock_is_kept_or_may_be_wrong_or_nobody_knows() {
        let none = Facts::default();
        for (facts, status, words) in [
            (Facts { timesyncd: true, ..none }, Status::Ok, "timesyncd"),
            (Facts { kernel: Some(true), ..none }, Status::Ok, "synchronised"),
            // timedatectl may be late to see what chrony did.
            (Facts { kernel: Some(false), chrony: Some(true), ..none }, Status::Ok, "chrony"),
            (Facts { kernel: Some(false), ..none }, Status::Warning, "not synchronised"),
            (Facts { chrony: Some(false), ..none }, Status::Warning, "not synchronised"),
            (none, Status::Warning, "nobody"),
        ] {
            let found = judge(facts);
            assert_eq!(found.status, status, "{facts:?}");
            assert!(found.text.contains(words), "{found:?}");
        }
    }

    #[test]
    fn the_words_of_those_who_keep_it_are_understood() {
        let said = |text: &str| Said { is_success: true, stdout: text.to_owned(), complaint: String::new() };
        assert_eq!(of_timedatectl(&said("yes")), Some(true));
        assert_eq!(of_timedatectl(&said("no")), Some(false));
        assert_eq!(of_timedatectl(&said("")), None);
        let chrony = |status: &str| said(&format!("Reference ID    : 0A000001\nLeap status     : {status}"));
        assert_eq!(of_chrony(&chrony("Normal")), Some(true));
        assert_eq!(of_chrony(&chrony("Not synchronised")), Some(false));
        assert_eq!(of_chrony(&said("506 Cannot talk to daemon")), None);
    }
}
