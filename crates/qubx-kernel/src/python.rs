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

/// A Python, and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPython {
    /// The interpreter, absolute.
    pub path: PathBuf,
    /// Where it was found.
    pub rule: PythonRule,
}

/// The places that a Python is looked for in, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PythonRule {
    /// The command line names it.
    Explicit,
    /// `$QUBX_PYTHON` names it.
    Variable,
    /// `.venv` beside the config.
    BesideConfig,
    /// `$VIRTUAL_ENV`: the environment that a shell has activated.
    Active,
    /// `.venv` in a folder above the config.
    AboveConfig,
    /// `venv` in the home, which `qubx setup` makes.
    Home,
    /// `python3` on the path.
    Path,
}

/// Returns the Python for a config in `config_dir`: the explicit one, `$QUBX_PYTHON`, `.venv` beside the
/// config, `$VIRTUAL_ENV`, `.venv` in a folder above the config, `home/venv`, or `python3` on the path, whichever is there
/// first. Above the config only what is the user's own counts: others may write there.
///
/// # Errors
/// An explicit one or `$QUBX_PYTHON` that cannot be run is an error, and so is none at all.
pub fn find_python(explicit: Option<&Path>, config_dir: &Path, home: &Path) -> Result<PathBuf, PythonError> {
    locate_python(explicit, config_dir, home).map(|found| found.path)
}

/// As [`find_python`], and says where it was found.
///
/// # Errors
/// As [`find_python`].
pub fn locate_python(
    explicit: Option<&Path>,
    config_dir: &Path,
    home: &Path,
) -> Result<FoundPython, PythonError> {
    search(explicit, config_dir, home, |name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn search(
    explicit: Option<&Path>,
    config_dir: &Path,
    home: &Path,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<FoundPython, PythonError> {
    use PythonRule::{AboveConfig, Active, BesideConfig, Explicit, Home, Path as OnPath, Variable};
    let asked = match explicit {
        Some(path) => Some((Explicit, "--python", path.to_owned())),
        None => variable("QUBX_PYTHON").map(|path| (Variable, "$QUBX_PYTHON", PathBuf::from(path))),
    };
    let on_path = |name: &Path| {
        let folders = variable("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(name)).collect::<Vec<_>>()
    };
    if let Some((rule, asked_by, path)) = asked {
        let is_bare_name = path.components().count() == 1 && !path.is_absolute() && !path.exists();
        let candidates = if is_bare_name { on_path(&path) } else { vec![path.clone()] };
        let candidates: Vec<_> = candidates.into_iter().map(|path| (rule, path)).collect();
        return first_usable(&candidates).ok_or(PythonError::Unusable { asked_by, path });
    }
    let mut candidates = vec![(BesideConfig, config_dir.join(".venv/bin/python"))];
    candidates.extend(variable("VIRTUAL_ENV").map(|folder| (Active, Path::new(&folder).join("bin/python"))));
    let above = config_dir.ancestors().skip(1).map(|folder| folder.join(".venv"));
    let above = above.filter(|folder| is_own(folder));
    candidates.extend(above.map(|folder| (AboveConfig, folder.join("bin/python"))));
    candidates.push((Home, home.join("venv/bin/python")));
    candidates.extend(on_path(Path::new("python3")).into_iter().map(|path| (OnPath, path)));
    first_usable(&candidates).ok_or_else(|| {
        let looked_at = candidates.into_iter().map(|(_, path)| path).collect();
        PythonError::NotFound { looked_at }
    })
}

/// Tells whether this user made a folder, or a link to one.
fn is_own(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| metadata.uid() == geteuid().as_raw())
}

/// Returns the first that can be run, absolute; links stay, because a virtual environment is one.
fn first_usable(candidates: &[(PythonRule, PathBuf)]) -> Option<FoundPython> {
    candidates
        .iter()
        .filter(|(_, path)| path.is_file() && access(path.as_path(), Access::EXEC_OK).is_ok())
        .find_map(|(rule, path)| Some(FoundPython { path: std::path::absolute(path).ok()?, rule: *rule }))
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
        let found = |rule, path: &Path| Ok(FoundPython { path: path.to_owned(), rule });
        for (rule, place) in [
            (PythonRule::Path, "path/python3"),
            (PythonRule::Home, "home/venv/bin/python"),
            (PythonRule::AboveConfig, ".venv/bin/python"),
            (PythonRule::Active, "active/bin/python"),
            (PythonRule::BesideConfig, "config/.venv/bin/python"),
        ] {
            let expected = program(&at(place));
            assert_eq!(find(None, &variables), found(rule, &expected));
        }
        // What another user put above the config is not run. Only root can make such a folder.
        if geteuid().is_root() {
            std::fs::remove_dir_all(at("config/.venv")).unwrap();
            std::os::unix::fs::chown(at(".venv"), Some(65_534), None).unwrap();
            let path = [("PATH", at("path"))];
            assert_eq!(find(None, &path), found(PythonRule::Home, &at("home/venv/bin/python")));
        }
        let asked = program(&at("asked"));
        assert_eq!(find(None, &[("QUBX_PYTHON", asked.clone())]), found(PythonRule::Variable, &asked));
        assert_eq!(find(Some(&asked), &variables), found(PythonRule::Explicit, &asked));
        assert_eq!(
            find(Some(Path::new("python3")), &variables),
            found(PythonRule::Explicit, &at("path/python3"))
        );
        std::fs::write(at("text"), "").unwrap();
        for path in [at("text"), at("nowhere"), PathBuf::from("nowhere")] {
            let expected = PythonError::Unusable { asked_by: "$QUBX_PYTHON", path: path.clone() };
            assert_eq!(find(None, &[("QUBX_PYTHON", path)]), Err(expected));
        }
    }
}
