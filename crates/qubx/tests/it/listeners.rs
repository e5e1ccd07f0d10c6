//! Who can reach a session: what each combination of the page's options listens on is what was promised, and what would be
//! unsafe is refused before anything is made.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::process::Command;

use crate::harness::{IDLE, Place, Running, config, listeners_of, processes_of, wait_for};

const PUBLIC_URL: &str = "https://qubx.test";

/// What encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    None,
    Tls,
    Proxy,
}

/// A way to start the page.
#[derive(Clone, Copy, Debug)]
struct Combination {
    host: IpAddr,
    protection: Protection,
    has_name: bool,
    has_token: bool,
}

impl Combination {
    fn every() -> Vec<Self> {
        let mut every = Vec::new();
        for host in hosts() {
            for protection in [Protection::None, Protection::Tls, Protection::Proxy] {
                for (has_name, has_token) in [(false, false), (false, true), (true, false), (true, true)] {
                    every.push(Self { host, protection, has_name, has_token });
                }
            }
        }
        every
    }

    /// Tells, by the words of the requirement, whether this may be.
    fn is_safe(self) -> bool {
        let only_here = self.host.is_loopback() && self.protection != Protection::Proxy;
        let is_encrypted = self.protection != Protection::None;
        // Of an address of its own it knows the name, but not behind a proxy.
        let is_named = self.has_name || (!self.host.is_unspecified() && self.protection == Protection::Tls);
        only_here || (is_encrypted && is_named && self.has_token)
    }

    fn arguments(self) -> Vec<String> {
        let mut arguments = vec!["--host".to_owned(), self.host.to_string()];
        arguments.extend(match self.protection {
            Protection::None => Vec::new(),
            Protection::Tls => tls_arguments(),
            Protection::Proxy => vec!["--behind-proxy".to_owned(), "10.0.0.0/8,127.0.0.1/32".to_owned()],
        });
        if self.has_name {
            arguments.extend(["--public-url".to_owned(), PUBLIC_URL.to_owned()]);
        }
        arguments
    }
}

/// Returns this machine's own addresses: each kind, and one that others reach, if it has one.
fn hosts() -> Vec<IpAddr> {
    let mut hosts = vec![[127, 0, 0, 1].into(), [0, 0, 0, 0].into()];
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        hosts.extend([IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]);
    } else {
        println!("skipped: no listener on ::1, this machine has no IPv6");
    }
    // Nothing is sent: a socket that has a peer has the address from which that one would be reached.
    let own = UdpSocket::bind(("0.0.0.0", 0))
        .and_then(|socket| socket.connect(("203.0.113.1", 9)).and_then(|()| socket.local_addr()));
    match own {
        Ok(address) => hosts.push(address.ip()),
        Err(error) => println!("skipped: no listener on an address that others reach: {error}"),
    }
    hosts
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn tls_arguments() -> Vec<String> {
    let path = |name| fixture(name).to_str().unwrap().to_owned();
    let [certificate, key] = ["certificate-of-tests.pem", "private-key-of-tests.pem"].map(path);
    vec!["--tls-cert".to_owned(), certificate, "--tls-key".to_owned(), key]
}

/// Starts the page for all sessions on any free port.
async fn serve(place: &Place, arguments: &[String]) -> (Running, u16) {
    let mut all = vec!["web", "--port", "0"];
    all.extend(arguments.iter().map(String::as_str));
    let mut page = place.spawn(&all);
    page.says("page: ").await;
    let port = gateway_port(place).await;
    (page, port)
}

/// Returns the port that the gateway of a place listens on.
async fn gateway_port(place: &Place) -> u16 {
    wait_for("the gateway's listener", async || {
        let gateway =
            processes_of(&place.home()).into_iter().find(|(_, command)| command.contains("gateway"))?;
        Some(listeners_of(gateway.0).first()?.port())
    })
    .await
}

/// Returns every listener of every process of a place.
fn all_listeners(place: &Place) -> BTreeSet<SocketAddr> {
    processes_of(&place.home()).into_iter().flat_map(|(pid, _)| listeners_of(pid)).collect()
}

#[tokio::test]
async fn every_combination_listens_where_it_says_or_is_refused_before_anything_is_made() {
    let (mut served, mut refused) = (0, 0);
    for combination in Combination::every() {
        let Some(place) = Place::new() else { return };
        if combination.has_token {
            place.qubx(&["tokens", "new", "bot"]).await.code(0);
        }
        let before = place.files();
        if combination.is_safe() {
            let (page, port) = serve(&place, &combination.arguments()).await;
            let promised = BTreeSet::from([SocketAddr::new(combination.host, port)]);
            assert_eq!(all_listeners(&place), promised, "{combination:?}");
            page.signal(Signal::INT);
            page.end().await.code(0);
            served += 1;
        } else {
            let mut all = vec!["web", "--port", "0"];
            let arguments = combination.arguments();
            all.extend(arguments.iter().map(String::as_str));
            let ended = place.qubx(&all).await.code(2).says(&["error: ", "hint: "]);
            assert_eq!(ended.stdout, "", "{combination:?}");
            assert_eq!(place.files(), before, "{combination:?}");
            refused += 1;
        }
        place.finish().await;
    }
    println!("{served} combinations listen as promised, {refused} are refused");
}

#[tokio::test]
async fn what_is_no_token_any_more_or_no_encryption_at_all_opens_nothing() {
    let Some(place) = Place::new() else { return };
    let mut open: Vec<String> = ["web", "--port", "0", "--host", "0.0.0.0"].map(str::to_owned).into();
    open.extend(tls_arguments());
    let refused = async |more: &[&str], says: &str| {
        let mut all: Vec<&str> = open.iter().map(String::as_str).collect();
        all.extend(more);
        place.qubx(&all).await.code(2).says(&[says, "hint: "]);
        assert!(all_listeners(&place).is_empty());
    };
    place.qubx(&["tokens", "new", "revoked"]).await.code(0);
    place.qubx(&["tokens", "revoke", "revoked"]).await.code(0);
    refused(&["--public-url", PUBLIC_URL], "no token").await;
    place.qubx(&["tokens", "new", "short", "--ttl", "1s"]).await.code(0);
    wait_for("the end of a token", async || {
        place.qubx(&["tokens", "list", "--json"]).await.json().as_array()?.is_empty().then_some(())
    })
    .await;
    refused(&["--public-url", PUBLIC_URL], "no token").await;
    place.qubx(&["tokens", "new", "bot"]).await.code(0);
    for url in ["http://qubx.test", "http://192.168.1.5:8000", "http://localhost.qubx.test"] {
        refused(&["--public-url", url], "without encryption").await;
    }
    for url in ["qubx.test", "https://qubx.test/path", "https://user@qubx.test", "javascript:alert(1)", "*"] {
        refused(&["--public-url", url], "no address of a page").await;
    }
    place.finish().await;
}

#[tokio::test]
async fn a_session_with_a_page_listens_at_one_address_and_without_one_at_none() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let mut owner = place.spawn(&["run", "idle.yml", "--paper", "--textual-web", "--port", "0"]);
    owner.says("page: ").await;
    let port = gateway_port(&place).await;
    let mut promised = BTreeSet::from([SocketAddr::from(([127, 0, 0, 1], port))]);
    assert_eq!(ours(&place), promised);
    // What the kernel takes its own children's output with, it has for itself.
    assert!(
        all_listeners(&place).iter().all(|address| address.ip().is_loopback()),
        "{:?}",
        all_listeners(&place)
    );
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.start("idle.yml").await;
    promised.clear();
    assert_eq!(ours(&place), promised);
    place.stop_and_finish("idle").await;
}

/// Returns the listeners of every process of ours; the kernel is Python's.
fn ours(place: &Place) -> BTreeSet<SocketAddr> {
    let ours = processes_of(&place.home()).into_iter().filter(|(_, command)| !command.contains("python"));
    ours.flat_map(|(pid, _)| listeners_of(pid)).collect()
}

/// Asks a page that encrypts, by a client that believes one certificate only; prints what it answered.
const ASKS: &str = r#"
import http.client, json, socket, ssl, sys
port, certificate, token = int(sys.argv[1]), sys.argv[2], sys.argv[3]
trust = ssl.create_default_context(cafile=certificate)
connection = http.client.HTTPSConnection('localhost', port, context=trust, timeout=20)
connection.request('POST', '/api/login', json.dumps({'token': token}),
    {'Content-Type': 'application/json', 'X-Qubx': '1', 'Origin': f'https://localhost:{port}'})
answer = connection.getresponse()
print(answer.status, answer.headers['strict-transport-security'], answer.headers['set-cookie'])
with socket.create_connection(('127.0.0.1', port), timeout=20) as plain:
    plain.sendall(f'GET /health HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n'.encode())
    read = b''
    while part := plain.recv(4096):
        read += part
print('plain:', b'HTTP' in read)
"#;

#[tokio::test]
async fn encryption_is_with_the_given_certificate_and_nothing_passes_without_it() {
    let Some(place) = Place::new() else { return };
    let refused = async |arguments: &[&str], says: &str| {
        let mut all = vec!["web", "--port", "0"];
        all.extend(arguments);
        place.qubx(&all).await.code(2).says(&[says]);
        place.assert_untouched();
    };
    let certificate = tls_arguments()[1].clone();
    refused(&["--tls-cert", &certificate], "--tls-key").await;
    refused(&["--tls-cert", &certificate, "--tls-key", "missing.pem"], "missing.pem").await;
    refused(&["--tls-cert", &certificate, "--tls-key", &certificate], "cannot be used").await;

    let made = place.qubx(&["tokens", "new", "bot", "--json"]).await.code(0).json();
    let (page, port) = serve(&place, &tls_arguments()).await;
    assert!(page.err().contains(&format!("page: https://127.0.0.1:{port}/#t=")), "{}", page.err());
    let mut client = Command::new(&place.python);
    client.args(["-c", ASKS, &port.to_string(), &certificate, made["token"].as_str().unwrap()]);
    let answers = place.finish_command(client, "").await.code(0).stdout;
    assert!(answers.starts_with("200 max-age=31536000 __Host-qubx="), "{answers}");
    assert!(
        answers.contains("; Path=/; HttpOnly; SameSite=Strict; ") && answers.contains("; Secure\n"),
        "{answers}"
    );
    assert!(answers.contains("plain: False"), "{answers}");
    page.signal(Signal::INT);
    page.end().await.code(0);
    place.finish().await;
}
