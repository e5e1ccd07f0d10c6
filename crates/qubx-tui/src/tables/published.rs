//! What the strategy lets others see and change: what it published, its parameters, actions and callbacks.

use qubx_protocol::{InstrumentId, Published, PublishedContent};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::app::App;
use crate::facts::Facts;
use crate::format::{self, Sign, UNKNOWN};
use crate::sanitize;
use crate::table::{Column, Field, Rank, Row, RowKey, Table, Tone, left, right};
use crate::wrap;

/// The widest column of a published table.
const WIDEST: usize = 24;

/// Returns everything of the strategy as one table: what it is, its name, the instrument it belongs to, how it is now.
pub(crate) fn overview(app: &App) -> Table {
    let columns = vec![
        left("What", 9, 2),
        Column { most: 28, ..left("Name", 14, 0) },
        left("Of", 10, 1),
        Column { most: 60, ..left("Now", 12, 0) },
        right("Age", 4, 3),
    ];
    let mut rows = Vec::new();
    for kind in ["value", "series", "table"] {
        rows.extend(published(app).iter().filter(|shown| what(&shown.content) == kind).map(|shown| {
            let age = format::between(shown.time, crate::facts::engine_time(&app.mirror, app.now));
            row(
                RowKey::Published(shown.name.clone(), shown.instrument.clone()),
                kind,
                &shown.name,
                shown.instrument.as_ref().map(|id| app.mirror.label(id)),
                now(&shown.content),
                Some(Field::lasting(age, format::age(age))),
            )
        }));
    }
    if let Some(status) = app.mirror.status() {
        for parameter in &status.strategy.parameters {
            let mut text = json(&parameter.value);
            if parameter.value != parameter.default {
                text.push_str(&format!("  (else {})", json(&parameter.default)));
            }
            let key = RowKey::Parameter(parameter.name.clone());
            let kind = sanitize::plain(&parameter.kind);
            rows.push(row(key, "parameter", &parameter.name, Some(kind), Field::words(text), None));
        }
        for action in &status.strategy.actions {
            let danger = if action.dangerous { "asks first" } else { "" };
            let key = RowKey::Action(action.name.clone());
            let text = Field::words(sanitize::plain(&action.description));
            rows.push(row(key, "action", &action.name, Some(danger.to_owned()), text, None));
        }
    }
    for callback in app.mirror.latest.strategy.iter().flat_map(|strategy| &strategy.callbacks) {
        let text = format!(
            "{} times · mean {} · worst {}",
            format::number(Decimal::from(callback.count), 0, Sign::Minus),
            micros(callback.mean_us),
            micros(callback.worst_us)
        );
        let key = RowKey::Callback(callback.name.clone());
        rows.push(row(key, "callback", &callback.name, None, Field::words(text), None));
    }
    Table { columns, rows, empty: "The strategy shows nothing of itself yet.".to_owned() }
}

/// Returns what the strategy published.
pub(crate) fn published(app: &App) -> &[Published] {
    app.mirror.latest.strategy.as_ref().map_or(&[], |strategy| &strategy.published)
}

/// Returns what was published under a name for an instrument.
pub(crate) fn find<'a>(app: &'a App, name: &str, instrument: Option<&InstrumentId>) -> Option<&'a Published> {
    published(app).iter().find(|shown| shown.name == name && shown.instrument.as_ref() == instrument)
}

/// Returns a published table with columns as wide as what is in them; none when it is something else.
pub(crate) fn table(content: &PublishedContent) -> Option<Table> {
    let PublishedContent::Table { columns, rows } = content else { return None };
    let cells: Vec<Vec<Field>> = rows.iter().map(|row| row.iter().map(field).collect()).collect();
    let column = |(place, title): (usize, &String)| {
        let title = sanitize::plain(title);
        let texts = || rows.iter().filter_map(move |row| row.get(place));
        let widest =
            cells.iter().filter_map(|row| row.get(place)).map(|field| wrap::width(&field.text)).max();
        let width = widest.unwrap_or_default().max(wrap::width(&title)).clamp(1, WIDEST);
        let left = !texts().all(|value| value.is_number() || value.is_null());
        Column {
            title: title.into(),
            width,
            most: width,
            left,
            importance: if place == 0 { 0 } else { 1 },
            sorts_as: None,
        }
    };
    let columns = columns.iter().enumerate().map(column).collect();
    let row = |(place, fields)| Row { key: RowKey::Place(place), fields, old: false, flash: false };
    let rows = cells.into_iter().enumerate().map(row).collect();
    Some(Table { columns, rows, empty: "The table has no rows.".to_owned() })
}

/// Returns a value of JSON as people read it.
pub(crate) fn json(value: &Value) -> String {
    match value {
        Value::Null => UNKNOWN.to_owned(),
        Value::Bool(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Value::String(text) => sanitize::plain(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => format::number(Decimal::from(whole), 0, Sign::Minus),
            (None, Some(value)) => float(value),
            (None, None) => number.to_string(),
        },
        Value::Array(_) | Value::Object(_) => sanitize::plain(&value.to_string()),
    }
}

/// Returns a number in about six digits.
pub(crate) fn float(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    if size != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.3e}").replace('-', "−");
    }
    let whole = if size >= 1.0 { size.log10() as u32 + 1 } else { 0 };
    match Decimal::try_from(value) {
        Ok(exact) => {
            let decimals = 6_u32.saturating_sub(whole).clamp(2, 6);
            format::number(exact, exact.round_dp(decimals).normalize().scale(), Sign::Minus)
        }
        Err(_) => value.to_string(),
    }
}

fn row(key: RowKey, what: &str, name: &str, of: Option<String>, now: Field, age: Option<Field>) -> Row {
    let fields = vec![
        Field::words(what).toned(Tone::Quiet),
        Field::words(sanitize::plain(name)),
        Field::words(of.unwrap_or_default()),
        now,
        age.unwrap_or_else(|| Field::words("")),
    ];
    Row { key, fields, old: false, flash: false }
}

fn what(content: &PublishedContent) -> &'static str {
    match content {
        PublishedContent::Value(_) => "value",
        PublishedContent::Series { .. } => "series",
        PublishedContent::Table { .. } => "table",
    }
}

fn now(content: &PublishedContent) -> Field {
    match content {
        PublishedContent::Value(value) => field(value),
        PublishedContent::Series { value: Some(value), .. } => {
            Field { rank: Rank::Float(*value), ..Field::words(float(*value)) }
        }
        PublishedContent::Series { value: None, .. } => Field::unknown(),
        PublishedContent::Table { rows, .. } => Field::words(format::count(rows.len(), "row")),
    }
}

fn field(value: &Value) -> Field {
    let text = json(value);
    match value.as_f64() {
        Some(number) => Field { rank: Rank::Float(number), ..Field::words(text) },
        None if value.is_null() => Field::unknown(),
        None => Field::words(text),
    }
}

/// Returns a duration that is given in microseconds: `12 µs`, `3.1 ms`, `1.2 s`.
fn micros(micros: f64) -> String {
    match micros {
        micros if micros < 1_000.0 => format!("{micros:.0} µs"),
        micros if micros < 1e6 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        for (given, expected) in [
            (value!(null), "–"),
            (value!(true), "yes"),
            (value!(12_345), "12,345"),
            (value!(0.5), "0.5"),
            (value!(-1.25), "−1.25"),
            (value!(64_102.123_456), "64,102.12"),
            (value!(0.000_012), "1.200e−5"),
            (value!("a\nb\u{1b}[31m"), "a b"),
            (value!([1, 2]), "[1,2]"),
        ] {
            assert_eq!(json(&given), expected, "{given}");
        }
    }

    #[test]
    fn a_published_table_has_its_digits_to_the_right() {
        let content = PublishedContent::Table {
            columns: vec!["name".to_owned(), "pnl".to_owned(), "short".to_owned()],
            rows: vec![vec![value!("a"), value!(1.5), value!("x")], vec![value!("b"), value!(null)]],
        };
        let table = table(&content).unwrap();
        let left: Vec<bool> = table.columns.iter().map(|column| column.left).collect();
        assert_eq!(left, [true, false, true]);
        assert_eq!(table.rows[1].fields[1].text, "–");
        assert_eq!(table.rows[1].fields.len(), 2);
    }
}
