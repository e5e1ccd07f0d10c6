//! Where things live.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::private::{check_shared_dir, ensure_shared_dir};
use crate::{HomeError, ensure_private_dir};

/// The folder of this user's sessions: `$QUBX_HOME`, else `~/.qubx`.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Finds the folder; it need not exist yet.
    ///
    /// # Errors
    /// When neither `QUBX_HOME` nor `HOME` is set, or the one that counts is not an absolute path.
    pub fn locate() -> Result<Self, HomeError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (variable, path, root) = match (set("QUBX_HOME"), set("HOME")) {
            (Some(root), _) => ("QUBX_HOME", root.clone(), root),
            (None, Some(home)) => ("HOME", home.clone(), home.join(".qubx")),
            (None, None) => return Err(HomeError::NoHome),
        };
        // Relative to the current folder it would be another home in every folder.
        if path.is_relative() {
            return Err(HomeError::RelativeHome { variable, path });
        }
        Ok(Self { root })
    }

    /// Returns the home at `root`.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the connection files. Others than we put files there too.
    #[must_use]
    pub fn kernels(&self) -> PathBuf {
        self.root.join("kernels")
    }

    /// Returns the folder of a session, which outlives its runs.
    #[must_use]
    pub fn session(&self, mode: &str, account: &str, strategy_name: &str) -> PathBuf {
        self.root.join("sessions").join(format!("{mode}-{account}-{strategy_name}"))
    }

    /// Returns the folder that all sessions are in.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Checks a home before anything in it is believed: its settings bind orders, and its Python is run. One that is not
    /// there is fine.
    ///
    /// # Errors
    /// When it is not the user's own, or others may write to it or point it elsewhere.
    pub fn check(&self) -> Result<(), HomeError> {
        // Whoever makes it is told what is in the way.
        let Ok(metadata) = std::fs::symlink_metadata(&self.root) else { return Ok(()) };
        let user = rustix::process::geteuid().as_raw();
        if metadata.is_symlink() && ![user, 0].contains(&metadata.uid()) {
            let reason = format!("it is a link that belongs to user {}, who may change it", metadata.uid());
            return Err(HomeError::Unsafe { path: self.root.clone(), reason });
        }
        match std::fs::canonicalize(&self.root) {
            Ok(root) => check_shared_dir(&root),
            Err(_) => Ok(()),
        }
    }

    /// Makes the folders that every session needs. `root` and `kernels` keep the mode that they have.
    ///
    /// # Errors
    /// When one cannot be made, is not the user's own, or may be written to by others.
    pub fn create(&self) -> Result<(), HomeError> {
        // The home itself may be a link to a larger disk; what it points to is checked.
        let root = std::fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        ensure_shared_dir(&root)?;
        ensure_shared_dir(&self.kernels())?;
        ensure_private_dir(&self.sessions())
    }
}

/// The longest name that a path component made by [`safe_component`] has, in bytes.
const COMPONENT_BYTES: usize = 64;

/// Returns `name` as one path component: letters, digits, `.`, `_` and `-`; everything else becomes `_`.
///
/// A name that is one already stays as it is. Any other one gets a mark of the whole name, so that two names never share
/// a session's folder, and with it an account, because they differ only in what is left out.
#[must_use]
pub fn safe_component(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let safe: String = name.chars().map(keep).collect();
    // `.`, `..` and hidden names mean something to the system.
    let safe = safe.trim_start_matches('.');
    if safe == name && !safe.is_empty() && safe.len() <= COMPONENT_BYTES {
        return safe.to_owned();
    }
    let mark = format!("-{:08x}", hash(name));
    let shown = if safe.is_empty() { "strategy" } else { safe };
    // It is ASCII only, so it may be cut anywhere.
    format!("{}{mark}", &shown[..shown.len().min(COMPONENT_BYTES - mark.len())])
}

/// Returns the FNV-1a hash of a text, which is the same in every version and on every machine.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_path_component() {
        let longest = "x".repeat(COMPONENT_BYTES);
        for name in ["ema-cross", "a_b", "v1.2", &longest] {
            assert_eq!(safe_component(name), name, "it is one already");
        }
        for (name, expected) in [
            ("a b/c", "a_b_c-570e31cc"),
            ("../../etc/passwd", "_.._etc_passwd-"),
            ("..", "strategy-"),
            ("", "strategy-811c9dc5"),
            ("Größe", "Gr__e-"),
            (".hidden", "hidden-"),
        ] {
            let safe = safe_component(name);
            assert!(safe.starts_with(expected), "{name}: {safe}");
            assert_eq!(safe.len(), safe.rfind('-').unwrap() + 9, "{safe}");
        }
        assert_eq!(safe_component(&"x".repeat(1_000)).len(), COMPONENT_BYTES);
    }

    #[test]
    fn names_that_differ_have_different_path_components() {
        let (long, longer) = ("x".repeat(COMPONENT_BYTES + 1), "x".repeat(COMPONENT_BYTES + 2));
        let names =
            ["a b", "a_b", "a/b", "策略一", "策略二", "x", ".x", "..x", "", "strategy", &long, &longer];
        let components: std::collections::BTreeSet<String> =
            names.iter().map(|name| safe_component(name)).collect();
        assert_eq!(components.len(), names.len(), "{components:?}");
    }
}
