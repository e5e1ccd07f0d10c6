//! The Python package, carried inside of this program, written out where an interpreter can import it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::KernelError;

macro_rules! package {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../python/qubx_strategy/", $name)))),*]
    };
}

/// Every file of the package.
const FILES: [(&str, &str); 34] = package![
    "__init__.py",
    "actions.py",
    "app.py",
    "assistant.py",
    "batch.py",
    "bridge.py",
    "callbacks.py",
    "causes.py",
    "context.py",
    "failure.py",
    "history.py",
    "inputs.py",
    "inspection.py",
    "instrument.py",
    "launcher.py",
    "limits.py",
    "lockstep.py",
    "market.py",
    "mirror.py",
    "output.py",
    "pace.py",
    "parameters.py",
    "plain.py",
    "probe.py",
    "published.py",
    "py.typed",
    "repl.py",
    "rounding.py",
    "runner.py",
    "state.py",
    "strategy.py",
    "streams.py",
    "text.py",
    "threads.py",
];

/// Writes the package below `folder`, over an older one, and returns the folder to import from.
pub(crate) fn write(folder: &Path) -> Result<PathBuf, KernelError> {
    let root = folder.join("python");
    let package = root.join("qubx_strategy");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&package)
        .map_err(|source| KernelError::Prepare { path: package.clone(), source })?;
    for (name, text) in FILES {
        let path = package.join(name);
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|source| KernelError::Prepare { path, source })?;
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_has_every_file_of_the_package() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/qubx_strategy");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "__pycache__")
            .collect();
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, there);
    }
}
