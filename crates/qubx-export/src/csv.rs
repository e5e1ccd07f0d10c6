//! Lines of CSV, as RFC 4180 has them. No I/O.

/// A value of a table.
pub(crate) enum Value {
    /// A number, a time or one word of ours, which stands as it is.
    Exact(String),
    /// Text of others.
    Text(String),
}

/// Returns values in a line.
pub(crate) fn line(values: &[Value]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| match value {
            Value::Exact(text) => quoted(text),
            Value::Text(text) => quoted(&harmless(text)),
        })
        .collect();
    values.join(",") + "\r\n"
}

/// Puts an apostrophe before text that a spreadsheet would take for a formula.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_rfc_4180_says_and_runs_nothing() {
        let check = |value: Value, expected: &str| assert_eq!(line(&[value]), format!("{expected}\r\n"));
        let text = |text: &str| Value::Text(text.to_owned());
        check(Value::Exact("-0.10".to_owned()), "-0.10");
        check(text("plain"), "plain");
        check(text("a,b"), "\"a,b\"");
        check(text("say \"x\"\nthen"), "\"say \"\"x\"\"\nthen\"");
        check(text("=1+1"), "'=1+1");
        check(text("+1"), "'+1");
        check(text("-1"), "'-1");
        check(text("@SUM(A1)"), "'@SUM(A1)");
        check(text("\t=1"), "'\t=1");
        check(text("=cmd|'/c x'!A1,\""), "\"'=cmd|'/c x'!A1,\"\"\"");
        check(text("op@cli"), "op@cli");
        assert_eq!(line(&[text("a"), Value::Exact(String::new()), text("c")]), "a,,c\r\n");
    }
}
