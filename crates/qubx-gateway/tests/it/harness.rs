//! A gateway that listens in this process, requests to it byte by byte, and a service that says what a test wants said.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use qubx_gateway::{Access, Exposure, Grant, Kind, Options, Row, listen};
use qubx_home::{ConnectionFile, Home, ProcessId, QubxSection, SessionLock, boot_id, ensure_session_dir};
use qubx_protocol::Role;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener};
use tokio_util::sync::CancellationToken;

/// No wait of these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway with a home of its own.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) access: Access,
    pub(crate) port: u16,
    pub(crate) rows: Vec<Row>,
    cancel: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl World {
    /// Starts one that believes a proxy on this machine, so that requests can come from any address.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        home.create().unwrap();
        let access = Access::open(&home).unwrap();
        let exposure = Exposure {
            proxies: vec![IpAddr::from([127, 0, 0, 1]).into()],
            public_urls: vec!["https://qubx.example.org".to_owned()],
            ..Exposure::local(0)
        };
        let _ = access.grant(token(Role::Viewer)).unwrap();
        let options = Options { home: home.root().to_owned(), only: None, exposure };
        let listening = listen(options).await.unwrap();
        let (port, rows, cancel) = (listening.port, listening.routes().to_vec(), CancellationToken::new());
        let ended = cancel.clone();
        #[allow(clippy::disallowed_methods)] // It ends with the test's runtime.
        tokio::spawn(async move { listening.serve(ended).await.unwrap() });
        Self { folder, access, port, rows, cancel }
    }

    pub(crate) fn home(&self) -> Home {
        Home::at(self.folder.path().to_owned())
    }

    /// Returns our own origin as a browser on this machine has it.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the name of the cookie on this machine.
    pub(crate) fn cookie(&self) -> String {
        format!("qubx-{}", self.port)
    }

    /// Makes a token and returns its secret.
    pub(crate) fn token(&self, role: Role) -> String {
        self.access.grant(token(role)).unwrap().1.reveal().to_owned()
    }

    /// Logs in with a secret and returns the cookie's value.
    pub(crate) fn login(&self, secret: &str) -> String {
        self.access.login(secret).unwrap().unwrap().1.reveal().to_owned()
    }

    /// Sends a request and returns the whole answer.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            stream.write_all(request.text().as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            let is_socket = request.headers.iter().any(|(name, _)| name == "upgrade");
            if is_socket {
                // One that is let in stays open.
                while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
                    if stream.read_buf(&mut bytes).await.unwrap() == 0 {
                        break;
                    }
                }
            } else {
                stream.read_to_end(&mut bytes).await.unwrap();
            }
            Answer { text: String::from_utf8_lossy(&bytes).into_owned() }
        };
        tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time")
    }

    /// Publishes a session of this process and returns its socket and what keeps it alive.
    pub(crate) fn session(&self, name: &str) -> (UnixListener, SessionLock) {
        let home = self.home();
        let session_dir = home.session("paper", "default", name);
        ensure_session_dir(&session_dir).unwrap();
        let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
        let socket = self.folder.path().join(format!("{name}.sock"));
        let listener = UnixListener::bind(&socket).unwrap();
        let qubx = QubxSection {
            name: name.to_owned(),
            strategy_name: name.to_owned(),
            mode: "paper".to_owned(),
            runtime: "native".to_owned(),
            config: "/config.yml".into(),
            session_dir,
            socket,
            service: ProcessId::own().unwrap(),
            boot_id: boot_id(),
            kernel_pid: 1,
            started_at: Timestamp::now(),
        };
        ConnectionFile { jupyter: serde_json::Map::new(), qubx }.publish(&home.kernels()).unwrap();
        (listener, lock)
    }
}

/// Returns a token for whoever needs one.
pub(crate) fn token(role: Role) -> Grant {
    Grant { kind: Kind::Token, name: role.to_string(), role, session: None, lasts: None }
}

/// A request as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    fn text(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !self.headers.iter().any(|(name, _)| name == "connection") {
            text += "connection: close\r\n";
        }
        if !self.body.is_empty() {
            text += &format!("content-length: {}\r\n", self.body.len());
        }
        text + "\r\n" + &self.body
    }
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}
