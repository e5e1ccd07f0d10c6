//! The verbs that change something: pause, resume, cancel-orders, close, flatten.

use std::io::{BufRead, IsTerminal};

use qubx_protocol::{Command, InstrumentId, Mode, SessionState, VerbOutcome, VerbProgress};

use crate::arguments::VerbArguments;
use crate::failure::{Failure, Outcome};
use crate::find::find;
use crate::json;
use crate::out::{ask, outln};
use crate::talk::{ANSWER_WITHIN, Talk, question};

/// `qubx pause NAME`
pub(crate) async fn pause(arguments: VerbArguments) -> Result<Outcome, Failure> {
    act(arguments, |state| {
        let is_paper = state.status.as_ref().is_some_and(|status| status.info.mode == Mode::Paper);
        let effect = "refuses new entries and cancels those that rest; exits go on (undo with resume)";
        Ok((Command::Pause, (!is_paper).then(|| effect.to_owned())))
    })
    .await
}

/// `qubx resume NAME`
pub(crate) async fn resume(arguments: VerbArguments) -> Result<Outcome, Failure> {
    act(arguments, |state| {
        let is_paper = state.status.as_ref().is_some_and(|status| status.info.mode == Mode::Paper);
        let effect = (!is_paper).then(|| "new entries are allowed again".to_owned());
        Ok((Command::Resume, effect))
    })
    .await
}

/// `qubx cancel-orders NAME`
pub(crate) async fn cancel_orders(arguments: VerbArguments) -> Result<Outcome, Failure> {
    act(arguments, |state| {
        let effect = format!("cancels {} open orders", state.orders.len());
        Ok((Command::CancelOrders { instrument: None }, Some(effect)))
    })
    .await
}

/// `qubx close NAME SYMBOL`
pub(crate) async fn close(arguments: VerbArguments, symbol: String) -> Result<Outcome, Failure> {
    act(arguments, |state| {
        let instrument = instrument(state, &symbol)?;
        let quantity = state.positions.get(&instrument).map(|position| position.quantity).unwrap_or_default();
        let effect = format!("closes {quantity} {symbol} at market");
        Ok((Command::Close { instrument }, Some(effect)))
    })
    .await
}

/// `qubx flatten NAME`
pub(crate) async fn flatten(arguments: VerbArguments) -> Result<Outcome, Failure> {
    act(arguments, |state| {
        let (orders, positions) = (state.orders.len(), state.open_positions().count());
        let effect = format!(
            "cancels {orders} orders, closes {positions} positions at market, and pauses (undo with resume)"
        );
        Ok((Command::Flatten, Some(effect)))
    })
    .await
}

async fn act(
    arguments: VerbArguments,
    command: impl FnOnce(&SessionState) -> Result<(Command, Option<String>), Failure>,
) -> Result<Outcome, Failure> {
    let mut talk = open(&arguments).await?;
    let (command, effect) = command(talk.state())?;
    let verb = give(&mut talk, &arguments, command, effect).await?;
    talk.client.close().await;
    print(&verb, arguments.json);
    Ok(if verb.outcome == VerbOutcome::Done { Outcome::Done } else { Outcome::NotWell })
}

/// Opens a conversation with the session that a verb names.
pub(super) async fn open(arguments: &VerbArguments) -> Result<Talk, Failure> {
    let found = find(&arguments.name)?;
    Ok(Talk::open(question(&found, true, ANSWER_WITHIN)).await?)
}

/// Gives a command after its effect was confirmed, and returns how it ended; none needs no word.
pub(super) async fn give(
    talk: &mut Talk,
    arguments: &VerbArguments,
    command: Command,
    effect: Option<String>,
) -> Result<VerbProgress, Failure> {
    if let Some(effect) = effect {
        confirm(&arguments.name, &effect, arguments.yes)?;
    }
    Ok(talk.verb(command, ANSWER_WITHIN * 6).await?)
}

/// Prints what came of something that the strategy did.
pub(super) fn print_result(verb: &VerbProgress, json: bool) -> Result<Outcome, Failure> {
    let is_done = verb.outcome == VerbOutcome::Done;
    if json {
        outln!("{}", json::line(verb));
        return Ok(if is_done { Outcome::Done } else { Outcome::NotWell });
    }
    if is_done {
        outln!("{}", if verb.text.is_empty() { "done" } else { &verb.text });
        Ok(Outcome::Done)
    } else {
        Err(Failure::new(format!("{} {} failed: {}", verb.verb, verb.target, verb.text)))
    }
}

fn print(verb: &VerbProgress, json: bool) {
    if json {
        outln!("{}", json::line(verb));
    } else {
        let outcome = if verb.outcome == VerbOutcome::Done { "done" } else { "failed" };
        outln!("{} {outcome}: {}", verb.verb, verb.text);
    }
}

fn instrument(state: &SessionState, symbol: &str) -> Result<InstrumentId, Failure> {
    let instruments =
        state.status.iter().flat_map(|status| &status.info.instruments).map(|instrument| &instrument.id);
    let all: Vec<&InstrumentId> = instruments.collect();
    let matching: Vec<&&InstrumentId> =
        all.iter().filter(|id| id.symbol == symbol || id.to_string() == symbol).collect();
    match matching[..] {
        [id] => Ok((*id).clone()),
        _ => {
            let names: Vec<String> = all.iter().map(ToString::to_string).collect();
            Err(Failure::usage(format!("`{symbol}` does not name one instrument of this session"))
                .hint(format!("its instruments: {}", names.join(", "))))
        }
    }
}

/// Reads the effect back and asks, unless `yes` was given.
pub(crate) fn confirm(name: &str, effect: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{name}: {effect}; this must be confirmed")).hint("give --yes"));
    }
    ask(&format!("{name}: {effect}. Go on? [y/N] "));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new("not confirmed; nothing was done"))
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Fact;
    use serde_json::json;

    use crate::json::documented::{check, golden};

    #[test]
    fn what_came_of_a_verb_is_as_documented() {
        let (events, _) = golden();
        let ended = events.iter().rev().find_map(|event| match &event.fact {
            Fact::Verb { verb, .. } => Some(verb),
            _ => None,
        });
        check("qubx pause", &[json!(ended.unwrap())]);
    }
}
