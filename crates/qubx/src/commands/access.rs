//! `qubx login`, `qubx tokens` and `qubx share`: who may come in through the page.

use std::io::IsTerminal;

use jiff::{SignedDuration, Timestamp};
use qubx_gateway::{Access, Entry, Grant, Kind, Notice, Secret, gateways, login_link, qr_text, wrong_name};
use qubx_protocol::Role;
use serde_json::{Value, json};

use crate::arguments::{ShareArguments, TokenRole, TokensCommand};
use crate::failure::{Failure, Outcome};
use crate::find::{find, home};
use crate::identity::user;
use crate::json;
use crate::out::{outln, say};

fn access() -> Result<Access, Failure> {
    let home = home()?;
    home.create()?;
    Access::open(&home).map_err(Failure::because("the list of permissions cannot be used"))
}

fn grant(access: &Access, grant: Grant) -> Result<(Entry, Secret), Failure> {
    access.grant(grant).map_err(Failure::because("no permission can be made"))
}

/// Returns the gateways that serve a session, or any.
fn running(access: &Access, session: Option<&str>) -> Vec<Notice> {
    let serves =
        |notice: &Notice| session.is_none() || notice.only.is_none() || notice.only.as_deref() == session;
    gateways(access).into_iter().filter(serves).collect()
}

fn no_page() -> Failure {
    Failure::new("no page is served")
        .hint("start one: qubx web, or qubx run config.yml --paper --textual-web")
}

/// Prints a link, also as a picture on a terminal.
fn print_link(link: &str) {
    if std::io::stdout().is_terminal() {
        say!("{}", qr_text(link));
    }
    outln!("{link}");
}

/// `qubx login`
pub(crate) fn login() -> Result<Outcome, Failure> {
    let access = access()?;
    let notices = running(&access, None);
    if notices.is_empty() {
        return Err(no_page());
    }
    for notice in &notices {
        let (_, secret) = grant(&access, Grant::login_link(&user()))?;
        print_link(&login_link(&notice.origin, &secret));
        if let Some(only) = &notice.only {
            say!("(the page of {only})");
        }
    }
    say!("good for one login within ten minutes");
    Ok(Outcome::Done)
}

/// `qubx share NAME`
pub(crate) fn share(arguments: &ShareArguments) -> Result<Outcome, Failure> {
    let session = find(&arguments.name)?.file.qubx.name;
    let access = access()?;
    let notices = running(&access, Some(&session));
    if notices.is_empty() {
        return Err(no_page());
    }
    let (entry, secret) = grant(
        &access,
        Grant {
            kind: Kind::Share,
            name: "guest".to_owned(),
            role: Role::Viewer,
            session: Some(session.clone()),
            lasts: Some(arguments.ttl),
        },
    )?;
    for notice in &notices {
        print_link(&login_link(&notice.origin, &secret));
    }
    let until = entry.expires_at.map(time).unwrap_or_default();
    say!(
        "whoever has this link may watch {session} until {until}; `qubx tokens revoke {}` ends that",
        entry.id
    );
    Ok(Outcome::Done)
}

/// `qubx tokens …`
pub(crate) fn tokens(command: TokensCommand) -> Result<Outcome, Failure> {
    match command {
        TokensCommand::New { name, role, ttl, session, json } => new(name, role, ttl, session, json),
        TokensCommand::List { json } => list(json),
        TokensCommand::Revoke { token } => revoke(&token),
    }
}

fn new(
    name: String,
    role: TokenRole,
    ttl: Option<SignedDuration>,
    session: Option<String>,
    json: bool,
) -> Result<Outcome, Failure> {
    if let Some(wrong) = wrong_name(&name) {
        return Err(Failure::usage(format!("`{name}` cannot be a token's name")).hint(wrong));
    }
    let access = access()?;
    let entries = access.entries().map_err(Failure::because("the list of permissions cannot be read"))?;
    if entries.iter().any(|entry| entry.kind == Kind::Token && entry.name == name) {
        return Err(Failure::new(format!("there is a token `{name}` already"))
            .hint(format!("take another name, or revoke it first: qubx tokens revoke {name}")));
    }
    let (entry, secret) =
        grant(&access, Grant { kind: Kind::Token, name, role: role.into(), session, lasts: ttl })?;
    if json {
        let mut row = row(&entry);
        row["token"] = json!(secret.reveal());
        outln!("{}", json::pretty(&row));
    } else {
        outln!("{}", secret.reveal());
        let until = entry.expires_at.map_or_else(|| "it is revoked".to_owned(), time);
        say!("{} is a {} until {until}; this is shown only once", entry.name, entry.role);
        say!("log in with it on the page, or send it with a request: Authorization: Bearer …");
    }
    Ok(Outcome::Done)
}

fn list(json: bool) -> Result<Outcome, Failure> {
    let entries = access()?.entries().map_err(Failure::because("the list of permissions cannot be read"))?;
    let shown: Vec<&Entry> = entries.iter().filter(|entry| entry.kind != Kind::Link).collect();
    if json {
        outln!("{}", json::pretty(&shown.iter().map(|entry| row(entry)).collect::<Vec<_>>()));
        return Ok(Outcome::Done);
    }
    if shown.is_empty() {
        outln!("Nobody but this user has access. Make a token: qubx tokens new NAME --role viewer");
        return Ok(Outcome::Done);
    }
    outln!("{:8}  {:6}  {:7}  {:20}  {:20}  {}", "ID", "KIND", "ROLE", "NAME", "SESSION", "UNTIL");
    for entry in shown {
        let kind = kind(entry.kind);
        let session = entry.session.as_deref().unwrap_or("all");
        let until = entry.expires_at.map_or_else(|| "revoked".to_owned(), time);
        outln!("{:8}  {kind:6}  {:7}  {:20}  {session:20}  {until}", entry.id, entry.role, entry.name);
    }
    Ok(Outcome::Done)
}

fn revoke(token: &str) -> Result<Outcome, Failure> {
    let revoked = access()?.revoke(token).map_err(Failure::because("nothing can be revoked"))?;
    if revoked.is_empty() {
        return Err(Failure::new(format!("there is no token, share or login `{token}`"))
            .hint("`qubx tokens list` shows them"));
    }
    for entry in &revoked {
        outln!("revoked {} {} ({})", kind(entry.kind), entry.id, entry.name);
    }
    Ok(Outcome::Done)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => "token",
        Kind::Share => "share",
        Kind::Link => "link",
        Kind::Login => "login",
    }
}

/// Returns a permission as the documented object.
fn row(entry: &Entry) -> Value {
    json!({
        "id": entry.id, "kind": entry.kind, "name": entry.name, "role": entry.role, "session": entry.session,
        "created_at": entry.created_at, "expires_at": entry.expires_at,
    })
}

fn time(time: Timestamp) -> String {
    time.strftime("%F %R UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::documented;

    #[test]
    fn the_list_of_permissions_is_as_documented() {
        let entries = [
            json!({
                "id": "5f0c1a2b", "kind": "token", "name": "anna", "role": "trader", "session": null, "parent": null,
                "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-31T00:00:00Z", "hash": "00",
            }),
            json!({
                "id": "9a7e3c11", "kind": "login", "name": "anna", "role": "trader", "session": "ema-cross",
                "parent": "5f0c1a2b", "created_at": "2026-01-01T00:00:06Z", "expires_at": null, "hash": "01",
            }),
        ];
        let rows = entries.map(|entry| row(&serde_json::from_value(entry).unwrap()));
        documented::check("qubx tokens list", &[json!(rows)]);
    }
}
