//! Where the sockets of sessions go.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use qubx_home::Home;
use rustix::fs::{Access, access};

use super::finding::Finding;

const CHECK: &str = "sockets";

/// What there is.
#[derive(Clone, Debug)]
struct Facts {
    /// `$XDG_RUNTIME_DIR`, when it is set.
    runtime_dir: Option<PathBuf>,
    state: State,
    /// The folder that the sockets are made in.
    parent: PathBuf,
    /// How long the longest path is, and may be.
    bytes: (usize, usize),
}

/// How the folder for sockets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is this user's, or can be made.
    Good,
    /// `$XDG_RUNTIME_DIR` is not there or not a folder, so it is passed over.
    Missing,
    /// Something that is not this user's folder is in the way, or it cannot be made.
    Refused,
}

/// Looks at the folder for sockets of a home.
pub(super) fn check(home: &Home) -> Vec<Finding> {
    let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty()).map(PathBuf::from);
    let parent = home.runtime_parent();
    let state = match &runtime_dir {
        Some(folder) if !folder.is_dir() || folder.is_relative() => State::Missing,
        Some(folder) if !is_usable(folder, &parent) => State::Refused,
        _ => State::Good,
    };
    vec![judge(&Facts { runtime_dir, state, parent, bytes: home.socket_path_bytes() })]
}

/// Tells whether the folder for sockets is this user's, or can be made in the one for all programs.
fn is_usable(folder: &Path, parent: &Path) -> bool {
    match parent.symlink_metadata() {
        Ok(metadata) => metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw(),
        Err(_) => access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
    }
}

fn judge(facts: &Facts) -> Finding {
    let parent = facts.parent.display();
    let variable = facts.runtime_dir.as_deref().unwrap_or(Path::new("")).display();
    let (length, limit) = facts.bytes;
    if length > limit {
        return Finding::error(
            CHECK,
            format!("the paths of sockets in {parent} would have {length} bytes, and may have {limit}"),
            "set XDG_RUNTIME_DIR or QUBX_HOME to a folder with a shorter path",
        );
    }
    match facts.state {
        State::Good => {
            Finding::ok(CHECK, format!("they go to {parent}; their paths have {length} bytes of {limit}"))
        }
        State::Missing => Finding::warning(
            CHECK,
            format!("XDG_RUNTIME_DIR is {variable}, where there is no such folder; they go to {parent}"),
            "unset it; or log in once more, so that the system makes it",
        ),
        State::Refused => Finding::error(
            CHECK,
            format!("{parent} is not yours, and cannot be made so; XDG_RUNTIME_DIR is {variable}"),
            "unset XDG_RUNTIME_DIR: `su` and `sudo` may have kept another user's",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn sockets_need_a_folder_of_ones_own_with_a_short_path() {
        let good = Facts {
            runtime_dir: Some("/run/user/7".into()),
            state: State::Good,
            parent: "/run/user/7/qubx".into(),
            bytes: (42, 107),
        };
        for (facts, status) in [
            (good.clone(), Status::Ok),
            (Facts { runtime_dir: None, ..good.clone() }, Status::Ok),
            (Facts { state: State::Missing, ..good.clone() }, Status::Warning),
            (Facts { state: State::Refused, ..good.clone() }, Status::Error),
            (Facts { bytes: (108, 107), ..good }, Status::Error),
        ] {
            assert_eq!(judge(&facts).status, status, "{facts:?}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_refused_and_one_that_can_be_made_is_not() {
        let root = tempfile::tempdir().unwrap();
        let parent = root.path().join("qubx");
        assert!(is_usable(root.path(), &parent));
        std::os::unix::fs::symlink("/", &parent).unwrap();
        assert!(!is_usable(root.path(), &parent));
        std::fs::remove_file(&parent).unwrap();
        std::fs::create_dir(&parent).unwrap();
        assert!(is_usable(root.path(), &parent));
    }
}
