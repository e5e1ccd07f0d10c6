//! The page's gateway as a child of the command that serves it: started, and started again when it dies, on the same port and
//! with everybody's logins still good. No session depends on it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use qubx_gateway::{Access, Exposure, Grant, login_link, qr_text};
use qubx_home::Home;
use qubx_session::Restarts;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::arguments::PageArguments;
use crate::failure::Failure;
use crate::gateway::{Answer, Launch, Problem};
use crate::identity::user;
use crate::out::say;
use crate::owner::launch::own_program;

/// How long it may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to end when it is told to; then it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
/// How often it is started again within ten minutes.
const MOST_RESTARTS: u32 = 20;

/// A gateway that is kept running.
pub(crate) struct Page {
    access: Access,
    origin: String,
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Page {
    /// Starts it and waits until it listens.
    pub(crate) async fn start(
        home: &Home,
        arguments: &PageArguments,
        only: Option<String>,
    ) -> Result<Self, Failure> {
        let exposure = exposure(arguments)?;
        qubx_gateway::check(home, &exposure).map_err(|error| Problem::of(&error))?;
        home.create()?;
        let access = Access::open(home).map_err(Failure::because("the page cannot be served"))?;
        let log = home.root().join("access").join(format!("gateway-{}.log", exposure.port));
        let options = qubx_gateway::Options { home: home.root().to_owned(), only, exposure };
        let mut launch = Launch { options, log };
        let (child, origin, port) = Gateway::start(&launch).await?;
        launch.options.exposure.port = port;
        let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
        tracker.spawn(keep(child, launch, cancel.clone()));
        Ok(Self { access, origin, cancel, tracker })
    }

    /// Prints a login link, also as a picture to be scanned when the terminal can show one.
    pub(crate) fn print_link(&self, with_picture: bool) -> Result<(), Failure> {
        let (_, secret) = self
            .access
            .grant(Grant::login_link(&user()))
            .map_err(Failure::because("no login link can be made"))?;
        let link = login_link(&self.origin, &secret);
        if with_picture {
            say!("{}", qr_text(&link));
        }
        say!("page: {link}");
        say!("      good for one login within ten minutes; `qubx login` prints another");
        Ok(())
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

fn exposure(arguments: &PageArguments) -> Result<Exposure, Failure> {
    let PageArguments { host, port, tls_cert, tls_key, behind_proxy, public_url } = arguments;
    let address = if host == "localhost" {
        IpAddr::from([127, 0, 0, 1])
    } else {
        host.parse().map_err(|_| {
            Failure::usage(format!("--host {host} is no address"))
                .hint("write an address of this machine, as 127.0.0.1, 192.168.1.5 or ::1; names go to --public-url")
        })?
    };
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let tls = tls_cert.as_ref().zip(tls_key.as_ref()).map(|(cert, key)| (absolute(cert), absolute(key)));
    let proxies = behind_proxy.clone();
    Ok(Exposure { address, port: *port, tls, proxies, public_urls: public_url.clone() })
}

/// The process.
struct Gateway {
    child: Child,
    /// It ends when this does.
    _starter: ChildStdin,
}

impl Gateway {
    async fn start(launch: &Launch) -> Result<(Self, String, u16), Failure> {
        let mut child = Command::new(own_program()?)
            .arg0("qubx")
            .arg("gateway")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What goes wrong before its log is there.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::because("cannot start the gateway"))?;
        let (mut starter, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let mut line = serde_json::to_vec(launch).expect("a launch has string keys");
        line.push(b'\n');
        let answer = async {
            starter.write_all(&line).await?;
            BufReader::new(stdout).lines().next_line().await
        };
        let ended = || {
            Failure::new("the gateway ended before it listened")
                .hint(format!("its log: {}", launch.log.display()))
        };
        let answer = tokio::time::timeout(LISTENS_WITHIN, answer).await.map_err(|_| {
            Failure::new(format!("the gateway does not listen after {} s", LISTENS_WITHIN.as_secs()))
        })?;
        let line = answer.ok().flatten().ok_or_else(ended)?;
        match serde_json::from_str(&line).map_err(|_| ended())? {
            Answer::Listening { origin, port } => Ok((Self { child, _starter: starter }, origin, port)),
            Answer::Failed(problem) => Err(problem.into()),
        }
    }

    async fn end(self) {
        let Self { mut child, _starter } = self;
        drop(_starter);
        if tokio::time::timeout(ENDS_WITHIN, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }
}

/// Starts it again whenever it died, until it is cancelled.
async fn keep(mut gateway: Gateway, launch: Launch, cancel: CancellationToken) {
    let mut restarts = Restarts::new(MOST_RESTARTS);
    loop {
        let Some(ended) = cancel.run_until_cancelled(gateway.child.wait()).await else {
            return gateway.end().await;
        };
        let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
        loop {
            let Some(after) = restarts.crashed(Instant::now()) else {
                say!(
                    "the gateway of the page crashed too often and is not started again; the session goes on"
                );
                return;
            };
            say!("the gateway of the page ended ({how}); it is started again in {} s", after.as_secs());
            if cancel.run_until_cancelled(tokio::time::sleep(after)).await.is_none() {
                return;
            }
            match Gateway::start(&launch).await {
                Ok((again, ..)) => {
                    gateway = again;
                    break;
                }
                Err(failure) => say!("{failure}"),
            }
        }
    }
}
