//! The kinds of what a strategy takes from outside: `bool`, `int`, `float`, `str` and `any`. No I/O.

use serde_json::{Number, Value};

/// Returns what was typed as a value of a kind.
///
/// # Errors
/// What it must be.
pub fn parse(kind: &str, text: &str) -> Result<Value, String> {
    let number = || text.trim().parse::<Number>().ok().map(Value::Number);
    let value = match kind {
        "str" => Some(Value::String(text.to_owned())),
        "bool" => match text.trim() {
            "true" | "True" => Some(Value::Bool(true)),
            "false" | "False" => Some(Value::Bool(false)),
            _ => None,
        },
        "int" | "float" => number(),
        // A list, a map, a number; what is no JSON is a text.
        _ => Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
    };
    match value {
        Some(value) => check(kind, &value).map(|()| value),
        None => Err(must_be(kind, &format!("`{text}`"))),
    }
}

/// Checks that a value is of a kind.
///
/// # Errors
/// What it must be.
pub fn check(kind: &str, value: &Value) -> Result<(), String> {
    let fits = match kind {
        "bool" => value.is_boolean(),
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        "str" => value.is_string(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(must_be(kind, &value.to_string())) }
}

fn must_be(kind: &str, found: &str) -> String {
    let rule = match kind {
        "bool" => "true or false",
        "int" => "a whole number",
        "float" => "a number",
        _ => "a text",
    };
    format!("must be {rule}, not {found}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_typed_becomes_a_value_of_its_kind_or_says_what_it_must_be() {
        for (kind, text, expected) in [
            ("bool", "true", Ok(json!(true))),
            ("bool", "False", Ok(json!(false))),
            ("bool", "yes", Err("must be true or false, not `yes`")),
            ("int", "-7", Ok(json!(-7))),
            ("int", "7.5", Err("must be a whole number, not 7.5")),
            ("int", "seven", Err("must be a whole number, not `seven`")),
            ("float", "7", Ok(json!(7))),
            ("float", "0.25", Ok(json!(0.25))),
            ("float", "1e-3", Ok(json!(0.001))),
            ("float", "inf", Err("must be a number, not `inf`")),
            ("str", "7", Ok(json!("7"))),
            ("str", "", Ok(json!(""))),
            ("any", "[1, \"a\"]", Ok(json!([1, "a"]))),
            ("any", "a b", Ok(json!("a b"))),
        ] {
            assert_eq!(parse(kind, text), expected.map_err(str::to_owned), "{kind} {text}");
        }
    }
}
