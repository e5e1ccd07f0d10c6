//! `qubx init`: a strategy that runs, with its config and its test, in a folder; or a unit of systemd for a config.
//!
//! Nothing that is there is written over, and when one file cannot be written, none stays.

mod folder;
mod name;
mod python;
mod unit;

use crate::arguments::InitArguments;
use crate::failure::{Failure, Outcome};
use crate::out::{out, outln, say};
use crate::program::OwnProgram;

/// `qubx init`
pub(crate) async fn init(arguments: InitArguments) -> Result<Outcome, Failure> {
    let program = OwnProgram::find().map_err(Failure::because("cannot find this program's own file"))?;
    let InitArguments { name, dir, systemd, config } = arguments;
    if systemd {
        let unit = unit::prepare(&program, config, name)?;
        out!("{}", unit.text);
        say!("{}", unit.how_to);
        return Ok(Outcome::Done);
    }
    let made = folder::make(dir.as_deref(), name.as_deref())?;
    for file in made.files() {
        say!("wrote {}", file.display());
    }
    if let Some(why) = python::complaint(&made.folder).await {
        let setup = format!("{} setup", program.word());
        say!(
            "no Python can run it yet: {why}\nfirst make one with `{setup}`, or name another one with $QUBX_PYTHON"
        );
    }
    for command in made.commands(&program) {
        outln!("{command}");
    }
    Ok(Outcome::Done)
}
