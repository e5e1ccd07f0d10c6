//! Opening the terminal screen, and what its end means for the command that opened it.

use std::io::IsTerminal;
use std::path::Path;

use qubx_client::Options;
use qubx_tui::{Colors, Exit, Graphics, ScreenOptions, ScreenSettings};

use crate::config::Settings;
use crate::failure::Failure;
use crate::{find, seen};

/// What a run does without a screen.
pub(crate) const INSTEAD_OF_A_RUN: &str = "without one, --kernel-only prints the connection file and waits, and --detach leaves \
    the session running; `qubx exec NAME CODE` runs Python in it, and `qubx attach NAME --plain` prints it line by line";
/// What there is for a session that runs.
pub(crate) const INSTEAD_OF_A_SCREEN: &str = "without one, `qubx attach NAME --plain` prints the session line by line, and \
    `qubx exec NAME CODE` runs Python in it";

/// Refuses when there is no terminal to draw on, and says what to do `instead`.
pub(crate) fn require_terminal(instead: &str) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("the terminal screen needs a terminal on standard input and output").hint(instead))
}

/// Tells whether the environment wants no colours.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Shows a session until the screen is left.
pub(crate) async fn show(options: Options, no_color: bool) -> Result<Exit, Failure> {
    let session_dir = options.lock.as_deref().and_then(Path::parent).map(Path::to_owned);
    let (settings, mistakes) = settings();
    let screen = ScreenOptions {
        owner: options.owner,
        identity: options.identity.clone(),
        role: options.role,
        no_color: no_color || self::no_color(),
        seen: session_dir.as_deref().and_then(seen::read),
        colors: Colors::of(|name| std::env::var(name).ok()),
        graphics: Graphics::of(|name| std::env::var(name).ok()),
        settings,
        mistakes,
    };
    let (client, updates) =
        qubx_client::start(options).await.map_err(Failure::because("the session does not answer"))?;
    let left = qubx_tui::run(screen, client.clone(), updates).await;
    client.close().await;
    let left = left.map_err(Failure::because("the terminal screen cannot go on"))?;
    if let (Some(session_dir), Some(seen)) = (session_dir, left.seen) {
        seen::write(&session_dir, seen);
    }
    Ok(left.exit)
}

/// Returns the user's settings of the screen, and what is wrong with them, each in a line. Nothing in them stops a screen.
fn settings() -> (ScreenSettings, Vec<String>) {
    let Ok(home) = find::home() else { return (ScreenSettings::default(), Vec::new()) };
    match Settings::load(&home.root().join("config.toml")) {
        Ok(settings) => {
            let (settings, mistakes) = settings.for_the_screen();
            (settings, mistakes.iter().map(|mistake| mistake.summary()).collect())
        }
        Err(error) => (ScreenSettings::default(), vec![error.summary()]),
    }
}
