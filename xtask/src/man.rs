//! `cargo xtask man`: the manual's pages, for packagers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{repository, step};

/// Writes the pages into `folder`, else into `man` in the target folder.
///
/// # Errors
/// When they cannot be made or written.
pub(crate) fn run(folder: Option<&Path>) -> Result<()> {
    let folder = match folder {
        Some(folder) => std::path::absolute(folder).context("finding the folder")?,
        None => default_folder()?,
    };
    let mut command = repository::cargo();
    command.args(["run", "--quiet", "--package", "qubx", "--example", "man", "--"]).arg(&folder);
    step::run(&format!("writing the manual's pages into {}", folder.display()), &mut command)
}

fn default_folder() -> Result<PathBuf> {
    Ok(repository::target_folder()?.join("man"))
}
