//! The description of the interface for programs, held against the router and against itself.

use qubx_protocol::Role;
use serde_json::Value;

use crate::harness::{Request, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_description_has_every_route_and_every_type_that_it_names() {
    let world = World::start().await;
    let request = Request::new("GET", "/api/openapi.json")
        .header("host", &format!("127.0.0.1:{}", world.port))
        .header("authorization", &format!("Bearer {}", world.token(Role::Viewer)));
    let answer = world.send(&request).await;
    let description: Value = serde_json::from_str(answer.body()).unwrap();
    for row in world.rows.iter().filter(|row| !matches!(row.path, "/" | "/{*path}")) {
        let operation = &description["paths"][row.path][row.method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string(), "{} {} is not described", row.method, row.path);
    }
    let mut named = Vec::new();
    references(&description, &mut named);
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        let pointer = name.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{name} is named and not described");
    }
    // The commands are the protocol's own.
    let commands = serde_json::to_string(&description["components"]["schemas"]["Command"]).unwrap();
    for command in
        ["execute", "place", "modify", "cancel_orders", "close", "flatten", "pause", "set_parameter", "stop"]
    {
        assert!(commands.contains(&format!("\"{command}\"")), "{command} is missing: {commands}");
    }
}

/// Collects what a description refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get("$ref") {
                found.push(name.clone());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
