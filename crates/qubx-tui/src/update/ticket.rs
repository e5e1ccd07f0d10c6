//! The ticket: how it opens, what its keys do, and what is asked before its order is sent.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_protocol::CommandId;

use super::{panels, verbs};
use crate::app::App;
use crate::dialog::Dialog;
use crate::facts;
use crate::message::{Effect, Purpose};
use crate::ticket::{Ticket, preview};

/// Opens a ticket: as it was when its order was just refused, else filled in from the selected row.
pub(super) fn open(app: &mut App) {
    if let Some(why) = verbs::not_now(app) {
        return app.hint(why);
    }
    let refused = app.sent_ticket.take_if(|sent| sent.refused).map(|sent| sent.ticket);
    let ticket = refused
        .or_else(|| panels::selected_position(app).map(|position| Ticket::reducing(position, &app.mirror)))
        .or_else(|| panels::selected_open_order(app).map(Ticket::like))
        .or_else(|| {
            let instrument = panels::selected_instrument(app)
                .or_else(|| facts::instruments(&app.mirror).into_iter().next())?;
            Some(Ticket::new(instrument, &app.mirror))
        });
    match ticket {
        Some(ticket) => app.ticket = Some(ticket),
        None => app.hint("no instrument is known yet"),
    }
}

/// Opens a ticket that changes the selected order.
pub(super) fn change(app: &mut App) {
    if let Some(why) = verbs::not_now(app) {
        return app.hint(why);
    }
    match panels::selected_open_order(app).map(Ticket::changing) {
        Some(ticket) => app.ticket = Some(ticket),
        None => app.hint("select an order first (3)"),
    }
}

/// Takes a key while a ticket is open.
pub(super) fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let is_leaving = event.modifiers.contains(KeyModifiers::CONTROL)
        && matches!(event.code, KeyCode::Char('c' | 'q' | 'g' | 'd'));
    match event.code {
        KeyCode::Esc => app.ticket = None,
        _ if is_leaving => app.ticket = None,
        KeyCode::Enter => return send(app),
        _ => {
            if let Some(ticket) = &mut app.ticket {
                ticket.key(event, &app.mirror);
            }
        }
    }
    Vec::new()
}

/// Sends the ticket's order, after a question where one is due.
fn send(app: &mut App) -> Vec<Effect> {
    if let Some(why) = verbs::not_now(app) {
        app.hint(why);
        return Vec::new();
    }
    let Some(ticket) = &mut app.ticket else { return Vec::new() };
    let preview = preview(ticket, &app.mirror);
    let command = match preview.command {
        Ok(command) => command,
        Err(problem) => {
            ticket.focus = problem.field;
            ticket.is_fresh = true;
            return Vec::new();
        }
    };
    let purpose = Purpose::Verb(command.verb());
    let warnings = preview.warnings;
    match Dialog::before_order(command.clone(), warnings, purpose, &app.mirror, app.now.instant) {
        Some(dialog) => app.dialog = Some(dialog),
        None => return verbs::send(app, command, purpose),
    }
    Vec::new()
}

/// Notes that the ticket's order is on its way: the ticket closes, and comes back should the order be refused.
pub(super) fn sent(app: &mut App, id: &CommandId) {
    if let Some(ticket) = app.ticket.take() {
        app.sent_ticket = Some(SentTicket { command: id.clone(), ticket, refused: false });
    }
}

/// Notes that an order was refused; tells whether it was the ticket's.
pub(super) fn refused(app: &mut App, command: &CommandId) -> bool {
    let sent = app.sent_ticket.as_mut().filter(|sent| sent.command == *command);
    sent.map(|sent| sent.refused = true).is_some()
}

/// A ticket whose order was sent.
#[derive(Clone, Debug)]
pub(crate) struct SentTicket {
    command: CommandId,
    ticket: Ticket,
    refused: bool,
}
