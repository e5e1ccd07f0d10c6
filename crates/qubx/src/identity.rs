//! Who sits here: `user@tty`, the author tag of a local screen.

use std::os::fd::AsFd;

use qubx_protocol::Author;

/// Returns this user at this terminal, or at the command line when there is no terminal.
pub(crate) fn identity() -> Author {
    let user = user();
    let tty = terminal_name(std::io::stdin()).or_else(|| terminal_name(std::io::stderr()));
    Author(format!("{user}@{}", tty.as_deref().unwrap_or("cli")))
}

/// Returns this user's name.
pub(crate) fn user() -> String {
    let user = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    user.unwrap_or_else(|| match rustix::process::geteuid().as_raw() {
        0 => "root".to_owned(),
        uid => uid.to_string(),
    })
}

fn terminal_name(stream: impl AsFd) -> Option<String> {
    let name = rustix::termios::ttyname(stream, Vec::new()).ok()?.into_string().ok()?;
    Some(name.strip_prefix("/dev/").unwrap_or(&name).to_owned())
}
