//! The gallery: what the screen shows beside the first picture, taken from a replay of recorded quotes.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::svg;
use crate::repository;
use crate::terminal::Terminal;
use crate::workbench::Workbench;

/// Where the pictures go, and the page that shows them.
const FOLDER: &str = "docs/gallery";
const PAGE: &str = "docs/gallery.md";
/// The market: real quotes, which are no part of the repository.
const QUOTES: &str = "../shared/data/binance-um-BTCUSDT-quotes.csv.gz";
/// The session.
const NAME: &str = "replay";
const SPEED: u32 = 300;
/// How long the replay may take until there is something to see, and a key until it has its effect.
const TRADES_WITHIN: Duration = Duration::from_secs(300);
const SHOWS_WITHIN: Duration = Duration::from_secs(30);
/// A screen takes no commands in its first moments.
const OPENS: Duration = Duration::from_millis(500);

/// A picture.
struct Shot {
    name: &'static str,
    /// What is to be seen, for the page.
    caption: &'static str,
    columns: u16,
    rows: u16,
    /// The keys after the start, and what shows that each did something.
    keys: &'static [(&'static str, &'static str)],
}

const SHOTS: &[Shot] = &[
    Shot {
        name: "chart",
        caption: "An instrument, by Enter on its row: candles with fills, orders and the average price of the position.",
        columns: 120,
        rows: 36,
        keys: &[("\x1b", "i prompt"), ("4", "sort"), ("\r", "1m"), ("z", "esc")],
    },
    Shot {
        name: "positions",
        caption: "A panel on the whole screen, by `z`: every column, sorted by `s`, with the market's age.",
        columns: 120,
        rows: 24,
        keys: &[("\x1b", "i prompt"), ("2", "close"), ("z", "rPnL")],
    },
    Shot {
        name: "equity",
        caption: "The equity of the account, and how far it is below its best.",
        columns: 120,
        rows: 30,
        keys: &[("\x1b", "i prompt"), ("5", "dd"), ("z", "dd")],
    },
    Shot {
        name: "ticket",
        caption: "A ticket, by `t`: what the order would do is worked out while it is typed.",
        columns: 120,
        rows: 36,
        keys: &[
            ("\x1b", "i prompt"),
            ("2", "close"),
            ("t", "TICKET"),
            ("b", "TICKET"),
            ("\x15", "TICKET"),
            ("0.5", "0.5▌"),
        ],
    },
    Shot {
        name: "flatten",
        caption: "Before everything is closed the effect is read back in numbers.",
        columns: 120,
        rows: 36,
        keys: &[("\x1b", "i prompt"), ("F", "FLATTEN ALL")],
    },
    Shot {
        name: "palette",
        caption: "Every command is found by a few letters, and shows its key; the strategy's own are among them.",
        columns: 120,
        rows: 36,
        keys: &[("\x10", "esc"), ("set", "set parameter")],
    },
    Shot {
        name: "narrow",
        caption: "80 columns: one panel at a time.",
        columns: 80,
        rows: 24,
        keys: &[("\x1b", "i prompt"), ("2", "uPnL")],
    },
];

/// Takes the pictures and writes the page.
///
/// # Errors
/// When the quotes are not there, or a screen does not come to show what it should.
pub(super) fn take(workbench: &Workbench) -> Result<()> {
    let quotes = repository::root().join(QUOTES);
    if !quotes.exists() {
        bail!("the gallery needs {}", quotes.display());
    }
    let config = repository::root().join("examples/replay.yml");
    let folder = repository::root().join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let files = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={}", quotes.display());
    let speed = format!("live.exchanges.REPLAY.params.speed={SPEED}");
    workbench.start_session_with(&config, NAME, &["--set", &files, "--set", &speed])?;
    wait_for_trades(workbench)?;
    let mut page = "# What it looks like\n\nThe terminal screen on a replay of recorded quotes, taken from the running program by \
                    `cargo xtask picture`.\n"
        .to_owned();
    for shot in SHOTS {
        let picture = one(workbench, shot).with_context(|| format!("the picture {}", shot.name))?;
        let path = folder.join(shot.name).with_extension("svg");
        std::fs::write(&path, picture).with_context(|| format!("writing {}", path.display()))?;
        let Shot { name, caption, .. } = shot;
        write!(page, "\n{caption}\n\n![{caption}](gallery/{name}.svg)\n")?;
    }
    workbench.stop_session(NAME)?;
    let path = repository::root().join(PAGE);
    std::fs::write(&path, page).with_context(|| format!("writing {}", path.display()))
}

/// Waits until there is a position, a line of the equity and some bars.
fn wait_for_trades(workbench: &Workbench) -> Result<()> {
    let mut terminal = Terminal::start(workbench.qubx(["attach", NAME]), 120, 40)?;
    terminal
        .wait_for("some fills", TRADES_WITHIN, |screen| screen.contents().matches("FILL ").count() >= 6)?;
    terminal.end()
}

fn one(workbench: &Workbench, shot: &Shot) -> Result<String> {
    let mut attach = workbench.qubx(["attach", NAME]);
    attach.env("USER", "you");
    let mut terminal = Terminal::start(attach, shot.columns, shot.rows)?;
    terminal.wait_for("a whole screen", SHOWS_WITHIN, |screen| screen.contents().contains("detach"))?;
    terminal.watch_for(OPENS)?;
    for (keys, shown) in shot.keys {
        terminal.type_keys(keys)?;
        terminal.wait_for(shown, SHOWS_WITHIN, |screen| screen.contents().contains(shown))?;
        terminal.watch_for(OPENS)?;
    }
    let picture = svg::draw(terminal.screen(), &format!("qubx attach {NAME}"));
    terminal.end()?;
    Ok(picture)
}
