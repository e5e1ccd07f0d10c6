//! What a visitor cannot make the gateway do: wait without end, keep much, or say more than it should.

use std::time::Duration;

use qubx_protocol::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Request, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_arrive_is_not_waited_for() {
    let world = World::start().await;
    let mut slow = TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, slow.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it is ended after ten seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_before_it_is_there() {
    let world = World::start().await;
    let request = Request::new("POST", "/api/tokens")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("authorization", &format!("Bearer {}", world.token(Role::Admin)))
        .header("content-type", "application/json")
        .header("content-length", &(5_u64 << 30).to_string());
    let answer = tokio::time::timeout(PATIENCE, world.send(&request)).await;
    assert_eq!(answer.expect("an answer in time").status(), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_json_is_refused() {
    let world = World::start().await;
    let deep = "[".repeat(200_000);
    let request = Request::new("POST", "/api/tokens")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("authorization", &format!("Bearer {}", world.token(Role::Admin)))
        .header("content-type", "application/json")
        .body(&deep);
    assert_eq!(world.send(&request).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_reads_a_file() {
    let world = World::start().await;
    std::fs::write(world.home().root().join("secret.txt"), "canary").unwrap();
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/assets/../../../../etc/passwd",
        "/api/sessions/..%2f..%2fsecret.txt/export/log.txt",
        "/api/sessions/x/export/..%2f..%2fsecret.txt",
    ] {
        let request = Request::new("GET", path)
            .header("host", &format!("127.0.0.1:{}", world.port))
            .header("authorization", &format!("Bearer {}", world.token(Role::Admin)));
        let answer = world.send(&request).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!answer.body().contains("canary") && !answer.body().contains("root:"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_that_say_nothing_keep_nobody_out() {
    let world = World::start().await;
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(TcpStream::connect(("127.0.0.1", world.port)).await.unwrap());
    }
    let request = Request::new("GET", "/health").header("host", &format!("127.0.0.1:{}", world.port));
    let answer = tokio::time::timeout(Duration::from_secs(20), world.send(&request)).await;
    assert_eq!(answer.expect("an answer in time").status(), 200);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_tells_no_path_of_this_machine() {
    let world = World::start().await;
    std::fs::write(world.home().root().join("access/tokens.json"), "{").unwrap();
    let request = Request::new("POST", "/api/login")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("origin", &world.origin())
        .header("x-qubx", "1")
        .header("content-type", "application/json")
        .body("{\"token\": \"qx_x\"}");
    let answer = world.send(&request).await;
    assert_eq!(answer.status(), 503);
    assert!(!answer.text.contains(&world.home().root().display().to_string()), "{answer:?}");
}
