//! How many files a service may have open.

use qubx_session::{MOST_SCREENS, screens_within};
use rustix::process::{Resource, getrlimit};

use super::finding::Finding;

const CHECK: &str = "files";

/// Looks at the limit, up to which a service raises its own.
pub(super) fn check() -> Vec<Finding> {
    vec![judge(getrlimit(Resource::Nofile).maximum)]
}

fn judge(limit: Option<u64>) -> Finding {
    let screens = screens_within(limit);
    let files = limit.map_or_else(|| "any number of files".to_owned(), |limit| format!("{limit} files"));
    let text = format!("a service may have {files} open, enough for {screens} screens");
    if screens < MOST_SCREENS {
        return Finding::warning(
            CHECK,
            text,
            "raise the hard limit: `ulimit -Hn`, or LimitNOFILE= in a unit",
        );
    }
    Finding::ok(CHECK, text)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn fewer_files_than_all_screens_need_are_a_warning() {
        for (limit, status, screens) in [
            (None, Status::Ok, "1000 screens"),
            (Some(1_112), Status::Ok, "1000 screens"),
            (Some(1_111), Status::Warning, "999 screens"),
            (Some(64), Status::Warning, "4 screens"),
        ] {
            let found = judge(limit);
            assert_eq!(found.status, status, "{limit:?}");
            assert!(found.text.contains(screens), "{found:?}");
        }
    }
}
