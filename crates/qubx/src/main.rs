//! `qubx`: the program without strategies of its own in Rust.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    qubx::Program::new().main()
}
