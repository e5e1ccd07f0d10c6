//! What keys do: the effects and the state that they lead to.

mod answers;
mod leaving;
mod mouse;
mod panels;
mod reading;
mod tables;
mod verbs;

use std::time::Duration;

use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{Author, CommandId, ErrorCode, ErrorMessage, Fact, LedgerRow, VerbOutcome, VerbProgress};

use crate::message::Effect;
use crate::tests::fixture::{ME, Screen};

fn verb(screen: &mut Screen, command: &str, name: &str, outcome: VerbOutcome, text: &str) -> Vec<Effect> {
    screen.event(Fact::Verb {
        row: LedgerRow(7),
        verb: VerbProgress {
            command: Some(CommandId::from(command)),
            author: Author::from(ME),
            verb: name.to_owned(),
            target: String::new(),
            outcome,
            text: text.to_owned(),
        },
    })
}

pub(super) fn lose(screen: &mut Screen) {
    let since = screen.app.now.instant;
    screen.update(Update::Link(Link::Lost {
        since,
        attempt: 1,
        retry_at: since + Duration::from_secs(3),
        service: ServiceFate::Lives,
    }));
}

fn end(screen: &mut Screen) -> Vec<Effect> {
    screen.update(Update::Link(Link::Closed(ErrorMessage {
        code: ErrorCode::Ended,
        message: "stopped".to_owned(),
        hint: None,
    })))
}
