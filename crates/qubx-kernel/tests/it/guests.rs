//! Jupyter clients beside the session.

use std::time::Duration;

use qubx_kernel::wire::{Message, Signer};
use qubx_kernel::{CellRef, KernelEvent};
use qubx_protocol::CellStatus;
use serde_json::{Value, json};
use zeromq::{DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend, ZmqMessage};

use crate::harness::{IDLE, Kernel, text_of};

/// A client with the connection file's key.
pub(crate) struct Guest {
    signer: Signer,
    socket: DealerSocket,
}

impl Guest {
    async fn connect(kernel: &Kernel, port: u16) -> Self {
        Self::connect_with(kernel, port, DealerSocket::new()).await
    }

    /// Connects under a name, which makes two sockets the same client's.
    pub(crate) async fn connect_as(kernel: &Kernel, port: u16, name: &'static str) -> Self {
        let mut options = SocketOptions::default();
        options.peer_identity(name.parse().unwrap());
        Self::connect_with(kernel, port, DealerSocket::with_options(options)).await
    }

    async fn connect_with(kernel: &Kernel, port: u16, mut socket: DealerSocket) -> Self {
        socket.connect(&kernel.connection.endpoint(port)).await.unwrap();
        Self { signer: Signer::new(&kernel.connection.key, "guest"), socket }
    }

    async fn ask(&mut self, id: &str, kind: &str, content: Value) -> Message {
        self.send(id, kind, content).await;
        self.receive().await
    }

    pub(crate) async fn send(&mut self, id: &str, kind: &str, content: Value) {
        let frames = self.signer.request(id, kind, &content);
        self.socket.send(ZmqMessage::try_from(frames).unwrap()).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Message {
        let reply = tokio::time::timeout(Duration::from_secs(60), self.socket.recv()).await;
        self.signer.read(&reply.expect("a reply in time").unwrap().into_vec()).unwrap()
    }

    async fn execute(&mut self, id: &str, code: &str, extra: Value) -> Message {
        let mut content =
            json!({ "code": code, "silent": false, "store_history": true, "allow_stdin": false });
        content.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.ask(id, "execute_request", content).await
    }
}

#[tokio::test]
async fn a_guest_cannot_end_the_kernel() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let mut shell = Guest::connect(&kernel, kernel.connection.shell_port).await;
    let mut control = Guest::connect(&kernel, kernel.connection.control_port).await;
    for code in ["exit", "exit()", "quit()", "quit", "get_ipython().ask_exit()"] {
        let reply = shell.execute(code, code, json!({})).await;
        let content: Value = serde_json::from_slice(&reply.content).unwrap();
        assert_eq!((&content["status"], &content["payload"]), (&json!("ok"), &json!([])), "{code}");
    }
    for restart in [false, true] {
        for guest in [&mut shell, &mut control] {
            let reply = guest.ask("end", "shutdown_request", json!({ "restart": restart })).await;
            assert_eq!(reply.header.msg_type, "shutdown_reply");
            let reply =
                guest.ask("end", "shutdown_request", json!({ "restart": restart, "qubx_token": "é" })).await;
            assert_eq!(reply.header.msg_type, "shutdown_reply");
        }
    }
    let (text, _) = kernel.run("exit").await;
    assert!(text.contains("qubx kernel stop"), "{text}");
    assert_eq!(kernel.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    kernel.end().await;
}

#[tokio::test]
async fn a_guests_cell_is_in_the_history_unless_it_asks_not_to_be_and_always_told_to_the_owner() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let mut guest = Guest::connect(&kernel, kernel.connection.shell_port).await;
    guest.execute("silent", "print('silent')", json!({ "silent": true })).await;
    guest.execute("unstored", "print('unstored')", json!({ "store_history": false })).await;
    guest.execute("shown", "print('shown'); 1 / 0", json!({})).await;
    let cell = CellRef::Guest("shown".into());
    let (mut events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Error);
    // The end of the last one may come after its output's.
    while events.iter().filter(|event| matches!(event, KernelEvent::Ends { .. })).count() < 3 {
        events.push(kernel.next().await);
    }
    let (told, shown): (Vec<_>, Vec<_>) = events
        .into_iter()
        .partition(|event| matches!(event, KernelEvent::Begins { .. } | KernelEvent::Ends { .. }));
    let told: Vec<_> = told
        .iter()
        .map(|event| match event {
            KernelEvent::Begins { run, cell: CellRef::Guest(request), code, user, .. } if user == "qubx" => {
                (run.0, request.as_str(), code.as_str())
            }
            KernelEvent::Ends { run, status } => {
                (run.0, "ended", if *status == CellStatus::Ok { "ok" } else { "error" })
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "silent", "print('silent')"),
            (1, "ended", "ok"),
            (2, "unstored", "print('unstored')"),
            (2, "ended", "ok"),
            (3, "shown", "print('shown'); 1 / 0"),
            (3, "ended", "error"),
        ]
    );
    assert!(matches!(&shown[0], KernelEvent::CellStarted { cell: started, user, .. }
        if *started == cell && user == "qubx"));
    assert!(text_of(&shown, &cell).contains("shown\n"));
    assert_eq!(shown.len(), 3, "{shown:?}");
    kernel.end().await;
}

#[tokio::test]
async fn a_guests_failing_cell_does_not_swallow_a_cell_of_the_session() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let mut guest = Guest::connect(&kernel, kernel.connection.shell_port).await;
    let failing =
        guest.execute("fail", "import time; time.sleep(1); 1 / 0", json!({ "stop_on_error": true }));
    let session = async {
        kernel.until(|event| matches!(event, KernelEvent::CellStarted { .. }).then_some(())).await;
        kernel.run("'ran'").await
    };
    let (_, ran) = tokio::join!(failing, session);
    assert_eq!(ran, ("'ran'".into(), CellStatus::Ok));
    kernel.end().await;
}
