//! `qubx completions`: what a shell completes.

use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::failure::{Failure, Outcome};

/// `qubx completions SHELL`
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "qubx", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(Outcome::Done)
}
