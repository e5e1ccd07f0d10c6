//! `cargo xtask record FILE`: what a service says to a screen, kept as a file of frames, a line each.
//!
//! Real money is never traded in a test, so a session in mode live is known from here alone: a real session on paper,
//! with what is of one machine made neutral and its mode turned into `live`. A little of everything happens in it, before
//! the screen attaches and while it watches.

mod neutral;
mod peer;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use qubx_protocol::{
    CellStatus, Command, CommandId, Fact, InstrumentId, NewOrder, ServerMessage, SessionState, Side,
    StrategyState, TimeInForce, VerbOutcome,
};

use self::neutral::Neutral;
use self::peer::Peer;
use crate::step;
use crate::workbench::Workbench;

/// The config: its strategy rests orders on both sides, publishes, and has parameters and an action.
const CONFIG: &str = "examples/market_maker.yml";
/// The session.
const NAME: &str = "market-maker";
/// The market moves slowly, so that the file stays small.
const SLOWLY: &str = "live.exchanges.SIM.params.quotes_per_second=1";
/// The largest file, in bytes: it is read by every test that needs it.
const LARGEST: usize = 250_000;
/// How often the screen is told the newest values before the recording ends.
const MOST_NEWEST: usize = 40;

/// Records a session into `file`.
///
/// # Errors
/// When the session does not come to have what the recording is for.
pub(crate) fn run(file: &Path) -> Result<()> {
    let workbench = Workbench::prepare_unoptimised()?;
    let messages = step::timed("recording a session", || record(&workbench))?;
    let lines: Vec<String> = messages.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let text = lines.join("\n") + "\n";
    ensure!(text.len() <= LARGEST, "the recording has {} bytes; {LARGEST} are allowed", text.len());
    std::fs::write(file, &text).with_context(|| format!("writing {}", file.display()))?;
    println!("{}: {} frames, {} bytes", file.display(), lines.len(), text.len());
    Ok(())
}

fn record(workbench: &Workbench) -> Result<Vec<ServerMessage>> {
    let found = workbench.start_session_with(Path::new(CONFIG), NAME, &["--set", SLOWLY])?;
    let qubx = &found.file.qubx;
    let mut other = Peer::attach(&qubx.socket, "op2@pts/3", false)?;
    before(&mut Peer::attach(&qubx.socket, "op1@pts/1", true)?)?;
    let mut screen = Peer::attach(&qubx.socket, "op1@pts/1", true)?;
    meanwhile(&mut screen, &mut other)?;
    let neutral = Neutral::of(workbench.home(), qubx);
    let recorded = merge_newest(screen.into_recorded());
    workbench.stop_session(NAME)?;
    let messages: Vec<ServerMessage> =
        recorded.iter().map(|message| neutral.make(message)).collect::<Result<_>>()?;
    check(&messages)?;
    Ok(messages)
}

/// What a screen finds that attaches later.
fn before(screen: &mut Peer) -> Result<()> {
    screen.until("quotes", |message| match message {
        ServerMessage::Latest(latest) => {
            latest.market.as_ref().filter(|market| market.quotes.len() == 2).map(drop)
        }
        _ => None,
    })?;
    run_cell(screen, "[instrument.symbol for instrument in ctx.instruments]", CellStatus::Ok)?;
    run_cell(screen, "1 / 0", CellStatus::Error)?;
    give(screen, Command::Place(order("BTCUSDT", Side::Buy, "0.25", None)))?;
    give(screen, Command::Place(order("ETHUSDT", Side::Sell, "4", None)))?;
    run_cell(screen, "ctx.log('BTCUSDT signal +0.4')", CellStatus::Ok)
}

/// What happens while the screen watches.
fn meanwhile(screen: &mut Peer, other: &mut Peer) -> Result<()> {
    let code = "for instrument, position in ctx.get_positions().items():\n    print(instrument.symbol, position.quantity)";
    run_cell(screen, code, CellStatus::Ok)?;
    give(screen, Command::Place(order("BTCUSDT", Side::Buy, "0.1", Some("40000"))))?;
    run_cell(screen, "ctx.log('ETHUSDT: the market is thin', level='warning')", CellStatus::Ok)?;
    run_cell(other, "S.half_spread_bps = 5", CellStatus::Ok)?;
    give(screen, Command::Place(order("ETHUSDT", Side::Buy, "0.5", None)))?;
    for _ in 0..MOST_NEWEST {
        screen.until("newest values", |message| matches!(message, ServerMessage::Latest(_)).then_some(()))?;
    }
    Ok(())
}

fn order(symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> NewOrder {
    NewOrder {
        instrument: InstrumentId::new("SIM", symbol),
        side,
        quantity: quantity.parse().expect("a quantity of this file is a number"),
        price: price.map(|price| price.parse().expect("a price of this file is a number")),
        stop_price: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
    }
}

/// Runs a cell to its end.
fn run_cell(peer: &mut Peer, code: &str, expected: CellStatus) -> Result<()> {
    let id = peer.give(Command::Execute { code: code.to_owned() })?;
    let mut number = None;
    let status = peer.until(code, |message| match fact(message)? {
        Fact::Cell { cell, command: Some(command), .. } if *command == id => {
            number = Some(*cell);
            None
        }
        Fact::CellFinished { cell, status, .. } if number == Some(*cell) => Some(*status),
        _ => None,
    })?;
    ensure!(status == expected, "the cell `{code}` ended with {status:?}");
    Ok(())
}

/// Gives a verb and waits until it is done.
fn give(peer: &mut Peer, command: Command) -> Result<()> {
    let verb = command.verb();
    let id: CommandId = peer.give(command)?;
    let (outcome, text) = peer.until(verb, |message| match message {
        ServerMessage::Refused(refusal) if refusal.command == id => {
            Some((VerbOutcome::Failed, refusal.message.clone()))
        }
        _ => match fact(message)? {
            Fact::Verb { verb, .. }
                if verb.command.as_ref() == Some(&id) && verb.outcome != VerbOutcome::Started =>
            {
                Some((verb.outcome, verb.text.clone()))
            }
            _ => None,
        },
    })?;
    if outcome != VerbOutcome::Done {
        bail!("`{verb}` failed: {text}");
    }
    Ok(())
}

fn fact(message: &ServerMessage) -> Option<&Fact> {
    match message {
        ServerMessage::Event(event) => Some(&event.fact),
        _ => None,
    }
}

/// Makes one message of newest values that follow each other: nobody could have seen the older ones.
fn merge_newest(messages: Vec<ServerMessage>) -> Vec<ServerMessage> {
    let mut merged: Vec<ServerMessage> = Vec::new();
    for message in messages {
        match (merged.last_mut(), message) {
            (Some(ServerMessage::Latest(last)), ServerMessage::Latest(newer)) => last.merge(newer),
            (_, message) => merged.push(message),
        }
    }
    merged
}

/// Asserts that a recording has what tests look for: positions, orders that rest, and a strategy that runs.
fn check(messages: &[ServerMessage]) -> Result<()> {
    let Some(ServerMessage::Welcome(welcome)) = messages.first() else {
        bail!("the first frame is no welcome");
    };
    let mut state: SessionState = *welcome.snapshot.clone().context("the welcome has no state")?;
    let mut has_newest = false;
    for message in &messages[1..] {
        match message {
            ServerMessage::Event(event) => drop(state.apply(event)),
            ServerMessage::Latest(_) => has_newest = true,
            other => bail!("a frame is neither an event nor newest values: {other:?}"),
        }
    }
    let positions = state.open_positions().count();
    ensure!(positions == 2, "{positions} positions are open; run it once more");
    ensure!(state.orders.len() >= 3, "{} orders rest; run it once more", state.orders.len());
    ensure!(has_newest, "the newest values are missing");
    let strategy = state.status.map(|status| status.strategy.state);
    ensure!(strategy == Some(StrategyState::Running), "the strategy does not run");
    Ok(())
}
