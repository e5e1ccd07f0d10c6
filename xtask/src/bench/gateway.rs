//! The page's gateway as benches have it: `qubx web` on a free port, and tabs that are raw sockets.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::process::Process;
use crate::bench::watchers::hello;
use crate::workbench::Workbench;

/// How many tokens there are: a thousand tabs have places.
const TOKENS: usize = 10;

/// A gateway of all sessions of the workbench. It ends when this is dropped.
pub(crate) struct Gateway {
    starter: Child,
    /// The gateway's own process.
    pub(crate) process: Process,
    /// The port that it listens on.
    pub(crate) port: u16,
    /// What lets viewers in. One permission has few places only, so they take turns.
    tokens: Vec<String>,
    opened: Cell<usize>,
}

impl Gateway {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not listen, or no token can be made.
    pub(crate) fn start(workbench: &Workbench) -> Result<Self> {
        let mut starter = workbench
            .qubx(["web", "--port", "0"])
            .stderr(Stdio::piped())
            .spawn()
            .context("starting qubx web")?;
        let stderr = starter.stderr.take().expect("it is piped one line above");
        let mut lines = BufReader::new(stderr).lines();
        let line = lines
            .find_map(|line| line.ok().filter(|line| line.starts_with("page: ")))
            .context("qubx web has printed no link")?;
        // What it says later goes nowhere, and must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        let port = port.with_context(|| format!("`{line}` has no port"))?;
        let token = |number| -> Result<String> {
            let name = format!("bench-{number}");
            let token = workbench.qubx(["tokens", "new", &name]).output().context("making a token")?;
            ensure!(token.status.success(), "no token: {}", String::from_utf8_lossy(&token.stderr));
            Ok(String::from_utf8(token.stdout)?.trim().to_owned())
        };
        let tokens = (0..TOKENS).map(token).collect::<Result<_>>()?;
        let children = format!("/proc/{0}/task/{0}/children", starter.id());
        let children = std::fs::read_to_string(&children).with_context(|| format!("reading {children}"))?;
        let process = Process(children.trim().parse().context("qubx web has not one child")?);
        Ok(Self { starter, process, port, tokens, opened: Cell::new(0) })
    }

    /// Opens a tab on a session and says hello.
    ///
    /// # Errors
    /// When the gateway does not let it in.
    pub(crate) fn tab(&self, session: &str) -> Result<TcpStream> {
        let port = self.port;
        let token = &self.tokens[self.opened.get() % TOKENS];
        self.opened.set(self.opened.get() + 1);
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /api/sessions/{session}/socket HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            ensure!(
                stream.read(&mut byte)? == 1,
                "the gateway has hung up: {}",
                String::from_utf8_lossy(&head)
            );
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "no socket: {}", String::from_utf8_lossy(&head));
        let text = serde_json::to_vec(&hello())?;
        let length = u16::try_from(text.len())?;
        // A client masks what it sends; a mask of zeros leaves it as it is.
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text);
        stream.write_all(&frame)?;
        Ok(stream)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let pid = i32::try_from(self.starter.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.starter.wait();
    }
}
