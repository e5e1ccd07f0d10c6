//! The description of the interface for programs, made of the table of routes and of the types that they take and answer.
//! <https://spec.openapis.org/oas/v3.1.0>

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::gateway::Gateway;
use crate::http::{Effect, Policy, Row};

/// `GET /api/openapi.json`
pub(crate) async fn openapi(State(gateway): State<Arc<Gateway>>) -> Json<Value> {
    Json(description(gateway.rows()))
}

/// Returns the description of these routes. Those of the page are left out.
fn description(rows: &[Row]) -> Value {
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    let mut paths: Map<String, Value> = Map::new();
    let is_of_the_page = |row: &&Row| matches!(row.path, "/" | "/{*path}");
    for row in rows.iter().filter(|row| !is_of_the_page(row)) {
        let operation = operation(row, &mut schemas);
        let methods = paths.entry(row.path).or_insert_with(|| json!({}));
        methods[row.method.as_str().to_ascii_lowercase()] = operation;
    }
    let schemas: Map<String, Value> =
        schemas.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "qubx",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sessions of qubx for programs. Objects without a schema here are documented in docs/json.md.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(row: &Row, schemas: &mut Vec<(String, RefOr<Schema>)>) -> Value {
    let mut reference = |described: crate::http::Described| {
        (described.parts)(schemas);
        let name = (described.name)().into_owned();
        match (described.schema)() {
            // A list of objects has no name of its own.
            list @ RefOr::T(Schema::Array(_)) => json!(list),
            schema => {
                schemas.push((name.clone(), schema));
                json!({"$ref": format!("#/components/schemas/{name}")})
            }
        }
    };
    let parameters: Vec<Value> = row
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut answer = json!({"description": row.about});
    if let Some(answers) = row.answers {
        answer["content"] = json!({"application/json": {"schema": reference(answers)}});
    }
    let mut operation = json!({
        "summary": row.about,
        "parameters": parameters,
        "responses": {"2XX": answer, "4XX": {"description": "`{error: {code, message, hint?}}`"}},
    });
    if let Some(takes) = row.takes {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": reference(takes)}}});
    }
    if let Policy::Needs(role) = row.policy {
        operation["security"] = json!([{"token": []}]);
        operation["x-role"] = json!(role);
    }
    if row.effect == Effect::Opens {
        operation["x-websocket"] = json!(true);
    }
    operation
}
