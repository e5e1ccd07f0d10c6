//! Lines over time in braille, small lines in blocks, and the numbers beside them.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::App;
use crate::wrap;

/// What a small line is made of, from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A point in time, in milliseconds, and its value; none where the line is broken.
pub(super) type Point = (i64, Option<f64>);

/// Returns a line of `columns` blocks: the last value of each part of the points.
pub(super) fn spark(values: &[f64], columns: usize) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if values.is_empty() || columns == 0 {
        return String::new();
    }
    let columns = columns.min(values.len());
    let sampled: Vec<f64> = (1..=columns).map(|column| values[column * values.len() / columns - 1]).collect();
    let (low, high) = bounds(sampled.iter().copied()).unwrap_or((0.0, 0.0));
    let block = |value: f64| {
        let part = if high > low { (value - low) / (high - low) } else { 0.5 };
        BLOCKS[((part * 7.0).round().clamp(0.0, 7.0)) as usize]
    };
    sampled.into_iter().map(block).collect()
}

/// Returns the least and the greatest of the finite values.
pub(super) fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |bounds, value| {
        let (low, high) = bounds.unwrap_or((value, value));
        Some((f64::min(low, value), f64::max(high, value)))
    })
}

/// What a line is drawn in: a stretch of time and of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Window {
    /// Returns the window that points just fill, with a little air above and below.
    pub(super) fn around(points: &[Point], from: i64, to: i64) -> Option<Self> {
        let values = points.iter().filter(|(time, _)| (from..=to).contains(time));
        let (low, high) = bounds(values.filter_map(|(_, value)| *value))?;
        // A line without movement lies in the middle.
        let air = if high > low { (high - low) * 0.04 } else { (high.abs() * 0.001).max(0.5) };
        Some(Self { from, to, low: low - air, high: high + air })
    }

    /// Returns the value at a row's middle, of so many.
    pub(super) fn value_at(self, row: usize, rows: usize) -> f64 {
        let part = (row as f64 + 0.5) / rows.max(1) as f64;
        self.high - (self.high - self.low) * part
    }
}

/// Returns rows of braille with a line through the points; a blank cell is a space.
pub(super) fn braille(points: &[Point], window: Window, columns: usize, rows: usize) -> Vec<Vec<char>> {
    let (width, height) = (columns * 2, rows * 4);
    let mut dots = vec![vec![0_u8; columns]; rows];
    if width == 0 || height == 0 {
        return Vec::new();
    }
    let time = (window.to - window.from).max(1) as f64;
    let range = (window.high - window.low).max(f64::MIN_POSITIVE);
    let place = |(at, value): (i64, f64)| {
        let x = (at - window.from) as f64 / time * (width - 1) as f64;
        let y = (window.high - value) / range * (height - 1) as f64;
        (x.round() as i64, y.round() as i64)
    };
    let mut set = |x: i64, y: i64| {
        if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
            && x < width
            && y < height
        {
            dots[y / 4][x / 2] |= dot(x % 2, y % 4);
        }
    };
    let mut before: Option<(i64, i64)> = None;
    for &(at, value) in points {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            before = None;
            continue;
        };
        let (x, y) = place((at, value));
        match before {
            // Only what begins or ends in the window, so that a long history costs nothing.
            Some((from_x, from_y)) if x >= 0 && from_x < width as i64 => {
                stroke((from_x.max(-1), from_y), (x.min(width as i64), y), &mut set);
            }
            _ => set(x, y),
        }
        before = Some((x, y));
    }
    let glyph =
        |bits: u8| if bits == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ') };
    dots.into_iter().map(|row| row.into_iter().map(glyph).collect()).collect()
}

/// Draws a line over a stretch of time, with its values to the left and the time below where there is room.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, points: &[Point], (from, to): (i64, i64)) {
    let Some(window) = Window::around(points, from, to) else { return };
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    let has_times = rows >= 4;
    let plot_rows = rows - usize::from(has_times);
    let labelled = |row: usize| match plot_rows {
        0..=3 => row == 0 || row + 1 == plot_rows,
        _ => {
            row.is_multiple_of(3)
                || row + 1 == plot_rows && !(plot_rows - 1).is_multiple_of(3) && (plot_rows - 1) % 3 > 1
        }
    };
    let step = (window.high - window.low) / plot_rows.max(1) as f64;
    let labels: Vec<String> = (0..plot_rows)
        .map(|row| if labelled(row) { axis(window.value_at(row, plot_rows), step) } else { String::new() })
        .collect();
    let margin = labels.iter().map(|label| wrap::width(label)).max().unwrap_or_default();
    let plot_columns = columns.saturating_sub(margin + 2);
    let cells = braille(points, window, plot_columns, plot_rows);
    let mut lines: Vec<Line<'static>> = cells
        .into_iter()
        .zip(&labels)
        .map(|(cells, label)| {
            Line::from(vec![
                Span::styled(format!("{label:>margin$} "), app.theme.quiet()),
                Span::styled(cells.into_iter().collect::<String>(), app.theme.label()),
            ])
        })
        .collect();
    if has_times {
        let axis = times(window.from, window.to, plot_columns);
        lines.push(Line::styled(format!("{}{axis}", " ".repeat(margin + 1)), app.theme.quiet()));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns a line of times below a plot.
pub(super) fn times(from: i64, to: i64, columns: usize) -> String {
    let sample = wrap::width(&axis_time(from, to - from));
    let count = (columns / (sample + 6).max(1)).max(1);
    let (mut line, mut before) = (String::new(), String::new());
    for place in 0..=count {
        let column = place * columns.saturating_sub(1) / count;
        let at = from + (to - from) * column as i64 / columns.max(1) as i64;
        let text = axis_time(at, to - from);
        // The last one ends where the plot ends.
        let start = column.min(columns.saturating_sub(sample));
        let used = wrap::width(&line);
        // In the first second of a session all of them are the same.
        if start < used + usize::from(used > 0) || text == before {
            continue;
        }
        line.push_str(&" ".repeat(start - used));
        line.push_str(&text);
        before = text;
    }
    wrap::cut(&line, columns)
}

/// Returns the bit of a dot in a cell of two by four.
fn dot(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x][y]
}

/// Sets every dot between two.
fn stroke((x, y): (i64, i64), (to_x, to_y): (i64, i64), set: &mut impl FnMut(i64, i64)) {
    let steps = (to_x - x).abs().max((to_y - y).abs()).clamp(1, 4_096);
    for step in 0..=steps {
        let part = step as f64 / steps as f64;
        let between = |from: i64, to: i64| (from as f64 + (to - from) as f64 * part).round() as i64;
        set(between(x, to_x), between(y, to_y));
    }
}

/// Returns a number for an axis: as many digits as tell it from one that is `step` away, thousands as `k` where
/// that loses nothing.
pub(super) fn axis(value: f64, step: f64) -> String {
    let step = if step.is_finite() && step > 0.0 { step } else { 1.0 };
    let (scale, unit) = match value.abs() {
        size if size >= 1e7 && step >= 1e4 => (1e6, "M"),
        size if size >= 1e4 && step >= 10.0 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let decimals = (-(step / scale).log10()).ceil().clamp(0.0, 8.0) as usize;
    let decimals = if unit.is_empty() { decimals } else { decimals.max(1) };
    let text = format!("{:.*}", decimals, value / scale);
    let text = match text.strip_prefix('-') {
        Some(digits) if digits.chars().any(|digit| matches!(digit, '1'..='9')) => format!("−{digits}"),
        Some(digits) => digits.to_owned(),
        None => text,
    };
    format!("{text}{unit}")
}

/// Returns a time for an axis over that many milliseconds, in UTC.
pub(super) fn axis_time(milliseconds: i64, span: i64) -> String {
    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;
    let Ok(time) = Timestamp::from_millisecond(milliseconds) else { return String::new() };
    let format = match span {
        span if span <= 10 * MINUTE => "%H:%M:%S",
        span if span <= 2 * DAY => "%H:%M",
        span if span <= 14 * DAY => "%d %b %H:%M",
        _ => "%d %b",
    };
    time.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_line_goes_from_low_to_high() {
        assert_eq!(spark(&[1.0, 2.0, 3.0, 8.0], 10), "▁▂▃█");
        assert_eq!(spark(&[5.0, 5.0], 2), "▅▅");
        assert_eq!(spark(&[], 4), "");
        assert_eq!(spark(&(0..100).map(f64::from).collect::<Vec<_>>(), 4).chars().count(), 4);
    }

    #[test]
    fn a_line_is_drawn_through_its_points_and_broken_where_it_is() {
        let window = Window { from: 0, to: 7, low: 0.0, high: 3.0 };
        let rising: Vec<Point> = vec![(0, Some(0.0)), (7, Some(3.0))];
        let rows: Vec<String> =
            braille(&rising, window, 4, 1).iter().map(|row| row.iter().collect()).collect();
        assert_eq!(rows, ["⣀⠤⠒⠉"]);
        let broken: Vec<Point> = vec![(0, Some(0.0)), (3, None), (7, Some(3.0))];
        let rows: Vec<String> =
            braille(&broken, window, 4, 1).iter().map(|row| row.iter().collect()).collect();
        assert_eq!(rows, ["⡀  ⠈"]);
    }

    #[test]
    fn a_time_stands_once_below_a_plot() {
        assert_eq!(times(0, 500, 40), "00:00:00");
        assert_eq!(times(0, 2_000, 40), "00:00:00                        00:00:01");
    }

    #[test]
    fn labels_of_an_axis_tell_its_values_apart() {
        for (value, step, expected) in [
            (104_400.0, 1_400.0, "104.4k"),
            (10_000.5, 0.5, "10000.5"),
            (0.0123, 0.001, "0.012"),
            (-0.8, 0.1, "−0.8"),
            (-0.001, 1.0, "0"),
            (12_000_000.0, 100_000.0, "12.0M"),
        ] {
            assert_eq!(axis(value, step), expected);
        }
    }
}
