//! Which Python runs the kernel.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

/// No Python to run the kernel with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PythonError {
    /// The one that was asked for is not a program that can be run.
    #[error("{asked_by} names {path}, which is not a program that can be run")]
    Unusable {
        /// `--python` or `$QUBX_PYTHON`.
        asked_by: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// There is none in any place.
    #[error("no Python found; looked at {}", looked_at.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    NotFound {
        /// The places, in order.
        looked_at: Vec<PathBuf>,
    },
}

/// Returns the Python for a config in `config_dir`: the explicit one, `$QUBX_PYTHON`, `.venv` beside the
/// config, `$VIRTUAL_ENV`, `.venv` in a folder above the config, `home/venv`, or `python3` on the path, whichever is there
/// first. Above the config only what is the user's own counts: others may write there.
///
/// # Errors
/// An explicit one or `$QUBX_PYTHON` that cannot be run is an error, and so is none at all.
pub fn find_python(explicit: Option<&Path>, config_dir: &Path, home: &Path) -> Result<PathBuf, PythonError> {
    search(explicit, config_dir, home, |name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn search(
    explicit: Option<&Path>,
    config_dir: &Path,
    home: &Path,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, PythonError> {
    let asked = match explicit {
        Some(path) => Some(("--python", path.to_owned())),
        None => variable("QUBX_PYTHON").map(|path| ("$QUBX_PYTHON", PathBuf::from(path))),
    };
    let on_path = |name: &Path| {
        let folders = variable("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(name)).collect::<Vec<_>>()
    };
    if let Some((asked_by, path)) = asked {
        let is_bare_name = path.components().count() == 1 && !path.is_absolute() && !path.exists();
        let candidates = if is_bare_name { on_path(&path) } else { vec![path.clone()] };
        return first_usable(&candidates).ok_or(PythonError::Unusable { asked_by, path });
    }
    let mut candidates = vec![config_dir.join(".venv/bin/python")];
    candidates.extend(variable("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python")));
    let above = config_dir.ancestors().skip(1).map(|folder| folder.join(".venv"));
    candidates.extend(above.filter(|folder| is_own(folder)).map(|folder| folder.join("bin/python")));
    candidates.push(home.join("venv/bin/python"));
    candidates.extend(on_path(Path::new("python3")));
    first_usable(&candidates).ok_or(PythonError::NotFound { looked_at: candidates })
}

/// Tells whether this user made a folder, or a link to one.
fn is_own(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| metadata.uid() == geteuid().as_raw())
}

/// Returns the first that can be run, absolute; links stay, because a virtual environment is one.
fn first_usable(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates
        .iter()
        .filter(|path| path.is_file() && access(path.as_path(), Access::EXEC_OK).is_ok())
        .find_map(|path| std::path::absolute(path).ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path) -> PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path.to_owned()
    }

    #[test]
    fn the_first_place_with_a_python_wins_and_one_that_was_asked_for_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (config, home) = (at("config"), at("home"));
        let find = |explicit: Option<&Path>, variables: &[(&str, PathBuf)]| {
            search(explicit, &config, &home, |name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.clone().into_os_string())
            })
        };
        let variables = [("VIRTUAL_ENV", at("active")), ("PATH", at("path"))];
        assert!(
            matches!(find(None, &variables), Err(PythonError::NotFound { looked_at }) if looked_at.len() == 4)
        );
        for place in [
            "path/python3",
            "home/venv/bin/python",
            ".venv/bin/python",
            "active/bin/python",
            "config/.venv/bin/python",
        ] {
            let expected = program(&at(place));
            assert_eq!(find(None, &variables), Ok(expected));
        }
        // What another user put above the config is not run. Only root can make such a folder.
        if geteuid().is_root() {
            std::fs::remove_dir_all(at("config/.venv")).unwrap();
            std::os::unix::fs::chown(at(".venv"), Some(65_534), None).unwrap();
            let path = [("PATH", at("path"))];
            assert_eq!(find(None, &path), Ok(at("home/venv/bin/python")));
        }
        let asked = program(&at("asked"));
        assert_eq!(find(None, &[("QUBX_PYTHON", asked.clone())]), Ok(asked.clone()));
        assert_eq!(find(Some(&asked), &variables), Ok(asked));
        assert_eq!(find(Some(Path::new("python3")), &variables), Ok(at("path/python3")));
        std::fs::write(at("text"), "").unwrap();
        for path in [at("text"), at("nowhere"), PathBuf::from("nowhere")] {
            let expected = PythonError::Unusable { asked_by: "$QUBX_PYTHON", path: path.clone() };
            assert_eq!(find(None, &[("QUBX_PYTHON", path)]), Err(expected));
        }
    }
}
