//! The cells that candles are drawn in: half a cell is the smallest height.

use ratatui::style::Style;
use ratatui::text::Span;

/// Cells with a scale of prices.
pub(super) struct Grid {
    cells: Vec<Vec<(char, Style)>>,
    columns: usize,
    low: f64,
    high: f64,
}

impl Grid {
    /// Returns empty cells whose prices go from `low`, at the bottom, to `high`.
    pub(super) fn new(columns: usize, rows: usize, low: f64, high: f64) -> Self {
        Self { cells: vec![vec![(' ', Style::default()); columns]; rows], columns, low, high }
    }

    /// Returns the row of a price, the nearest one when it is outside.
    pub(super) fn row(&self, price: f64) -> usize {
        self.half(price) / 2
    }

    /// Returns the half row of a price, counted from the top.
    fn half(&self, price: f64) -> usize {
        let halves = (self.cells.len() * 2).max(1);
        let part = (self.high - price) / (self.high - self.low).max(f64::MIN_POSITIVE);
        ((part * halves as f64).floor().max(0.0) as usize).min(halves - 1)
    }

    /// Draws a candle of open, high, low and close. Without colours, a rising one is hollow.
    pub(super) fn candle(
        &mut self,
        column: usize,
        [open, high, low, close]: [f64; 4],
        style: Style,
        color: bool,
    ) {
        let body = self.half(open.max(close))..=self.half(open.min(close));
        let wick = self.half(high)..=self.half(low);
        let is_hollow = !color && close >= open;
        for row in 0..self.cells.len() {
            let (upper, lower) = (row * 2, row * 2 + 1);
            let glyph = match (body.contains(&upper), body.contains(&lower)) {
                (true, true) if is_hollow => '║',
                (true, false) | (false, true) if is_hollow => '╫',
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => match (wick.contains(&upper), wick.contains(&lower)) {
                    (true, true) => '│',
                    (true, false) => '╵',
                    (false, true) => '╷',
                    (false, false) => continue,
                },
            };
            self.set(column, row, glyph, style);
        }
    }

    /// Draws a line across at a price, behind the candles, with a label at its beginning. Outside of the prices the
    /// label alone stands at the edge, with the direction.
    pub(super) fn line(&mut self, price: f64, dash: char, label: &str, style: Style) {
        let row = self.row(price);
        let (label, is_inside) = match price {
            price if price > self.high => (format!("↑ {label}"), false),
            price if price < self.low => (format!("↓ {label}"), false),
            _ => (format!("{dash} {label} "), true),
        };
        if is_inside {
            for column in 0..self.columns {
                if self.cells.get(row).is_some_and(|cells| cells[column].0 == ' ') {
                    self.set(column, row, dash, style);
                }
            }
        }
        for (column, letter) in label.chars().enumerate() {
            self.set(column, row, letter, style);
        }
    }

    /// Puts a mark below a price.
    pub(super) fn below(&mut self, column: usize, price: f64, glyph: char, style: Style) {
        self.set(column, self.row(price) + 1, glyph, style);
    }

    /// Puts a mark above a price.
    pub(super) fn above(&mut self, column: usize, price: f64, glyph: char, style: Style) {
        self.set(column, self.row(price).saturating_sub(1), glyph, style);
    }

    fn set(&mut self, column: usize, row: usize, glyph: char, style: Style) {
        let last = self.cells.len().saturating_sub(1);
        if let Some(cell) = self.cells.get_mut(row.min(last)).and_then(|cells| cells.get_mut(column)) {
            *cell = (glyph, style);
        }
    }

    /// Returns the rows as spans, neighbours of one style together.
    pub(super) fn into_lines(self) -> Vec<Vec<Span<'static>>> {
        let line = |cells: Vec<(char, Style)>| {
            let mut spans: Vec<(String, Style)> = Vec::new();
            for (glyph, style) in cells {
                match spans.last_mut() {
                    Some((text, of)) if *of == style => text.push(glyph),
                    _ => spans.push((glyph.to_string(), style)),
                }
            }
            spans.into_iter().map(|(text, style)| Span::styled(text, style)).collect()
        };
        self.cells.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(candle: [f64; 4], color: bool) -> Vec<String> {
        let mut grid = Grid::new(1, 4, 0.0, 8.0);
        grid.candle(0, candle, Style::default(), color);
        let text = |spans: Vec<Span<'static>>| spans.iter().map(|span| span.content.as_ref()).collect();
        grid.into_lines().into_iter().map(text).collect()
    }

    #[test]
    fn a_candle_has_its_body_in_half_cells_and_its_wicks() {
        assert_eq!(drawn([5.5, 7.5, 1.5, 3.5], true), ["│", "█", "▀", "╵"]);
    }

    #[test]
    fn without_colours_a_rising_candle_is_hollow_and_a_falling_one_is_not() {
        assert_eq!(drawn([2.5, 7.5, 0.5, 5.5], false)[1], "║");
        assert_eq!(drawn([5.5, 7.5, 0.5, 2.5], false)[1], "█");
    }

    #[test]
    fn a_line_lies_behind_the_candles_and_one_that_is_too_far_says_where() {
        let mut grid = Grid::new(12, 4, 0.0, 8.0);
        grid.candle(10, [5.5, 5.5, 4.5, 4.5], Style::default(), true);
        grid.line(4.5, '─', "avg", Style::default());
        grid.line(99.0, '╌', "BUY", Style::default());
        let text = |spans: Vec<Span<'static>>| spans.iter().map(|span| span.content.as_ref()).collect();
        let lines: Vec<String> = grid.into_lines().into_iter().map(text).collect();
        assert_eq!(lines, ["↑ BUY       ", "─ avg ────█─", "            ", "            "]);
    }
}
