//! What a gateway is told by the command that starts it, and whether it may listen like that. No I/O.
//!
//! What is unsafe is refused, not warned of: a page that others can reach needs encryption and a token.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The port of the page when nobody names one.
pub const DEFAULT_PORT: u16 = 8000;

/// How the page is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exposure {
    /// The address to listen on.
    pub address: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The reverse proxies that are believed what they say of the client's address.
    pub proxies: Vec<IpNet>,
    /// The addresses at which people reach the page through a proxy or under a name: `https://qubx.example.org`.
    pub public_urls: Vec<String>,
}

impl Exposure {
    /// Returns the one that nobody else can reach.
    #[must_use]
    pub fn local(port: u16) -> Self {
        Self {
            address: IpAddr::from([127, 0, 0, 1]),
            port,
            tls: None,
            proxies: Vec::new(),
            public_urls: Vec::new(),
        }
    }

    /// Tells whether others than this machine's users may reach the page.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.address.is_loopback() || !self.proxies.is_empty()
    }

    /// Says why this may not be, and what to do.
    ///
    /// # Errors
    /// When what others reach has no encryption, no token, or no name to be held against.
    pub fn check(&self, has_token: bool) -> Result<(), Refused> {
        let refuse = |message: String, hint: &'static str| Err(Refused { message, hint });
        for url in &self.public_urls {
            let Some(front) = front_of(url) else {
                return refuse(
                    format!("--public-url {url} is no address of a page"),
                    "write scheme, host and port only, as in https://qubx.example.org",
                );
            };
            if !front.secure && !front.is_on_this_machine() {
                return refuse(
                    format!("people would reach the page at {url} without encryption"),
                    "write https://, and give --tls-cert and --tls-key, or --behind-proxy CIDR",
                );
            }
        }
        if !self.address.is_loopback() && self.tls.is_none() && self.proxies.is_empty() {
            return refuse(
                format!("the page would be open on {} without encryption", self.address),
                "give --tls-cert and --tls-key, or --behind-proxy CIDR, or leave --textual-host out and use an SSH tunnel",
            );
        }
        if !self.is_public() {
            return Ok(());
        }
        if self.public_urls.is_empty() && (self.address.is_unspecified() || !self.proxies.is_empty()) {
            return refuse(
                "nobody said at which address people reach the page, and every other one is refused"
                    .to_owned(),
                "give --public-url, as in --public-url https://qubx.example.org",
            );
        }
        if !has_token {
            return refuse(
                "others could reach the page, and there is no token that lets anyone in".to_owned(),
                "make one first: qubx tokens new NAME --role viewer",
            );
        }
        Ok(())
    }

    /// Returns the addresses at which the page answers once it listens there; any other host is refused.
    #[must_use]
    pub fn fronts(&self, listening: SocketAddr) -> Vec<Front> {
        let secure = self.tls.is_some();
        let port = listening.port();
        let mut hosts = vec![];
        if self.address.is_loopback() || self.address.is_unspecified() || !self.proxies.is_empty() {
            hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        }
        if !self.address.is_loopback() && !self.address.is_unspecified() {
            hosts.push(match self.address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            });
        }
        let own = hosts.into_iter().map(|host| Front::new(&host, port, secure));
        own.chain(self.public_urls.iter().filter_map(|url| front_of(url))).collect()
    }
}

/// Why a gateway may not listen as it was told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// An address at which the page answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// The `Host` that requests to it carry.
    pub host: String,
    /// The `Origin` that its pages have.
    pub origin: String,
    /// Whether the way to it is encrypted.
    pub secure: bool,
}

impl Front {
    fn new(name: &str, port: u16, secure: bool) -> Self {
        let scheme = if secure { "https" } else { "http" };
        let is_default = port == if secure { 443 } else { 80 };
        let host = if is_default { name.to_owned() } else { format!("{name}:{port}") };
        Self { origin: format!("{scheme}://{host}"), host, secure }
    }

    /// Tells whether what is sent to it leaves no machine: the page's own, or the one where a tunnel to it begins.
    fn is_on_this_machine(&self) -> bool {
        let name = self.host.rsplit_once(':').map_or(&*self.host, |(name, _)| name);
        let name = if self.host.ends_with(']') { &self.host } else { name };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Tells whether a `Host` header means it: the same name in whatever letters, and the same port.
    #[must_use]
    pub fn is_host(&self, host: &str) -> bool {
        let default = if self.secure { ":443" } else { ":80" };
        self.host.eq_ignore_ascii_case(host.strip_suffix(default).unwrap_or(host))
    }
}

/// Reads `scheme://host[:port]`; none when it is something else.
fn front_of(url: &str) -> Option<Front> {
    let uri: axum::http::Uri = url.trim_end_matches('/').parse().ok()?;
    let secure = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let authority = uri.authority()?;
    let is_bare =
        matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    is_bare.then(|| Front::new(&authority.host().to_ascii_lowercase(), port, secure))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(address: &str) -> Exposure {
        Exposure { address: address.parse().unwrap(), ..Exposure::local(8000) }
    }

    #[test]
    fn what_others_can_reach_needs_encryption_a_name_and_a_token() {
        let tls = Some(("cert.pem".into(), "key.pem".into()));
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let url = vec!["https://qubx.example.org".to_owned()];
        let check = |exposure: Exposure, has_token, expected: &str| {
            let message =
                exposure.check(has_token).map_or_else(|refused| refused.message, |()| "fine".to_owned());
            assert!(message.contains(expected), "{exposure:?}: {message}");
        };
        check(exposure("127.0.0.1"), false, "fine");
        check(exposure("::1"), false, "fine");
        for address in ["0.0.0.0", "192.168.1.5", "::", "2001:db8::1"] {
            check(exposure(address), true, "without encryption");
        }
        let open = |tls: &Option<_>, proxies: &[IpNet], public_urls: &[String]| Exposure {
            tls: tls.clone(),
            proxies: proxies.to_vec(),
            public_urls: public_urls.to_vec(),
            ..exposure("0.0.0.0")
        };
        check(open(&tls, &[], &[]), true, "nobody said at which address");
        check(open(&tls, &[], &url), false, "no token");
        check(open(&tls, &[], &url), true, "fine");
        check(open(&None, &proxies, &url), true, "fine");
        check(Exposure { tls: tls.clone(), ..exposure("192.168.1.5") }, true, "fine");
        check(Exposure { proxies: proxies.clone(), ..exposure("127.0.0.1") }, true, "nobody said");
        check(Exposure { proxies, public_urls: url, ..exposure("127.0.0.1") }, false, "no token");
        for wrong in ["qubx.example.org", "ftp://x", "https://x/path", "https://u@x", "https://x?y", ""] {
            check(
                Exposure { public_urls: vec![wrong.to_owned()], ..exposure("127.0.0.1") },
                true,
                "no address of a page",
            );
        }
        for (url, expected) in [
            ("http://qubx.example.org", "without encryption"),
            ("http://localhost.example.org", "without encryption"),
            ("http://192.168.1.5:8000", "without encryption"),
            ("http://[2001:db8::1]", "without encryption"),
            ("http://localhost:8001", "fine"),
            ("http://127.0.0.1:8001", "fine"),
            ("http://[::1]", "fine"),
            ("http://[::1]:8001", "fine"),
        ] {
            check(Exposure { public_urls: vec![url.to_owned()], ..exposure("127.0.0.1") }, true, expected);
        }
    }

    #[test]
    fn it_answers_under_its_own_names_only() {
        let hosts = |exposure: Exposure| -> Vec<String> {
            exposure.fronts(([127, 0, 0, 1], 8000).into()).into_iter().map(|front| front.origin).collect()
        };
        assert_eq!(
            hosts(exposure("127.0.0.1")),
            ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"]
        );
        let url = vec!["https://Qubx.Example.org/".to_owned()];
        let tls = Some(("c".into(), "k".into()));
        assert_eq!(
            hosts(Exposure { tls, public_urls: url, ..exposure("192.168.1.5") }),
            ["https://192.168.1.5:8000", "https://qubx.example.org"]
        );
        let front = Front::new("qubx.example.org", 443, true);
        for (host, expected) in [
            ("qubx.example.org", true),
            ("QUBX.example.org:443", true),
            ("qubx.example.org:80", false),
            ("qubx.example.org.evil.test", false),
            ("evil.test", false),
            ("", false),
        ] {
            assert_eq!(front.is_host(host), expected, "{host}");
        }
    }
}
