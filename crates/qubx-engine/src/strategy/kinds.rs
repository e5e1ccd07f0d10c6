//! The kinds of what a strategy takes from outside: `bool`, `int`, `float`, `str` and `any`. No I/O.

use qubx_protocol::Action;
use serde_json::{Map, Value};

/// Returns the kind of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Null | Value::Array(_) | Value::Object(_) => "any",
    }
}

/// Checks that a value is of a kind.
///
/// # Errors
/// What it must be.
pub(super) fn check(kind: &str, value: &Value) -> Result<(), String> {
    let (fits, rule) = match kind {
        "bool" => (value.is_boolean(), "true or false"),
        "int" => (value.is_i64() || value.is_u64(), "a whole number"),
        "float" => (value.is_number(), "a number"),
        "str" => (value.is_string(), "a text"),
        _ => (true, ""),
    };
    if fits { Ok(()) } else { Err(format!("must be {rule}, not {value}")) }
}

/// Checks the arguments of an action, and puts in the defaults of those that are missing.
///
/// # Errors
/// What is wrong with them.
pub(super) fn complete(action: &Action, mut given: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut arguments = Map::new();
    for parameter in &action.parameters {
        let value = given.remove(&parameter.name).or_else(|| parameter.default.clone());
        let value = value.ok_or_else(|| format!("{} needs `{}`", action.name, parameter.name))?;
        check(&parameter.kind, &value).map_err(|problem| format!("`{}` {problem}", parameter.name))?;
        arguments.insert(parameter.name.clone(), value);
    }
    match given.keys().next() {
        None => Ok(arguments),
        Some(name) => Err(format!("{} takes no `{name}`", action.name)),
    }
}
