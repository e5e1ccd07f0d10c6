//! `qubx web`: the page for all sessions of this user. It owns none of them: when it ends, they go on.

use std::io::IsTerminal;

use crate::arguments::PageArguments;
use crate::failure::{Failure, Outcome};
use crate::find::home;
use crate::out::say;
use crate::owner::page::Page;
use crate::owner::signals::Signals;

/// `qubx web`
pub(crate) async fn web(arguments: &PageArguments) -> Result<Outcome, Failure> {
    serve(arguments, None).await
}

/// Serves the page of one session, or of all, until a signal comes.
pub(crate) async fn serve(arguments: &PageArguments, only: Option<String>) -> Result<Outcome, Failure> {
    let mut signals = Signals::take()?;
    let page = Page::start(&home()?, arguments, only).await?;
    page.print_link(std::io::stderr().is_terminal())?;
    say!("      Ctrl+C ends the page; sessions go on");
    signals.next().await;
    page.end().await;
    Ok(Outcome::Done)
}
