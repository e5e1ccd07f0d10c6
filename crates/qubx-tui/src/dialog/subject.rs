//! What a dialog asks about, and in which words. No I/O.

use qubx_client::Mirror;
use qubx_protocol::{Author, CellView, Command, Order};

use super::effect;
use super::{Choice, Outcome};
use crate::Exit;
use crate::facts::{self, Facts};
use crate::format;
use crate::message::Purpose;

/// What a dialog asks about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A command that is about to be sent.
    Command(Command),
    /// An order of a ticket, and what speaks against it.
    Order { command: Command, warnings: Vec<String> },
    /// Somebody else's cell.
    Interrupt(CellView),
    /// Whether an attached screen is to be left.
    Detach,
    /// What becomes of the session; its owner may also leave it running.
    Quit { owner: bool },
    /// Whether the owner is to go while the service does not answer.
    LeaveUnanswered,
}

impl Subject {
    /// Returns the keys of everything but a command.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let choice = |key, label: &str, outcome| Choice { key, label: label.to_owned(), outcome };
        let stop = |flatten, keep_orders| Outcome::Ask(Command::Stop { flatten, keep_orders });
        match self {
            Subject::Command(_) | Subject::Order { .. } => Vec::new(),
            Subject::Interrupt(cell) => {
                let command = Command::Interrupt { cell: Some(cell.cell) };
                vec![choice('y', "interrupt", Outcome::Command(command, Purpose::Cell))]
            }
            Subject::Detach => vec![choice('y', "detach", Outcome::Leave(Exit::Detached))],
            Subject::LeaveUnanswered => vec![choice('y', "leave", Outcome::Leave(Exit::Terminated))],
            Subject::Quit { owner } => {
                let mut choices = vec![
                    choice('s', "stop: cancel orders, keep positions", stop(false, false)),
                    choice('f', "flatten, then stop", stop(true, false)),
                    choice('k', "stop: keep orders and positions", stop(false, true)),
                ];
                if *owner {
                    let release = Outcome::Command(Command::Release, Purpose::Release);
                    choices.push(choice('l', "leave it running", release));
                }
                choices
            }
        }
    }

    pub(super) fn touches_money(&self) -> bool {
        matches!(
            self,
            Subject::Command(_) | Subject::Order { .. } | Subject::Quit { .. } | Subject::LeaveUnanswered
        )
    }

    pub(super) fn needs_link(&self) -> bool {
        !matches!(self, Subject::Detach | Subject::LeaveUnanswered)
    }

    pub(super) fn title(&self, mirror: &Mirror) -> String {
        let verb = match self {
            Subject::Command(command) | Subject::Order { command, .. } => heading(command),
            Subject::Interrupt(_) => return "INTERRUPT".to_owned(),
            Subject::Detach => return "DETACH".to_owned(),
            Subject::LeaveUnanswered => return "LEAVE".to_owned(),
            Subject::Quit { owner: true } => "QUIT",
            Subject::Quit { owner: false } => "STOP SESSION",
        };
        match mirror.info() {
            Some(info) => format!("{verb} — {} — {}", info.mode.to_string().to_uppercase(), info.name),
            None => verb.to_owned(),
        }
    }

    pub(super) fn lines(&self, mirror: &Mirror, me: &Author) -> Vec<String> {
        match self {
            Subject::Command(command) => of_command(command, mirror, me),
            Subject::Order { command, warnings } => {
                let mut lines = of_command(command, mirror, me);
                lines.extend(warnings.iter().map(|warning| format!("⚠ {warning}")));
                lines
            }
            Subject::Interrupt(cell) => {
                vec![format!("interrupt {}?", facts::cell_label(mirror, cell, me))]
            }
            Subject::Detach => vec!["detach? the session keeps running".to_owned()],
            Subject::LeaveUnanswered => vec![
                "the service does not answer; leave the screen all the same?".to_owned(),
                "on paper and with nobody else attached it then stops, else it goes on".to_owned(),
            ],
            Subject::Quit { .. } => {
                let mut lines = vec![effect::what_there_is(mirror)];
                lines.extend(others(mirror));
                lines
            }
        }
    }
}

fn heading(command: &Command) -> &'static str {
    match command {
        Command::Place(_) => "SEND ORDER",
        Command::Modify { .. } => "MODIFY ORDER",
        Command::CancelOrder { .. } => "CANCEL ORDER",
        Command::CancelOrders { instrument: Some(_) } => "CANCEL ORDERS",
        Command::CancelOrders { instrument: None } => "CANCEL ALL ORDERS",
        Command::Close { .. } => "CLOSE POSITION",
        Command::Flatten => "FLATTEN ALL",
        Command::RestartKernel => "RESTART KERNEL",
        Command::Action { .. } => "ACTION",
        Command::SetParameter { .. } => "SET PARAMETER",
        Command::Pause => "PAUSE",
        Command::Resume => "RESUME",
        Command::Stop { flatten: true, .. } => "FLATTEN AND STOP",
        Command::Stop { .. } => "STOP SESSION",
        _ => "CONFIRM",
    }
}

/// Returns what the key that says yes does.
pub(super) fn label(command: &Command) -> String {
    match command {
        Command::Place(_) => "send it",
        Command::Modify { .. } => "change it",
        Command::CancelOrder { .. } => "cancel this order",
        Command::CancelOrders { .. } => "cancel them",
        Command::Close { .. } => "close it",
        Command::Flatten => "flatten",
        Command::Action { .. } => "do it",
        Command::SetParameter { .. } => "set it",
        Command::RestartKernel => "restart the Python kernel",
        Command::Stop { flatten: true, .. } => "flatten and stop",
        Command::Stop { .. } => "stop the session",
        other => other.verb(),
    }
    .to_owned()
}

fn of_command(command: &Command, mirror: &Mirror, me: &Author) -> Vec<String> {
    match command {
        Command::CancelOrder { order } => match facts::orders(mirror).iter().find(|open| open.id == *order) {
            Some(order) => vec![effect::describe_order(order, mirror)],
            None => vec!["the order is not open any more".to_owned()],
        },
        Command::Place(order) => vec![order.to_string()],
        Command::Modify { order, price, stop_price, quantity } => {
            let mut lines = match facts::orders(mirror).iter().find(|open| open.id == *order) {
                Some(order) => vec![effect::describe_order(order, mirror)],
                None => vec!["the order is not open any more".to_owned()],
            };
            let changes = [
                ("price", price.map(|price| price.0)),
                ("stop price", stop_price.map(|price| price.0)),
                ("quantity", quantity.map(|quantity| quantity.0)),
            ];
            let changed = changes.iter().filter_map(|(name, value)| Some(format!("{name} → {}", (*value)?)));
            lines.extend(changed.map(|line| format!("  {line}")));
            lines
        }
        Command::CancelOrders { instrument } => {
            let is_meant = |order: &&&Order| instrument.as_ref().is_none_or(|id| order.instrument == *id);
            let orders = facts::orders(mirror);
            let meant: Vec<&Order> = orders.iter().filter(is_meant).copied().collect();
            let of = instrument.as_ref().map_or_else(String::new, |id| format!(" of {}", mirror.label(id)));
            let mut lines = vec![format!("cancels {}{of}", format::count(meant.len(), "order"))];
            lines.extend(meant.iter().map(|order| format!("  {}", effect::describe_order(order, mirror))));
            lines.push("positions stay, and the strategy may place new ones".to_owned());
            lines
        }
        Command::Close { instrument } => {
            match facts::positions(mirror).iter().find(|position| position.instrument == *instrument) {
                Some(position) => effect::closing(&[*position], "closes at market:".to_owned(), mirror),
                None => vec![format!("{} is flat by now", mirror.label(instrument))],
            }
        }
        Command::Flatten => {
            let mut lines = effect::flattening(mirror);
            lines.push("strategy will be PAUSED afterwards, until it is resumed".to_owned());
            lines
        }
        Command::RestartKernel => restart(mirror, me),
        Command::Pause => vec![
            "orders that would increase a position are refused, and those that rest are cancelled".to_owned(),
            "exits go on".to_owned(),
        ],
        Command::Action { name, arguments } => {
            let mut lines = vec![format!("has the strategy do {name}")];
            lines.extend(arguments.iter().map(|(name, value)| format!("  {name} = {value}")));
            let mut actions = mirror.status().into_iter().flat_map(|status| &status.strategy.actions);
            let known = actions.find(|action| action.name == *name);
            lines.extend(known.into_iter().flat_map(|action| action.description.lines()).map(str::to_owned));
            lines
        }
        Command::SetParameter { name, value } => {
            let mut parameters = mirror.status().into_iter().flat_map(|status| &status.strategy.parameters);
            let now = parameters.find(|parameter| parameter.name == *name).map(|known| &known.value);
            let now = now.map_or_else(String::new, |now| format!("; it is {now} now"));
            vec![format!("sets {name} to {value}{now}")]
        }
        Command::Resume => vec!["the strategy may open positions again".to_owned()],
        Command::Stop { flatten, keep_orders } => stop(*flatten, *keep_orders, mirror),
        _ => Vec::new(),
    }
}

fn restart(mirror: &Mirror, me: &Author) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(cell) = facts::running(mirror) {
        lines.push(format!("the running cell ends: {}", facts::cell_label(mirror, cell, me)));
    }
    lines.push("variables of the REPL are lost".to_owned());
    lines.push(format!(
        "{} and {} stay as they are",
        format::count(facts::orders(mirror).len(), "order"),
        format::count(facts::positions(mirror).len(), "position")
    ));
    lines.push("the strategy is created anew".to_owned());
    lines
}

fn stop(flatten: bool, keep_orders: bool, mirror: &Mirror) -> Vec<String> {
    let (orders, positions) = (facts::orders(mirror).len(), facts::positions(mirror).len());
    let (orders, positions) = (format::count(orders, "order"), format::count(positions, "position"));
    let mut lines = match (flatten, keep_orders) {
        (true, _) => effect::flattening(mirror),
        (false, true) => vec![format!("{orders} and {positions} stay as they are")],
        (false, false) => vec![format!("cancels {orders}; {positions} stay as they are")],
    };
    lines.push("the strategy ends, and so does the session, for everyone".to_owned());
    lines.extend(others(mirror));
    lines
}

fn others(mirror: &Mirror) -> Option<String> {
    let others = mirror.latest.screens().map_or(0, |screens| screens.saturating_sub(1));
    (others > 0).then(|| format!("{} attached too", format::count(others, "other screen")))
}
