//! What a service says of a command that it takes: the facts from its beginning to its end. No I/O.

use jiff::Timestamp;
use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, CommandId, Fact, Fill, LedgerRow, Liquidity, Money, Order,
    OrderId, OrderStatus, Position, Quantity, SessionState, Side, VerbOutcome, VerbProgress,
};

/// A command that came.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) id: CommandId,
    pub(crate) command: Command,
    pub(crate) author: Author,
}

impl Given {
    /// Returns all that happens: it is begun, each order is cancelled, each position is closed, it is done.
    pub(crate) fn facts(&self, state: &SessionState) -> Vec<Fact> {
        if let Command::Execute { code } = &self.command {
            return self.cell(code, state);
        }
        let mut facts = vec![self.verb(VerbOutcome::Started, "")];
        match &self.command {
            Command::Pause => facts.extend(paused(state, true)),
            Command::Resume => facts.extend(paused(state, false)),
            Command::CancelOrders { .. } => facts.extend(cancels(state)),
            Command::Flatten => {
                facts.extend(paused(state, true));
                facts.extend(cancels(state));
                facts.extend(state.open_positions().map(|position| self.closes(position)));
            }
            _ => {}
        }
        let done = match &self.command {
            Command::Flatten => {
                format!("{} flat, {} cancelled", state.open_positions().count(), state.orders.len())
            }
            _ => String::new(),
        };
        facts.push(self.verb(VerbOutcome::Done, &done));
        facts
    }

    fn verb(&self, outcome: VerbOutcome, text: &str) -> Fact {
        let verb = VerbProgress {
            command: Some(self.id.clone()),
            author: self.author.clone(),
            verb: self.command.verb().to_owned(),
            target: self.command.target(),
            outcome,
            text: text.to_owned(),
        };
        Fact::Verb { row: LedgerRow(1), verb }
    }

    /// A cell that says nothing.
    fn cell(&self, code: &str, state: &SessionState) -> Vec<Fact> {
        let cell = CellNumber(state.head.0 + 1_000);
        let (author, command) = (self.author.clone(), Some(self.id.clone()));
        vec![
            Fact::Cell { cell, code: code.to_owned(), author, command },
            Fact::CellStarted { cell, execution_count: Some(100) },
            Fact::CellFinished { cell, status: CellStatus::Ok, duration_ms: 3 },
        ]
    }

    fn closes(&self, position: &Position) -> Fact {
        let is_short = position.quantity.0.is_sign_negative();
        let fill = Fill {
            trade_id: format!("flat-{}", position.instrument.symbol),
            order: OrderId(format!("flat-{}", position.instrument.symbol)),
            instrument: position.instrument.clone(),
            side: if is_short { Side::Buy } else { Side::Sell },
            quantity: Quantity(position.quantity.0.abs()),
            price: position.avg_price.expect("an open position has a price"),
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
            time: Timestamp::now(),
            author: self.author.clone(),
        };
        let position = Position { quantity: Quantity::ZERO, avg_price: None, ..position.clone() };
        Fact::Fill { row: LedgerRow(1), fill, position }
    }
}

fn paused(state: &SessionState, paused: bool) -> Option<Fact> {
    let mut status = state.status.clone()?;
    status.paused = paused;
    Some(Fact::Status(Box::new(status)))
}

fn cancels(state: &SessionState) -> impl Iterator<Item = Fact> {
    state.orders.values().map(|order| {
        let order = Order { status: OrderStatus::Cancelled, ..order.clone() };
        Fact::Order { row: LedgerRow(1), order }
    })
}
