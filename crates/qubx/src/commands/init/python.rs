//! Whether there is a Python that can run a new strategy.

use std::path::Path;
use std::time::Duration;

use qubx_home::Home;
use qubx_kernel::{find_python, probe_python};

/// How long a Python may take to say what it is.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Returns why no Python can run a strategy in this folder; none when one can.
pub(super) async fn complaint(folder: &Path) -> Option<String> {
    let home = match Home::locate() {
        Ok(home) => home,
        Err(error) => return Some(error.to_string()),
    };
    let python = match find_python(None, folder, home.root()) {
        Ok(python) => python,
        Err(error) => return Some(error.to_string()),
    };
    probe_python(&python, ANSWERS_WITHIN).await.err().map(|error| error.to_string())
}
