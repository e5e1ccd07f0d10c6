//! A session that another version of the program serves: told with its version, and ended by a signal if wanted.

mod files;

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use qubx_home::{
    ConnectionFile, Home, ProcessId, QubxSection, boot_id, create_private_file, ensure_private_dir,
};

use crate::harness::{Place, is_alive, wait_for};

/// A service of protocol version 99: it holds the lock, and answers every hello with that.
const SERVICE: &str = r#"
import fcntl, json, os, socket, struct, sys

lock = open(sys.argv[1], "a+")
fcntl.lockf(lock, fcntl.LOCK_EX)
# The folder of one whose lock is held is kept, and with it the socket of the one before.
if os.path.exists(sys.argv[2]):
    os.unlink(sys.argv[2])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen()
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    peer.recv(65536)
    message = "this session speaks protocol version 99, and this screen 1"
    body = json.dumps({"error": {"code": "version", "message": message, "hint": "use the other one"}}).encode()
    peer.sendall(struct.pack(">I", len(body)) + body)
    peer.close()
"#;

/// A process that is the service, or pretends to be.
struct Fake(Child);

impl Fake {
    /// Starts a service and publishes a connection file for it, in which `edit` may lie.
    async fn start(place: &Place, edit: impl FnOnce(&mut QubxSection)) -> Self {
        let home = Home::at(place.home());
        home.create().unwrap();
        let session_dir = home.session("paper", "default", "old");
        let socket = home.root().join("run/0123abcd/session.sock");
        for folder in [session_dir.as_path(), socket.parent().unwrap()] {
            ensure_private_dir(folder).unwrap();
        }
        // By it a folder whose file is gone is known when nobody holds the lock any more.
        let _ = std::os::unix::fs::symlink(&session_dir, socket.with_file_name("session"));
        drop(create_private_file(&session_dir.join("lock")).unwrap());
        let mut command = Command::new(&place.python);
        command.args(["-c", SERVICE]).arg(session_dir.join("lock")).arg(&socket);
        // Not in this place's environment: its end is for the test to bring about.
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        assert_eq!(line, "ready\n");
        let mut qubx = QubxSection {
            name: "old".to_owned(),
            strategy_name: "old".to_owned(),
            mode: "paper".to_owned(),
            runtime: "native".to_owned(),
            config: "/c/old.yml".into(),
            session_dir,
            socket,
            service: ProcessId::of(child.id()).unwrap(),
            boot_id: boot_id(),
            kernel_pid: 1,
            started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        edit(&mut qubx);
        ConnectionFile { jupyter: serde_json::Map::new(), qubx }.publish(&home.kernels()).unwrap();
        Self(child)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_session_of_another_version_says_which_and_is_stopped_by_a_signal() {
    let Some(place) = Place::new() else { return };
    let mut service = Fake::start(&place, |_| {}).await;
    let version = "this session speaks protocol version 99";
    for arguments in [&["status", "old"][..], &["attach", "old", "--plain"], &["exec", "old", "1"]] {
        place.qubx(arguments).await.code(1).says(&[version, "hint: use the other one"]);
    }
    let list = place.qubx(&["kernel", "list"]).await.code(0).stdout;
    assert!(list.contains("unknown") && list.contains(version), "{list}");
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert!(list[0]["error"].as_str().unwrap().contains(version), "{list}");

    let pid = service.0.id();
    place.qubx(&["kernel", "stop", "old"]).await.code(2).says(&[version, "SIGTERM", "--yes"]);
    place.qubx(&["kernel", "stop", "old", "--yes", "--flatten"]).await.code(1).says(&["--flatten"]);
    assert!(is_alive(pid));
    let stopped = place.qubx(&["kernel", "stop", "old", "--yes"]).await.code(0).stdout;
    assert!(stopped.contains(&format!("its process {pid} was ended by SIGTERM")), "{stopped}");
    let status = service.0.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "dead");
    place.finish().await;
}

#[tokio::test]
async fn a_process_that_is_not_proven_to_be_the_service_gets_no_signal() {
    let Some(place) = Place::new() else { return };
    let mut bystander = Command::new("sleep").arg("600").spawn().unwrap();
    let service = Fake::start(&place, |qubx| {
        qubx.service = ProcessId::of(bystander.id()).unwrap();
    })
    .await;
    // The lock has another holder than the file names, so the file is dead, and nobody is signalled.
    place.qubx(&["kernel", "stop", "old", "--yes"]).await.code(1).says(&["session `old` died"]);
    assert!(is_alive(bystander.id()) && is_alive(service.0.id()));
    drop(service);
    let again = Fake::start(&place, |qubx| qubx.service.start_ticks += 1).await;
    place.qubx(&["kernel", "stop", "old", "--yes"]).await.code(1).says(&["session `old` died"]);
    assert!(is_alive(again.0.id()), "its number may have been another's before");
    drop(again);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    wait_for("an empty list", async || {
        let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
        (list == serde_json::json!([])).then_some(())
    })
    .await;
    place.finish().await;
}
