//! A multiplexer between the screen and the terminal: does it let through what is copied?

use std::time::Duration;

use super::finding::Finding;
use super::within;
use crate::program::programs;

const CHECK: &str = "clipboard";

/// How long tmux may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Which multiplexer this runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Multiplexer {
    Tmux {
        /// Its `set-clipboard`: `on`, `external` or `off`.
        clipboard: Option<String>,
        /// Its `allow-passthrough`; older ones have none.
        passthrough: Option<String>,
    },
    Screen,
}

/// Looks at the multiplexer that this runs in, if there is one.
pub(super) async fn check() -> Vec<Finding> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let multiplexer = if is_set("TMUX") {
        Multiplexer::Tmux {
            clipboard: option("-sv", "set-clipboard").await,
            passthrough: option("-Apv", "allow-passthrough").await,
        }
    } else if is_set("STY") {
        Multiplexer::Screen
    } else {
        return Vec::new();
    };
    vec![judge(&multiplexer)]
}

/// Returns the value of an option of tmux.
async fn option(flags: &str, name: &str) -> Option<String> {
    let tmux = programs("tmux").into_iter().next()?;
    let said = within::program(&tmux, &["show-options", flags, name], ANSWERS_WITHIN).await?;
    (said.is_success && !said.stdout.is_empty()).then_some(said.stdout)
}

fn judge(multiplexer: &Multiplexer) -> Finding {
    let (clipboard, passthrough) = match multiplexer {
        Multiplexer::Tmux { clipboard: Some(clipboard), passthrough } => (clipboard, passthrough.as_deref()),
        Multiplexer::Tmux { clipboard: None, .. } => {
            let hint = "`tmux show-options -s set-clipboard` tells it; it should be on";
            return Finding::warning(
                CHECK,
                "tmux does not tell whether it lets programs set the clipboard",
                hint,
            );
        }
        Multiplexer::Screen => {
            let text = "GNU screen lets no program set the clipboard";
            return Finding::warning(CHECK, text, "select with the mouse and Shift, or use tmux");
        }
    };
    let through = passthrough.map_or_else(String::new, |value| format!(", allow-passthrough is {value}"));
    let text = format!("set-clipboard of tmux is {clipboard}{through}");
    if clipboard == "on" {
        return Finding::ok(CHECK, text);
    }
    let hint = "in ~/.tmux.conf: `set -s set-clipboard on`, so that what a screen copies is on the clipboard; \
        `set -g allow-passthrough on` lets notifications through, too";
    Finding::warning(CHECK, text, hint)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn only_a_tmux_that_sets_the_clipboard_for_programs_is_all_right() {
        let tmux = |clipboard: Option<&str>, passthrough: Option<&str>| Multiplexer::Tmux {
            clipboard: clipboard.map(str::to_owned),
            passthrough: passthrough.map(str::to_owned),
        };
        for (multiplexer, status, words) in [
            (tmux(Some("on"), None), Status::Ok, "is on"),
            (tmux(Some("external"), Some("off")), Status::Warning, "is external, allow-passthrough is off"),
            (tmux(Some("off"), None), Status::Warning, "is off"),
            (tmux(None, None), Status::Warning, "does not tell"),
            (Multiplexer::Screen, Status::Warning, "GNU screen"),
        ] {
            let found = judge(&multiplexer);
            assert_eq!(found.status, status, "{multiplexer:?}");
            assert!(found.text.contains(words), "{found:?}");
        }
    }
}
