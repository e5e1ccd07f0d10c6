//! What a client may ask to be done. Each command has an effect, is written down, and is answered by events.

use serde::{Deserialize, Serialize};

use crate::{CellNumber, InputId, InstrumentId, NewOrder, OrderId, Price, Quantity, Role};

/// A command. Sending one twice with the same [`crate::CommandId`] does what sending it once does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Runs code in the shared kernel, after the cells that wait already.
    Execute {
        /// Python source.
        code: String,
    },
    /// Interrupts a cell: the named one while it runs or waits, else whatever runs.
    Interrupt {
        /// The cell; none for whatever runs.
        cell: Option<CellNumber>,
    },
    /// Gives the line that a cell waits for. The first answer counts.
    Answer {
        /// The wait.
        input: InputId,
        /// The line, without its end. It is written down, unless it is a password.
        text: String,
    },
    /// Ends the Python process and starts another one. Orders and positions stay, and the strategy is created anew.
    RestartKernel,
    /// Gives an order, which passes what an order of the strategy passes.
    Place(NewOrder),
    /// Changes an order that rests. What is absent stays as it is.
    Modify {
        /// The order.
        order: OrderId,
        /// The limit.
        #[serde(default)]
        price: Option<Price>,
        /// The stop price, while it is not reached.
        #[serde(default)]
        stop_price: Option<Price>,
        /// The whole quantity, with what is filled already.
        #[serde(default)]
        quantity: Option<Quantity>,
    },
    /// Cancels one order.
    CancelOrder {
        /// The order.
        order: OrderId,
    },
    /// Cancels all open orders, of one instrument or of all.
    CancelOrders {
        /// The instrument; none for all.
        instrument: Option<InstrumentId>,
    },
    /// Closes one position at market.
    Close {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// Pauses, cancels all orders and closes all positions at market.
    Flatten,
    /// Changes a parameter of the strategy, from its next callback on.
    SetParameter {
        /// Its name.
        name: String,
        /// Its new value.
        value: serde_json::Value,
    },
    /// Has the strategy do something that it offers, on its own thread, after the callback that runs.
    Action {
        /// The action's name.
        name: String,
        /// What it takes, by name.
        #[serde(default)]
        arguments: serde_json::Map<String, serde_json::Value>,
    },
    /// Refuses orders that would increase a position and cancels those that rest; exits go on.
    Pause,
    /// Ends a pause.
    Resume,
    /// Ends the session.
    Stop {
        /// Closes all positions first.
        flatten: bool,
        /// Leaves open orders as they are.
        keep_orders: bool,
    },
    /// Gives the ownership up: the session stays when its owner goes.
    Release,
}

impl Command {
    /// Returns the verb's name, as screens, the command line and the log write it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Command::Execute { .. } => "execute",
            Command::Interrupt { .. } => "interrupt",
            Command::Answer { .. } => "answer",
            Command::RestartKernel => "restart",
            Command::Place(_) => "place",
            Command::Modify { .. } => "modify",
            Command::CancelOrder { .. } => "cancel order",
            Command::CancelOrders { .. } => "cancel orders",
            Command::Close { .. } => "close",
            Command::Flatten => "flatten",
            Command::SetParameter { .. } => "set parameter",
            Command::Action { .. } => "action",
            Command::Pause => "pause",
            Command::Resume => "resume",
            Command::Stop { .. } => "stop",
            Command::Release => "detach",
        }
    }

    /// Returns the least role that may give the command.
    #[must_use]
    pub fn needs(&self) -> Role {
        match self {
            Command::Place(_)
            | Command::Modify { .. }
            | Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Close { .. }
            | Command::Flatten
            | Command::Action { .. }
            | Command::Pause
            | Command::Resume => Role::Trader,
            Command::Execute { .. }
            | Command::Interrupt { .. }
            | Command::Answer { .. }
            | Command::RestartKernel
            | Command::SetParameter { .. }
            | Command::Stop { .. }
            | Command::Release => Role::Admin,
        }
    }

    /// Returns what the verb acts on, in words; empty when there is nothing to name.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Command::Place(order) => order.to_string(),
            Command::Modify { order, price, stop_price, quantity } => {
                let numbers = [
                    quantity.map(|quantity| format!("quantity {quantity}")),
                    price.map(|price| format!("price {price}")),
                    stop_price.map(|price| format!("stop price {price}")),
                ];
                let numbers: Vec<String> = numbers.into_iter().flatten().collect();
                format!("{order} to {}", numbers.join(", "))
            }
            Command::CancelOrder { order } => order.to_string(),
            Command::CancelOrders { instrument: Some(instrument) } | Command::Close { instrument } => {
                instrument.symbol.clone()
            }
            Command::SetParameter { name, value } => format!("{name} = {value}"),
            Command::Action { name, .. } => name.clone(),
            Command::Interrupt { cell: Some(cell) } => format!("cell {cell}"),
            Command::Answer { input, .. } => format!("input {input}"),
            _ => String::new(),
        }
    }
}
