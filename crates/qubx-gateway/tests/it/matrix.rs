//! Every route against every kind of visitor. The routes are the router's own; one without a row here fails the test.

use qubx_gateway::{Effect, Policy, Row};
use qubx_protocol::Role;

use crate::harness::{Request, World, token};

/// What a route answers to somebody who is let in, when the session it names is not there and its body is `{}`.
const ANSWERS: &[(&str, &str, u16)] = &[
    ("GET", "/", 200),
    ("GET", "/{*path}", 404),
    ("GET", "/health", 200),
    ("GET", "/ready", 200),
    ("GET", "/metrics", 200),
    ("GET", "/api/openapi.json", 200),
    ("POST", "/api/login", 400),
    ("POST", "/api/logout", 204),
    ("GET", "/api/me", 200),
    ("GET", "/api/tokens", 200),
    ("POST", "/api/tokens", 400),
    ("DELETE", "/api/tokens/{id}", 404),
    ("GET", "/api/sessions", 200),
    ("GET", "/api/sessions/{session}", 404),
    ("GET", "/api/sessions/{session}/history", 404),
    ("POST", "/api/sessions/{session}/commands", 400),
    ("POST", "/api/sessions/{session}/share", 400),
    ("GET", "/api/sessions/{session}/export/{file}", 404),
    ("GET", "/api/sessions/{session}/socket", 404),
];

/// Who sends a request, and how they say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    Nobody,
    Garbage(By),
    Expired(By),
    Revoked(By),
    /// A login link is for logging in only.
    Link,
    /// What is a cookie's is not a token's, and the other way round.
    Swapped(By),
    Known(Role, By),
    /// A token beside a cookie that is good: the token counts.
    GarbageTokenAndCookie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Cookie,
    Token,
}

const VISITORS: [Visitor; 17] = [
    Visitor::Nobody,
    Visitor::Garbage(By::Cookie),
    Visitor::Garbage(By::Token),
    Visitor::Expired(By::Cookie),
    Visitor::Expired(By::Token),
    Visitor::Revoked(By::Cookie),
    Visitor::Revoked(By::Token),
    Visitor::Link,
    Visitor::Swapped(By::Cookie),
    Visitor::Swapped(By::Token),
    Visitor::GarbageTokenAndCookie,
    Visitor::Known(Role::Viewer, By::Cookie),
    Visitor::Known(Role::Viewer, By::Token),
    Visitor::Known(Role::Trader, By::Cookie),
    Visitor::Known(Role::Trader, By::Token),
    Visitor::Known(Role::Admin, By::Cookie),
    Visitor::Known(Role::Admin, By::Token),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Own,
    Foreign,
    SamePortElsewhere,
    Null,
    Absent,
}

const ORIGINS: [Origin; 5] =
    [Origin::Own, Origin::Foreign, Origin::SamePortElsewhere, Origin::Null, Origin::Absent];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Own,
    Rebinding,
    OtherAddress,
    OtherPort,
    Absent,
}

const HOSTS: [Host; 5] = [Host::Own, Host::Rebinding, Host::OtherAddress, Host::OtherPort, Host::Absent];

const SITES: [Option<&str>; 4] = [None, Some("same-origin"), Some("same-site"), Some("cross-site")];

/// The secrets of those who have or had one.
struct Secrets {
    tokens: Vec<(Role, String)>,
    logins: Vec<(Role, String)>,
    expired: String,
    revoked_token: String,
    revoked_login: String,
    link: String,
}

impl Secrets {
    fn make(world: &World) -> Self {
        let roles = [Role::Viewer, Role::Trader, Role::Admin];
        let tokens: Vec<_> = roles.iter().map(|role| (*role, world.token(*role))).collect();
        let logins = tokens.iter().map(|(role, token)| (*role, world.login(token))).collect();
        let expired = qubx_gateway::Grant { lasts: Some(jiff::SignedDuration::ZERO), ..token(Role::Admin) };
        let expired = world.access.grant(expired).unwrap().1.reveal().to_owned();
        let named = qubx_gateway::Grant { name: "revoked".to_owned(), ..token(Role::Admin) };
        let revoked_token = world.access.grant(named).unwrap().1.reveal().to_owned();
        let revoked_login = world.login(&revoked_token);
        assert_eq!(world.access.revoke("revoked").unwrap().len(), 2);
        let link = world.access.grant(qubx_gateway::Grant::login_link("op")).unwrap().1.reveal().to_owned();
        Self { tokens, logins, expired, revoked_token, revoked_login, link }
    }

    fn token(&self, role: Role) -> &str {
        &self.tokens.iter().find(|(of, _)| *of == role).unwrap().1
    }

    fn login(&self, role: Role) -> &str {
        &self.logins.iter().find(|(of, _)| *of == role).unwrap().1
    }
}

/// Returns what the answer must be, by the words of the requirements alone.
fn expected(row: &Row, own: u16, visitor: Visitor, origin: Origin, host: Host, site: Option<&str>) -> u16 {
    if host != Host::Own {
        return 421;
    }
    let bears_token = !matches!(
        visitor,
        Visitor::Nobody
            | Visitor::Garbage(By::Cookie)
            | Visitor::Expired(By::Cookie)
            | Visitor::Revoked(By::Cookie)
            | Visitor::Swapped(By::Cookie)
            | Visitor::Known(_, By::Cookie)
            | Visitor::GarbageTokenAndCookie
    );
    match origin {
        Origin::Own => {}
        Origin::Absent if row.effect == Effect::Reads || bears_token => {}
        _ => return 403,
    }
    let is_page = row.policy == Policy::Public && row.effect == Effect::Reads;
    if !is_page && matches!(site, Some("same-site" | "cross-site")) {
        return 403;
    }
    let Policy::Needs(needed) = row.policy else { return own };
    match visitor {
        Visitor::Known(role, _) if role >= needed => own,
        Visitor::Known(..) => 403,
        _ => 401,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_holds_against_every_visitor() {
    let world = World::start().await;
    let secrets = Secrets::make(&world);
    let mut count: u32 = 0;
    for row in &world.rows {
        let known =
            ANSWERS.iter().find(|(method, path, _)| (*method, *path) == (row.method.as_str(), row.path));
        let (.., own) =
            known.unwrap_or_else(|| panic!("{} {} has no row in this test", row.method, row.path));
        for visitor in VISITORS {
            for origin in ORIGINS {
                for host in HOSTS {
                    for site in SITES {
                        count += 1;
                        let request = request(&world, &secrets, row, (visitor, origin, host, site), count);
                        let answer = world.send(&request).await;
                        let expected = expected(row, *own, visitor, origin, host, site);
                        assert_eq!(
                            answer.status(),
                            expected,
                            "{row:?} {visitor:?} {origin:?} {host:?} {site:?}\n{request:?}\n{answer:?}"
                        );
                        assert_headers(&answer, row);
                    }
                }
            }
        }
    }
    for (method, path, _) in ANSWERS {
        let is_there = world.rows.iter().any(|row| (row.method.as_str(), row.path) == (*method, *path));
        assert!(is_there, "{method} {path} is in this test and not in the router");
    }
    println!("{count} requests to {} routes answered as they must be", world.rows.len());
}

/// What every answer carries, whoever asked.
fn assert_headers(answer: &crate::harness::Answer, row: &Row) {
    for (name, part) in [
        ("content-security-policy", "default-src 'none'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        let value = answer.header(name).unwrap_or_default();
        assert!(value.contains(part), "{row:?}: {name} is `{value}`");
    }
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("server"), None);
}

type How<'a> = (Visitor, Origin, Host, Option<&'a str>);

fn request(world: &World, secrets: &Secrets, row: &Row, how: How<'_>, number: u32) -> Request {
    let (visitor, origin, host, site) = how;
    let path = row.path.replace("{*path}", "none-such.js").replace("{session}", "none-such");
    let path = path.replace("{id}", "none-such").replace("{file}", "log.txt");
    let mut request = Request::new(row.method.as_str(), &path);
    let port = world.port;
    match host {
        Host::Own => request = request.header("host", &format!("127.0.0.1:{port}")),
        Host::Rebinding => request = request.header("host", &format!("evil.test:{port}")),
        Host::OtherAddress => request = request.header("host", &format!("127.0.0.2:{port}")),
        Host::OtherPort => request = request.header("host", "127.0.0.1:1"),
        Host::Absent => {}
    }
    // Each comes from another address, so that none is held up for what others tried.
    let [_, a, b, c] = number.to_be_bytes();
    request = request.header("x-forwarded-for", &format!("10.{a}.{b}.{c}"));
    match origin {
        Origin::Own => request = request.header("origin", &world.origin()),
        Origin::Foreign => request = request.header("origin", "http://evil.test"),
        Origin::SamePortElsewhere => {
            request = request.header("origin", &format!("{}.evil.test", world.origin()))
        }
        Origin::Null => request = request.header("origin", "null"),
        Origin::Absent => {}
    }
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    let mut cookie = |value: &str| {
        request.headers.push(("cookie".to_owned(), format!("other=1; {}={value}", world.cookie())));
    };
    match visitor {
        Visitor::Nobody | Visitor::Link => {}
        Visitor::Garbage(By::Cookie) => cookie("qx_garbage"),
        Visitor::Expired(By::Cookie) => cookie(&secrets.expired),
        Visitor::Revoked(By::Cookie) => cookie(&secrets.revoked_login),
        Visitor::Swapped(By::Cookie) => cookie(secrets.token(Role::Admin)),
        // Logging out ends the login, so that each needs one of its own.
        Visitor::Known(role, By::Cookie) if row.path == "/api/logout" => {
            cookie(&world.login(secrets.token(role)))
        }
        Visitor::Known(role, By::Cookie) => cookie(secrets.login(role)),
        Visitor::GarbageTokenAndCookie => cookie(secrets.login(Role::Admin)),
        _ => {}
    }
    let bearer = match visitor {
        Visitor::Garbage(By::Token) | Visitor::GarbageTokenAndCookie => Some("qx_garbage"),
        Visitor::Expired(By::Token) => Some(secrets.expired.as_str()),
        Visitor::Revoked(By::Token) => Some(secrets.revoked_token.as_str()),
        Visitor::Swapped(By::Token) => Some(secrets.login(Role::Admin)),
        Visitor::Link => Some(secrets.link.as_str()),
        Visitor::Known(role, By::Token) => Some(secrets.token(role)),
        _ => None,
    };
    if let Some(bearer) = bearer {
        request = request.header("authorization", &format!("Bearer {bearer}"));
    }
    match row.effect {
        Effect::Reads => {}
        Effect::Opens => {
            request = request
                .header("upgrade", "websocket")
                .header("connection", "upgrade")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        Effect::Changes => {
            request = request.header("x-qubx", "1");
            if row.method.as_str() == "POST" {
                request = request.header("content-type", "application/json").body("{}");
            }
        }
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_changes_nothing() {
    let world = World::start().await;
    let cookie = format!("{}={}", world.cookie(), world.login(&world.token(Role::Admin)));
    let body = r#"{"name": "evil", "role": "admin"}"#;
    let plain = |content_type: &str, intent: bool| {
        let request = Request::new("POST", "/api/tokens")
            .header("host", &format!("127.0.0.1:{}", world.port))
            .header("origin", &world.origin())
            .header("cookie", &cookie)
            .header("content-type", content_type)
            .body(body);
        if intent { request.header("x-qubx", "1") } else { request }
    };
    for (content_type, intent, expected) in [
        ("application/json", false, 403),
        ("text/plain", true, 415),
        ("application/x-www-form-urlencoded", true, 415),
        ("multipart/form-data; boundary=x", true, 415),
        ("application/json-evil", true, 415),
        ("application/json; charset=utf-8", true, 200),
    ] {
        assert_eq!(
            world.send(&plain(content_type, intent)).await.status(),
            expected,
            "{content_type} {intent}"
        );
    }
    let made = world.access.entries().unwrap().into_iter().filter(|entry| entry.name == "evil").count();
    assert_eq!(made, 1, "only the last one was taken");
}
