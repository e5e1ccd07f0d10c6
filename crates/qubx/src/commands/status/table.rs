//! A table that a strategy publishes, as text.

use serde_json::Value;

/// How many rows of a table are printed.
const MOST_ROWS: usize = 20;

/// How many characters of a cell are printed.
const LONGEST_CELL: usize = 40;

/// Writes a table with its columns side by side, numbers at the right; of a long one its beginning.
pub(super) fn lines(columns: &[String], rows: &[Vec<Value>]) -> Vec<String> {
    let shown: Vec<Vec<String>> =
        rows.iter().take(MOST_ROWS).map(|row| row.iter().map(text).collect()).collect();
    let width = |place: usize| {
        let cells = shown.iter().filter_map(|row| row.get(place)).chain(columns.get(place));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let is_number =
        |place: usize| rows.iter().all(|row| row.get(place).is_none_or(|value| !value.is_string()));
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(place, (cell, width))| {
            if is_number(place) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let more = rows.len().saturating_sub(MOST_ROWS);
    let rest = match more {
        _ if rows.is_empty() => Some("no rows".to_owned()),
        0 => None,
        more => Some(format!("and {more} more; `--json` has all of them")),
    };
    let header = (!columns.is_empty()).then(|| line(columns));
    header.into_iter().chain(shown.iter().map(|row| line(row))).chain(rest).collect()
}

/// Writes a cell in one line.
fn text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut characters = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let shown: String = characters.by_ref().take(LONGEST_CELL).collect();
    if characters.next().is_some() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_stand_side_by_side_and_numbers_at_the_right() {
        let columns = ["symbol", "weight"].map(ToOwned::to_owned);
        let rows = [vec![json!("BTC"), json!(0.25)], vec![json!("ETHUSDT"), json!(null)]];
        assert_eq!(lines(&columns, &rows), ["symbol   weight", "BTC        0.25", "ETHUSDT    null"]);
        assert_eq!(lines(&columns, &[]), ["symbol  weight", "no rows"]);
        assert_eq!(lines(&[], &[]), ["no rows"]);
    }

    #[test]
    fn a_cell_is_one_line_and_of_a_long_one_the_beginning_is_printed() {
        assert_eq!(text(&json!("two\nlines")), "two lines");
        assert_eq!(text(&json!("x".repeat(41))), format!("{}…", "x".repeat(40)));
    }

    #[test]
    fn of_a_long_table_the_beginning_is_printed() {
        let rows: Vec<_> = (0..50).map(|number| vec![json!(number)]).collect();
        let lines = lines(&["n".to_owned()], &rows);
        assert_eq!((lines.len(), lines[20].as_str()), (22, "19"));
        assert_eq!(lines[21], "and 30 more; `--json` has all of them");
    }
}
