//! Other users of the machine: a place can belong to one of them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{Place, needs};

/// Somebody else than the one that the test runs as.
#[derive(Clone, Copy)]
pub(super) struct User {
    number: u32,
    /// Whether they may read whatever this test may, so that Python can be anywhere.
    reads_all: bool,
}

impl Place {
    /// Gives the place to somebody who is not the system's administrator; tells whether it belongs to such a one now.
    pub(crate) async fn belongs_to_somebody_else(&mut self) -> bool {
        /// Nobody's number on any usual system, so nobody else's processes count.
        const SOMEBODY: u32 = 61_734;
        if !rustix::process::geteuid().is_root() {
            return true;
        }
        self.give_to(User { number: SOMEBODY, reads_all: true });
        let can = self.command(&["--version"]).output().await;
        let can = can.is_ok_and(|output| output.status.success());
        needs::has("root", can, "setpriv cannot make another user of this one")
    }

    /// Gives the place to an ordinary user with this number, who may do nothing that is not theirs; tells whether that
    /// is possible.
    pub(crate) async fn belongs_to(&mut self, number: u32) -> bool {
        if !needs::is_root("become another user") {
            return false;
        }
        self.give_to(User { number, reads_all: false });
        if !self.has_a_kernel().await {
            // The system's own Python is everybody's; what it lacks is lent to it, if that is for the same version.
            let system = Path::new(SYSTEM_PYTHON);
            if version(system).await != version(&self.python).await {
                eprintln!(
                    "skipped: user {number} cannot read this Python, and {SYSTEM_PYTHON} is of another version"
                );
                return false;
            }
            let mut command = Command::new(&self.python);
            let lent = command.args(["-c", "import ipykernel; print(ipykernel.__path__[0])"]).output().await;
            let lent = PathBuf::from(String::from_utf8(lent.unwrap().stdout).unwrap());
            let lent = lent.parent().unwrap().display();
            let text = format!("#!/bin/sh\nPYTHONPATH={lent} exec {SYSTEM_PYTHON} \"$@\"\n");
            self.python = self.write("python", &text);
            std::fs::set_permissions(&self.python, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let can = self.has_a_kernel().await;
        needs::has("root", can, &format!("user {number} has no Python with ipykernel"))
    }

    async fn has_a_kernel(&self) -> bool {
        // What `setpriv` itself starts is looked for with the rights that it had before.
        let mut shell = self.as_its_user(Path::new("/bin/sh"));
        let asked = shell.args(["-c", "exec \"$0\" -c 'import ipykernel'"]).arg(&self.python).output().await;
        asked.is_ok_and(|output| output.status.success())
    }

    fn give_to(&mut self, user: User) {
        let folder = self.folder.path();
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(folder, Some(user.number), Some(user.number)).unwrap();
        self.user = Some(user);
    }

    /// Returns another program than ours as the place's user runs it.
    pub(crate) fn as_its_user(&self, program: &Path) -> Command {
        let mut command = Command::new(if self.user.is_some() { Path::new("setpriv") } else { program });
        self.prepare(&mut command);
        if let Some(user) = self.user {
            become_user(&mut command, user);
            command.env("HOME", self.folder.path());
            command.arg("--").arg(program);
        }
        command
    }
}

/// The Python that every user of the machine may run.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// Returns a Python's version as far as packages depend on it; none when it does not run.
async fn version(python: &Path) -> Option<Vec<u8>> {
    let asked = Command::new(python).args(["-c", "import sys; print(sys.version_info[:2])"]).output().await;
    asked.ok().filter(|output| output.status.success()).map(|output| output.stdout)
}

/// Has `setpriv` run what follows as a user.
fn become_user(command: &mut Command, User { number, reads_all }: User) {
    command.args([&format!("--reuid={number}"), &format!("--regid={number}"), "--clear-groups"]);
    if reads_all {
        command.args(["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"]);
        command.args(["--bounding-set=-all,+dac_read_search", "--securebits=+no_setuid_fixup"]);
    } else {
        command.args(["--inh-caps=-all", "--bounding-set=-all"]);
    }
}
