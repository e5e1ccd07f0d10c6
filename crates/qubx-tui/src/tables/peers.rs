//! Who is attached.

use qubx_protocol::{Presence, Role};

use crate::app::App;
use crate::format;
use crate::sanitize;
use crate::table::{Column, Field, Row, RowKey, Table, left, right};

pub(super) fn table(app: &App) -> Table {
    let columns = vec![
        Column { most: 40, ..left("Name", 14, 0) },
        left("Role", 6, 0),
        left("Owner", 5, 2),
        left("Since", 8, 1),
        right("For", 7, 3),
        left("You", 3, 0),
    ];
    let present = app.mirror.latest.presence.as_deref().unwrap_or_default();
    let rows = present.iter().map(|peer| row(app, peer)).collect();
    Table { columns, rows, empty: "Nobody is known to be here yet.".to_owned() }
}

fn row(app: &App, peer: &Presence) -> Row {
    let here = format::between(peer.since, app.now.wall);
    let name = sanitize::plain(peer.identity.as_str());
    let is_me = peer.identity == app.options.identity;
    Row {
        // Two entries may have one name, but hardly from the same moment on.
        key: RowKey::Peer(format!("{name} {}", peer.since)),
        fields: vec![
            Field::words(if peer.screens > 1 { format!("{name} ×{}", peer.screens) } else { name }),
            Field::words(role(peer.role)),
            Field::words(if peer.owner { "owner" } else { "" }),
            Field::words(format::clock(peer.since)),
            Field::lasting(here, format::stopwatch(here)),
            Field::words(if is_me { "you" } else { "" }),
        ],
        old: false,
        flash: false,
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Trader => "trader",
        Role::Admin => "admin",
    }
}
