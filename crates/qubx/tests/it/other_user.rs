//! Another user of the machine.

mod side_by_side;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::process::Command;

use crate::harness::{Place, is_root};

/// Any user but root.
const OTHER: &str = "65534";

/// Connects to a socket as another user; returns what is read, or the error.
async fn connect(place: &Place, socket: &Path) -> String {
    let script = r#"
use Socket;
use Errno;
socket(my $connection, PF_UNIX, SOCK_STREAM, 0) or die;
alarm 20;
connect($connection, sockaddr_un($ARGV[0])) or do { print $!{EACCES} ? "EACCES" : "$!"; exit };
my $read = '';
while (sysread($connection, my $part, 4096)) { $read .= $part }
print substr($read, 4);
"#;
    let mut command = Command::new("setpriv");
    place.prepare(&mut command);
    // Not one of this place's processes.
    command.env_remove("QUBX_HOME").current_dir("/");
    command.args(["--reuid", OTHER, "--regid", OTHER, "--clear-groups", "perl", "-e", script]).arg(socket);
    place.finish_command(command, "").await.code(0).stdout.trim().to_owned()
}

#[tokio::test]
async fn another_user_is_kept_out_by_the_folder_and_by_the_service_itself() {
    if !is_root("become another user") {
        return;
    }
    let Some(place) = Place::with_idle_session().await else { return };
    let socket = place.session("idle").file.qubx.socket;
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // The test's own folder is in nobody's way; those of the home are.
    open(&place.path(""), 0o755);
    assert_eq!(connect(&place, &socket).await, "EACCES");
    // Even if every folder and the socket were open to all, the service asks who it is.
    let mut folder = socket.parent().unwrap();
    let mut opened = vec![(socket.clone(), 0o600)];
    while folder != place.path("").as_path() && folder.starts_with(place.path("")) {
        opened.push((folder.to_owned(), 0o700));
        folder = folder.parent().unwrap();
    }
    for (path, _) in &opened {
        open(path, 0o777);
    }
    let answer = connect(&place, &socket).await;
    for (path, mode) in &opened {
        open(path, *mode);
    }
    assert!(answer.contains("forbidden") && answer.contains("another user"), "{answer}");
    place.qubx(&["status", "idle"]).await.code(0);
    place.stop_and_finish("idle").await;
}
