//! Links, cookies, and how often one may try.

use qubx_gateway::Grant;
use qubx_protocol::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Request, World, token};

fn login(world: &World, secret: &str, from: &str) -> Request {
    Request::new("POST", "/api/login")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("origin", &world.origin())
        .header("x-forwarded-for", from)
        .header("x-qubx", "1")
        .header("content-type", "application/json")
        .body(&json!({"token": secret}).to_string())
}

fn me(world: &World, cookie: &str) -> Request {
    Request::new("GET", "/api/me")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("cookie", cookie)
}

/// Returns the cookie that an answer sets, as a browser sends it back.
fn set_cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_once_and_its_cookie_is_for_the_browser_alone() {
    let world = World::start().await;
    let link = world.access.grant(Grant::login_link("op")).unwrap().1;
    let answer = world.send(&login(&world, link.reveal(), "10.0.0.1")).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    let set = answer.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert!(set.starts_with(&format!("{}=", world.cookie())) && !set.contains("Secure"), "{set}");
    let body: Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!((&body["name"], &body["role"]), (&json!("op"), &json!("admin")));
    assert_eq!(world.send(&me(&world, &set_cookie(&answer))).await.status(), 200);
    assert_eq!(world.send(&login(&world, link.reveal(), "10.0.0.1")).await.status(), 401, "not twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_encryption_the_cookie_is_bound_to_the_host() {
    let world = World::start().await;
    let secret = world.token(Role::Viewer);
    let request = Request::new("POST", "/api/login")
        .header("host", "qubx.example.org")
        .header("origin", "https://qubx.example.org")
        .header("x-qubx", "1")
        .header("content-type", "application/json")
        .body(&json!({"token": secret}).to_string());
    let answer = world.send(&request).await;
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-qubx=") && set.contains("; Secure"), "{set}");
    assert!(answer.header("strict-transport-security").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_on_one_machine_do_not_log_each_other_out() {
    let (one, other) = (World::start().await, World::start().await);
    let mut cookies = String::new();
    for world in [&one, &other] {
        let secret = world.token(Role::Viewer);
        let answer = world.send(&login(world, &secret, "10.0.0.1")).await;
        cookies += &format!("{}; ", set_cookie(&answer));
    }
    // A browser sends the cookies of all ports to each.
    for world in [&one, &other] {
        assert_eq!(world.send(&me(world, cookies.trim_end_matches("; "))).await.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_waits() {
    let world = World::start().await;
    for _ in 0..5 {
        assert_eq!(world.send(&login(&world, "qx_guess", "10.0.0.9")).await.status(), 401);
    }
    let answer = world.send(&login(&world, "qx_guess", "10.0.0.9")).await;
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    // Also with the right one, and also by another way; another address is not held up.
    let secret = world.token(Role::Viewer);
    assert_eq!(world.send(&login(&world, &secret, "10.0.0.9")).await.status(), 429);
    let bearer = Request::new("GET", "/api/me")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("x-forwarded-for", "10.0.0.9")
        .header("authorization", &format!("Bearer {secret}"));
    assert_eq!(world.send(&bearer).await.status(), 429);
    assert_eq!(world.send(&login(&world, &secret, "10.0.0.8")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_the_proxy_s_word_up() {
    // The header counts from a proxy only, and then the last address that is none: what a client wrote stands before it.
    let world = World::start().await;
    for number in 0..5 {
        let from = format!("10.9.9.{number}, 10.0.0.9");
        assert_eq!(world.send(&login(&world, "qx_guess", &from)).await.status(), 401);
    }
    assert_eq!(world.send(&login(&world, "qx_guess", "10.9.9.77, 10.0.0.9")).await.status(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_login_and_only_it() {
    let world = World::start().await;
    let secret = world.token(Role::Viewer);
    let (one, other) = (world.login(&secret), world.login(&secret));
    let cookie = |value: &str| format!("{}={value}", world.cookie());
    let logout = Request::new("POST", "/api/logout")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("origin", &world.origin())
        .header("x-qubx", "1")
        .header("cookie", &cookie(&one));
    assert_eq!(world.send(&logout).await.status(), 204);
    assert_eq!(world.send(&me(&world, &cookie(&one))).await.status(), 401);
    assert_eq!(world.send(&me(&world, &cookie(&other))).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_one_session_sees_no_other() {
    let world = World::start().await;
    let _one = world.session("one");
    let _other = world.session("other");
    let grant = Grant { session: Some("one".to_owned()), ..token(Role::Viewer) };
    let secret = world.access.grant(grant).unwrap().1;
    let get = |path: &str| {
        Request::new("GET", path)
            .header("host", &format!("127.0.0.1:{}", world.port))
            .header("authorization", &format!("Bearer {}", secret.reveal()))
    };
    let list = world.send(&get("/api/sessions")).await;
    let list: Value = serde_json::from_str(list.body()).unwrap();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one"]);
    for path in ["/api/sessions/other", "/api/sessions/other/history", "/api/sessions/other/export/log.txt"] {
        let (refused, none) =
            (world.send(&get(path)).await, world.send(&get(&path.replace("other", "none"))).await);
        assert_eq!((refused.status(), refused.body()), (404, none.body()), "it is as if there were none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_session_is_for_its_name_however_the_session_was_named() {
    let world = World::start().await;
    let _session = world.session("ema");
    let admin = world.token(Role::Admin);
    let asks = |method: &str, path: &str, secret: &str| {
        Request::new(method, path)
            .header("host", &format!("127.0.0.1:{}", world.port))
            .header("authorization", &format!("Bearer {secret}"))
    };
    let listed = world.send(&asks("GET", "/api/sessions", &admin)).await;
    let listed: Value = serde_json::from_str(listed.body()).unwrap();
    let id = listed[0]["id"].as_str().unwrap();
    assert_ne!(id, "ema");
    for (given, seen) in [(id, 1), ("ema", 1), ("not yet", 0)] {
        let body = json!({"name": "anna", "role": "viewer", "session": given}).to_string();
        let request =
            asks("POST", "/api/tokens", &admin).header("content-type", "application/json").body(&body);
        let made = world.send(&request).await;
        let made: Value = serde_json::from_str(made.body()).unwrap();
        let sessions = world.send(&asks("GET", "/api/sessions", made["token"].as_str().unwrap())).await;
        let sessions: Value = serde_json::from_str(sessions.body()).unwrap();
        assert_eq!(sessions.as_array().unwrap().len(), seen, "{given}: {sessions}");
    }
    let kept = world.access.entries().unwrap();
    let kept: Vec<_> =
        kept.iter().filter(|entry| entry.name == "anna").map(|entry| entry.session.as_deref()).collect();
    assert_eq!(kept, [Some("ema"), Some("ema"), Some("not yet")]);
}
