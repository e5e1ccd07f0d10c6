//! What is planned and not built yet. Whoever types it reads that, not that it is unknown. No I/O.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// Something that is not built: after which command it stands, its words, what it would do, and what helps meanwhile.
struct Unbuilt {
    after: &'static str,
    words: &'static [&'static str],
    what: &'static str,
    instead: &'static str,
}

const LEAVE_OUT: &str = "leave it out";

const UNBUILT: &[Unbuilt] = &[
    Unbuilt {
        after: "qubx kernel",
        words: &["adopt"],
        what: "a session cannot get another owner",
        instead: "one without an owner goes on by itself; `qubx attach NAME` watches it, `qubx kernel stop NAME` ends it",
    },
    Unbuilt {
        after: "qubx run",
        words: &["--account-file", "-a", "--yes"],
        what: "there is no live exchange, and paper needs no account and asks nothing",
        instead: LEAVE_OUT,
    },
    Unbuilt {
        after: "qubx run",
        words: &["--dev"],
        what: "it belongs to the runtime for the framework Qubx, which is not there",
        instead: LEAVE_OUT,
    },
    Unbuilt {
        after: "qubx run",
        words: &["--no-emission", "--no-notifiers", "--no-exporters"],
        what: "there are no emitters, notifiers and exporters that it could switch off",
        instead: LEAVE_OUT,
    },
];

/// Returns what to say to a command line that clap refuses because of something that is not built.
pub(crate) fn refusal(error: &clap::Error, mut arguments: impl Iterator<Item = String>) -> Option<Failure> {
    let kind = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return None,
    };
    let Some(ContextValue::String(typed)) = error.get(kind) else { return None };
    let after = match (kind, arguments.nth(1).as_deref()) {
        (ContextKind::InvalidArg, Some("run")) => "qubx run",
        (ContextKind::InvalidSubcommand, Some("kernel")) => "qubx kernel",
        (ContextKind::InvalidSubcommand, _) => "qubx",
        _ => return None,
    };
    let is_meant = |unbuilt: &&Unbuilt| unbuilt.after == after && unbuilt.words.contains(&typed.as_str());
    let Unbuilt { what, instead, .. } = UNBUILT.iter().find(is_meant)?;
    Some(Failure::usage(format!("`{after} {typed}` is not built yet: {what}")).hint(*instead))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::Arguments;

    fn refused(line: &[&str]) -> Option<String> {
        let words = || ["qubx"].iter().chain(line).map(ToString::to_string);
        refusal(&Arguments::try_parse_from(words()).err()?, words())
            .map(|failure| failure.message().to_owned())
    }

    #[test]
    fn all_that_is_not_built_says_so_and_is_not_there() {
        for Unbuilt { after, words, what, .. } in UNBUILT {
            for word in *words {
                let mut line: Vec<&str> = after.split(' ').skip(1).collect();
                if *after == "qubx run" {
                    line.extend(["config.yml", "--paper"]);
                }
                line.extend([word, "something"]);
                assert_eq!(refused(&line), Some(format!("`{after} {word}` is not built yet: {what}")));
            }
        }
        assert!(refused(&["run", "config.yml", "--dev=1"]).is_some_and(|text| text.contains("run --dev`")));
    }

    #[test]
    fn what_nobody_plans_is_clap_s_to_refuse() {
        for line in [
            &["sing"][..],
            &["adopt"],
            &["kernel", "web"],
            &["run", "config.yml", "--sing"],
            &["status", "--dev"],
            &["run"],
        ] {
            assert_eq!(refused(line), None, "{line:?}");
        }
    }
}
