//! The equity over time as a file of its own: a line, the capital, and below it how far it had fallen. No I/O.
//!
//! It stands alone, in a browser, a report or a README: no font, script or file beside it, and colours of its own for light
//! and dark. Names are others' words, so they are escaped.

use std::fmt::{self, Write};

use qubx_protocol::{AccountResults, EquityPoint, Results};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::figures::Figures;
use super::table::time;

/// The size of the picture of one account, in pixels; several stand below one another.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 360.0;
/// Where the lines are drawn.
const LEFT: f64 = 128.0;
const RIGHT: f64 = 936.0;
const EQUITY: (f64, f64) = (64.0, 244.0);
const FALL: (f64, f64) = (268.0, 320.0);
/// From one label to the next at least.
const LABEL_HEIGHT: f64 = 16.0;

/// Plain rules, without variables, which not every program that draws SVG knows.
const STYLE: &str = "\
text { font-family: system-ui, sans-serif; font-size: 13px; fill: #59636e }
.title { font-weight: 600; font-size: 15px }
.title, .figures { fill: #1f2328 }
.right { text-anchor: end }
.paper { fill: #ffffff }
.rule { stroke: #d1d9e0; fill: none }
.capital { stroke: #59636e; stroke-dasharray: 4 4; fill: none }
.equity { stroke: #0969da; stroke-width: 1.6; stroke-linejoin: round; fill: none }
.fall { stroke: #cf222e; stroke-width: 1; fill: #cf222e; fill-opacity: 0.22 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 }
  .title, .figures { fill: #e6edf3 }
  .paper { fill: #0d1117 }
  .rule { stroke: #3d444d }
  .capital { stroke: #9198a1 }
  .equity { stroke: #4493f8 }
  .fall { stroke: #f85149; fill: #f85149 }
}";

/// Returns the picture as the text of an SVG file.
pub(crate) fn svg(name: &str, results: &Results) -> String {
    let mut svg = String::new();
    compose(&mut svg, name, results).expect("writing to a String cannot fail");
    svg
}

fn compose(svg: &mut String, name: &str, results: &Results) -> fmt::Result {
    let height = HEIGHT * results.accounts.len().max(1) as f64;
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">"#
    )?;
    writeln!(svg, "<title>{}</title>", escaped(&format!("{name}: {}", super::line(results))))?;
    writeln!(svg, "<style>\n{STYLE}\n</style>")?;
    writeln!(svg, r#"<rect class="paper" width="{WIDTH}" height="{height}"/>"#)?;
    for (place, account) in results.accounts.iter().enumerate() {
        writeln!(svg, r#"<g transform="translate(0 {})">"#, HEIGHT * place as f64)?;
        panel(svg, name, account)?;
        writeln!(svg, "</g>")?;
    }
    writeln!(svg, "</svg>")
}

fn panel(svg: &mut String, name: &str, results: &AccountResults) -> fmt::Result {
    let figures = Figures::of(results);
    let account = &results.account;
    text(svg, "title", (24.0, 34.0), &format!("{name} · {}", account.exchange))?;
    let summary = format!(
        "{} {} ({}) · max drawdown {} ({}) · Sharpe {}",
        figures.profit(),
        account.currency,
        figures.return_on_capital(),
        figures.max_drawdown(),
        figures.max_drawdown_part(),
        figures.sharpe()
    );
    text(svg, "figures right", (RIGHT, 34.0), &summary)?;
    let (Some(first), Some(last)) = (results.equity.first(), results.equity.last()) else { return Ok(()) };
    equity(svg, results, &figures)?;
    fall(svg, results, &figures)?;
    text(svg, "", (LEFT, 344.0), &format!("{} UTC", time(first.time)))?;
    text(svg, "right", (RIGHT, 344.0), &format!("{} UTC", time(last.time)))
}

fn equity(svg: &mut String, results: &AccountResults, figures: &Figures<'_>) -> fmt::Result {
    let capital = results.account.capital;
    let values = || results.equity.iter().map(|point| point.equity);
    let highest = values().max().unwrap_or_default();
    let lowest = values().min().unwrap_or_default();
    let scale = Scale::new(lowest.min(capital).0, highest.max(capital).0, EQUITY);
    rule(svg, "rule", EQUITY.0)?;
    rule(svg, "rule", EQUITY.1)?;
    rule(svg, "capital", scale.y(capital.0))?;
    let at = [scale.y(highest.0), scale.y(lowest.0)];
    text(svg, "right", (LEFT - 8.0, at[0] + 4.5), &figures.amount(highest))?;
    if highest != lowest {
        text(svg, "right", (LEFT - 8.0, at[1] + 4.5), &figures.amount(lowest))?;
    }
    let y = scale.y(capital.0);
    if at.iter().all(|other| (other - y).abs() >= LABEL_HEIGHT) {
        text(svg, "right", (LEFT - 8.0, y + 4.5), &figures.amount(capital))?;
    }
    text(svg, "right", (RIGHT, y - 5.0), "capital")?;
    let line = path(&results.equity, |point| scale.y(point.equity.0));
    writeln!(svg, r#"<path class="equity" d="M{line}"/>"#)
}

fn fall(svg: &mut String, results: &AccountResults, figures: &Figures<'_>) -> fmt::Result {
    let mut peak = results.account.capital;
    let falls: Vec<EquityPoint> = results
        .equity
        .iter()
        .map(|point| {
            peak = peak.max(point.equity);
            EquityPoint { time: point.time, equity: point.equity - peak }
        })
        .collect();
    let deepest = falls.iter().map(|point| point.equity).min().unwrap_or_default();
    rule(svg, "rule", FALL.0)?;
    text(svg, "right", (LEFT - 8.0, FALL.0 + 4.5), "drawdown")?;
    if deepest.is_zero() {
        return Ok(());
    }
    text(svg, "right", (LEFT - 8.0, FALL.1 + 4.5), &figures.amount(deepest))?;
    let scale = Scale::new(deepest.0, Decimal::ZERO, FALL);
    let line = path(&falls, |point| scale.y(point.equity.0));
    writeln!(svg, r#"<path class="fall" d="M{LEFT:.1},{:.1} {line} {RIGHT:.1},{:.1}Z"/>"#, FALL.0, FALL.0)
}

/// From values to places between the top and the bottom of a part of the picture.
struct Scale {
    lowest: f64,
    highest: f64,
    top: f64,
    bottom: f64,
}

impl Scale {
    fn new(lowest: Decimal, highest: Decimal, (top, bottom): (f64, f64)) -> Self {
        Self { lowest: float(lowest), highest: float(highest), top, bottom }
    }

    fn y(&self, value: Decimal) -> f64 {
        let part = (float(value) - self.lowest) / (self.highest - self.lowest);
        // Without a change it is a line in the middle.
        let part = if part.is_finite() { part } else { 0.5 };
        self.bottom - part * (self.bottom - self.top)
    }
}

/// Returns the places of points, from the left to the right end.
fn path(points: &[EquityPoint], y: impl Fn(&EquityPoint) -> f64) -> String {
    let moment = |point: &EquityPoint| point.time.as_millisecond() as f64;
    let (begin, end) = (points.first().map_or(0.0, moment), points.last().map_or(0.0, moment));
    let place = |point: &EquityPoint| {
        let part = (moment(point) - begin) / (end - begin);
        let part = if part.is_finite() { part } else { 1.0 };
        format!("{:.1},{:.1}", LEFT + part * (RIGHT - LEFT), y(point))
    };
    points.iter().map(place).collect::<Vec<_>>().join(" ")
}

fn rule(svg: &mut String, class: &str, y: f64) -> fmt::Result {
    writeln!(svg, r#"<path class="{class}" d="M{LEFT:.1},{y:.1} {RIGHT:.1},{y:.1}"/>"#)
}

fn text(svg: &mut String, class: &str, (x, y): (f64, f64), text: &str) -> fmt::Result {
    writeln!(svg, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{}</text>"#, escaped(text))
}

fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

/// Returns text as XML has it; what XML cannot have at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}
