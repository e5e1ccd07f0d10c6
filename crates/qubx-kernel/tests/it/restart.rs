//! A second kernel in the folder of the first.

use std::process::Stdio;
use std::time::{Duration, Instant};

use qubx_protocol::CellStatus;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::harness::{IDLE, Kernel, python};

/// Runs each line of its input as a cell and prints what the cell prints.
const GUEST: &str = r#"
import sys
from jupyter_client import BlockingKernelClient

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
for line in sys.stdin:
    printed = []
    def heard(message):
        printed.append(message["content"].get("text", ""))
    try:
        client.execute_interactive(line, timeout=5, allow_stdin=False, output_hook=heard)
    except TimeoutError:
        printed = []
    print("".join(printed).strip(), flush=True)
"#;

/// A guest with Jupyter's own client.
struct Guest {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Guest {
    fn start(kernel: &Kernel) -> Self {
        let mut child = Command::new(python().unwrap())
            .args(["-c", GUEST])
            .arg(kernel.folder.path().join("kernel.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output).lines() }
    }

    async fn run(&mut self, code: &str) -> String {
        self.input.write_all(format!("{code}\n").as_bytes()).await.unwrap();
        let line = tokio::time::timeout(Duration::from_secs(60), self.output.next_line()).await;
        line.expect("an answer in time").unwrap().unwrap_or_else(|| "the guest has ended".into())
    }

    async fn end(mut self) {
        drop(self.input);
        let status = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        assert!(status.expect("an end in time").unwrap().success());
    }
}

#[tokio::test]
async fn a_kernel_that_is_started_again_is_found_by_the_guests_of_the_one_before() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let mut guest = Guest::start(&kernel);
    assert_eq!(guest.run("x = 1; print('first', x)").await, "first 1");
    for killed in [true, false] {
        let before = kernel.connection.clone();
        let pid = kernel.handle.pid();
        let folder = if killed {
            let process = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
            rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
            assert_eq!(kernel.died().await.status, "signal 9 (killed)");
            kernel.folder
        } else {
            kernel.end().await
        };
        kernel = Kernel::start_in(folder, IDLE).await.unwrap();
        assert_eq!(kernel.connection, before);
        assert_ne!(kernel.handle.pid(), pid);
        assert_eq!(kernel.run("1 + 1").await, ("2".into(), CellStatus::Ok));
        // Until its socket for output is connected again, a guest gets replies and no output.
        let deadline = Instant::now() + Duration::from_secs(30);
        let printed = loop {
            match guest.run("print('again', 'x' in dir())").await.as_str() {
                "" => assert!(Instant::now() < deadline, "the guest hears nothing any more"),
                printed => break printed.to_owned(),
            }
        };
        assert_eq!(printed, "again False");
    }
    guest.end().await;
    kernel.end().await;
}
