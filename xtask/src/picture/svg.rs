//! A terminal's screen as an SVG: a window with one text per run of equal style. No I/O.
//!
//! Each run is stretched to the width of its cells, so that the picture is the same with every monospaced font, and
//! frames are drawn as lines, since fonts leave gaps between them.

use std::fmt::{self, Write};

use vt100::{Cell, Color, Screen};

use crate::picture::lines;

/// The size of a cell, in pixels.
pub(super) const CELL: (f64, f64) = (8.4, 18.0);
/// The size of the font; its advance is 0.6 of it in most monospaced fonts, which is the width of a cell.
const FONT_SIZE: f64 = 14.0;
/// From the top of a cell to the line that letters stand on.
const BASELINE: f64 = 13.5;
/// From the window's edge to the text.
const MARGIN: f64 = 16.0;
/// The height of the window's title.
const TITLE_BAR: f64 = 40.0;
/// The window's own colours.
const BACKGROUND: &str = "#0d1117";
/// Text without a colour of its own.
const FOREGROUND: &str = "#d5dce4";
/// The sixteen colours that a program names by number.
const PALETTE: [&str; 16] = [
    "#21262d", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#b1bac4", "#7d8792",
    "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#76e3ea", "#f0f6fc",
];

/// How a run of cells looks.
#[derive(Clone, PartialEq)]
struct Look {
    foreground: String,
    background: Option<String>,
    bold: bool,
    italic: bool,
    dim: bool,
    underline: bool,
}

/// Cells beside each other that look the same.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    look: Look,
}

/// Returns `screen` as a picture of a window with a title.
pub(super) fn draw(screen: &Screen, title: &str) -> String {
    let mut svg = String::new();
    compose(&mut svg, screen, title).expect("writing to a String cannot fail");
    svg
}

fn compose(svg: &mut String, screen: &Screen, title: &str) -> fmt::Result {
    let (rows, columns) = screen.size();
    let width = f64::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(rows) * CELL.1 + TITLE_BAR + MARGIN;
    window(svg, width, height, title)?;
    let runs: Vec<(u16, Run)> =
        (0..rows).flat_map(|row| runs(screen, row).into_iter().map(move |run| (row, run))).collect();
    for (row, run) in &runs {
        background(svg, *row, run)?;
    }
    if !screen.hide_cursor() {
        cursor(svg, screen.cursor_position())?;
    }
    for (row, run) in &runs {
        text(svg, *row, run)?;
    }
    for (colour, path) in lines::paths(screen, foreground) {
        writeln!(svg, r#"<path stroke="{colour}" d="{path}"/>"#)?;
    }
    writeln!(svg, "</g>\n</svg>")
}

fn window(svg: &mut String, width: f64, height: f64, title: &str) -> fmt::Result {
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">"#
    )?;
    writeln!(svg, "<title>{}</title>", escaped(title))?;
    writeln!(
        svg,
        "<style>text{{font:{FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;\
         fill:{FOREGROUND}}}g rect{{shape-rendering:crispEdges}}path{{fill:none}}</style>"
    )?;
    writeln!(
        svg,
        r##"<rect x=".5" y=".5" width="{}" height="{}" rx="10" fill="{BACKGROUND}" stroke="#30363d"/>"##,
        width - 1.0,
        height - 1.0
    )?;
    for (place, colour) in [(20, "#ff5f57"), (40, "#febc2e"), (60, "#28c840")] {
        writeln!(svg, r#"<circle cx="{place}" cy="20" r="6" fill="{colour}"/>"#)?;
    }
    let middle = width / 2.0;
    writeln!(
        svg,
        r#"<text x="{middle}" y="25" text-anchor="middle" opacity=".6">{}</text>"#,
        escaped(title)
    )?;
    writeln!(svg, r#"<g transform="translate({MARGIN} {TITLE_BAR})">"#)
}

/// Splits a row into runs, also after several blanks: SVG would make one of them, and columns are to stay in place.
/// What is blank on the window's own background is left out.
fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..screen.size().1 {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
            continue;
        };
        let cells = 1 + u16::from(cell.is_wide());
        let content = if lines::is_line(cell.contents()) { " " } else { cell.contents() };
        let content = if content.is_empty() { " " } else { content };
        let look = look(cell);
        match runs.last_mut() {
            Some(run) if run.look == look && !(run.text.ends_with("  ") && content != " ") => {
                run.text.push_str(content);
                run.cells += cells;
            }
            _ => runs.push(Run { column, cells, text: content.to_owned(), look }),
        }
    }
    runs.retain(|run| run.look.background.is_some() || !run.text.trim().is_empty());
    runs
}

fn look(cell: &Cell) -> Look {
    let (text, ground) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
    let (text, ground) = if cell.inverse() {
        (
            Some(ground.unwrap_or_else(|| BACKGROUND.to_owned())),
            Some(text.unwrap_or_else(|| FOREGROUND.to_owned())),
        )
    } else {
        (text, ground)
    };
    Look {
        foreground: text.unwrap_or_else(|| FOREGROUND.to_owned()),
        background: ground,
        bold: cell.bold(),
        italic: cell.italic(),
        dim: cell.dim(),
        underline: cell.underline(),
    }
}

fn foreground(cell: &Cell) -> String {
    look(cell).foreground
}

/// Returns a colour as SVG writes it; none for the window's own.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Idx(index @ 0..16) => Some(PALETTE[usize::from(index)].to_owned()),
        // The cube of 216 colours, see xterm's `256colres.h`.
        Color::Idx(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some(hexadecimal(level(index / 36), level(index / 6 % 6), level(index % 6)))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(hexadecimal(grey, grey, grey))
        }
        Color::Rgb(red, green, blue) => Some(hexadecimal(red, green, blue)),
    }
}

fn hexadecimal(red: u8, green: u8, blue: u8) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn background(svg: &mut String, row: u16, run: &Run) -> fmt::Result {
    let Some(colour) = &run.look.background else { return Ok(()) };
    let (x, y) = (f64::from(run.column) * CELL.0, f64::from(row) * CELL.1);
    let (width, height) = (f64::from(run.cells) * CELL.0, CELL.1);
    writeln!(svg, r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height}" fill="{colour}"/>"#)
}

fn cursor(svg: &mut String, (row, column): (u16, u16)) -> fmt::Result {
    let (x, y) = (f64::from(column) * CELL.0, f64::from(row) * CELL.1);
    let (width, height) = CELL;
    writeln!(svg, r#"<rect x="{x:.1}" y="{y:.1}" width="{width}" height="{height}" fill="{FOREGROUND}"/>"#)
}

fn text(svg: &mut String, row: u16, run: &Run) -> fmt::Result {
    let trimmed = run.text.trim_start();
    let blanks = run.text.chars().count() - trimmed.chars().count();
    let trimmed = trimmed.trim_end();
    if trimmed.is_empty() {
        return Ok(());
    }
    // A blank is one cell; a wide character is two, and only `run.cells` counts those.
    let left_out = run.text.chars().count() - trimmed.chars().count();
    let x = (f64::from(run.column) + blanks as f64) * CELL.0;
    let width = (f64::from(run.cells) - left_out as f64) * CELL.0;
    let y = f64::from(row) * CELL.1 + BASELINE;
    write!(svg, r#"<text x="{x:.1}" y="{y:.1}" textLength="{width:.1}" lengthAdjust="spacingAndGlyphs""#)?;
    let look = &run.look;
    if look.foreground != FOREGROUND {
        write!(svg, r#" style="fill:{}""#, look.foreground)?;
    }
    for (wanted, attribute) in [
        (look.bold, r#" font-weight="bold""#),
        (look.italic, r#" font-style="italic""#),
        (look.dim, r#" opacity=".6""#),
        (look.underline, r#" text-decoration="underline""#),
    ] {
        svg.push_str(if wanted { attribute } else { "" });
    }
    writeln!(svg, ">{}</text>", escaped(trimmed))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bytes: &str) -> String {
        let mut emulator = vt100::Parser::new(2, 20, 0);
        emulator.process(bytes.as_bytes());
        draw(emulator.screen(), "a title")
    }

    #[test]
    fn text_keeps_its_place_and_its_style() {
        let svg = drawn("  a<b \x1b[1;31mred\x1b[0m");
        assert!(svg.contains(
            r#"<text x="16.8" y="13.5" textLength="25.2" lengthAdjust="spacingAndGlyphs">a&lt;b<"#
        ));
        assert!(svg.contains(r##"style="fill:#ff7b72" font-weight="bold">red</text>"##));
    }

    #[test]
    fn reversed_text_has_the_window_s_colours_exchanged() {
        let svg = drawn("\x1b[7mx\x1b[0m");
        assert!(svg.contains(&format!(r#"width="8.4" height="18" fill="{FOREGROUND}"/>"#)));
        assert!(svg.contains(&format!(r#"style="fill:{BACKGROUND}">x</text>"#)));
    }

    #[test]
    fn frames_are_lines_and_not_letters() {
        let svg = drawn("┌──┐\r\n└──┘");
        assert!(svg.contains(r#"d="M4.2 9h25.2M4.2 27h25.2M4.2 9v18M29.4 9v18"/>"#), "{svg}");
        assert!(!svg.contains('┌'));
    }
}
