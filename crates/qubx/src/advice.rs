//! What to type next: the commands that messages advise, under the name of the program that runs.
//!
//! A program of a user's own is all that `qubx` is, perhaps without `qubx` beside it.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The name of a program of the user's own.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// Names the program that runs, which is not `qubx` itself.
pub(crate) fn name_program() {
    let name = std::env::current_exe().ok().and_then(|file| Some(file.file_name()?.to_str()?.to_owned()));
    if let Some(name) = name {
        // It is named once.
        let _ = PROGRAM.set(name);
    }
}

/// Returns words of ours with the commands in them as they are to be typed here.
pub(crate) fn advice(text: &str) -> Cow<'_, str> {
    PROGRAM.get().map_or(Cow::Borrowed(text), |program| Cow::Owned(named(text, program)))
}

fn named(text: &str, program: &str) -> String {
    let mut named = text.to_owned();
    // A command stands alone, in backquotes or behind a colon.
    for before in ["`", ": "] {
        named = named.replace(&format!("{before}qubx "), &format!("{before}{program} "));
    }
    match named.strip_prefix("qubx ") {
        Some(rest) => format!("{program} {rest}"),
        None => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_name_of_the_program_and_other_words_stay() {
        for (text, expected) in [
            (
                "watch it with `qubx attach a`, or `qubx status a`",
                "watch it with `mine attach a`, or `mine status a`",
            ),
            ("start one: qubx run config.yml --paper", "start one: mine run config.yml --paper"),
            ("qubx history shows it", "mine history shows it"),
            ("the home of qubx is of another user", "the home of qubx is of another user"),
        ] {
            assert_eq!(named(text, "mine"), expected);
        }
    }
}
