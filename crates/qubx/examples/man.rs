//! Writes a page of the manual for every command into a folder: `cargo xtask man [DIR]` runs it. It is no part of the
//! program, so what makes pages is not shipped.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: man DIR");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the pages into {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes `qubx.1` and a page for each command below it, as `qubx-kernel-list.1`.
fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(qubx::command_line(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names of the pages that a command needs, its own first, each with what it says the command does.
    fn wanted(command: &clap::Command, name: &str) -> Vec<(String, String)> {
        let mut all =
            vec![(name.to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default())];
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            all.extend(wanted(below, &format!("{name}-{}", below.get_name())));
        }
        all
    }

    #[test]
    fn every_command_has_a_page_with_a_summary() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let wanted = wanted(&qubx::command_line(), "qubx");
        assert!(wanted.len() > 20, "{wanted:?}");
        for (name, about) in &wanted {
            let page = std::fs::read_to_string(folder.path().join(format!("{name}.1")));
            let page = page
                .unwrap_or_else(|error| panic!("{name}.1: {error}"))
                .replace("\\-", "-")
                .replace("\\*(Aq", "'");
            assert!(!about.is_empty(), "{name} says what it does");
            assert!(page.contains(&format!("{name} - {about}")), "{name}.1 has its summary: {page}");
            assert!(page.contains(".SH SYNOPSIS"), "{name}.1");
        }
        let pages = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(pages, wanted.len(), "and there are no others, as of hidden commands");
    }
}
