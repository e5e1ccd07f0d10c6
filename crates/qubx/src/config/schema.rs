//! Holds a document against the native schema.

use super::document::Document;
use super::error::ConfigError;
use super::exchange;
use super::model::{Config, Limits, OnKernelLoss, Session, StrategyClass};
use super::nearest;
use super::reader::{Field, Reader};

/// Checks `document` against the schema of native configs.
///
/// `declared` are the parameters that the strategy's class has; none when they are not known, and then any are
/// taken.
///
/// # Errors
/// All that is wrong, in the order of the text.
pub(crate) fn check(document: &Document, declared: Option<&[String]>) -> Result<Config, Vec<ConfigError>> {
    let mut reader = Reader::default();
    let root = Field { path: String::new(), node: &document.root };
    let top = reader.section(&root, &["name", "strategy", "parameters", "live", "session"]);

    if let Some(name) = top.as_ref().and_then(|top| top.get("name")) {
        check_name(&mut reader, &name);
    }
    let strategy = document.strategy().unwrap_or_else(|error| {
        reader.push(error);
        StrategyClass { module: String::new(), class: String::new() }
    });
    if let Some(parameters) = top.as_ref().and_then(|top| top.get("parameters")) {
        check_parameters(&mut reader, &parameters, declared);
    }
    let exchanges = top
        .as_ref()
        .and_then(|top| reader.required(top, "live"))
        .map(|live| exchange::read_all(&mut reader, &live))
        .unwrap_or_default();
    let session = top
        .as_ref()
        .and_then(|top| top.get("session"))
        .and_then(|session| read_session(&mut reader, &session))
        .unwrap_or_default();

    let errors = reader.into_errors();
    if !errors.is_empty() {
        return Err(errors);
    }
    let name = document.name();
    Ok(Config {
        strategy_name: qubx_home::safe_component(&name),
        name,
        strategy,
        folder: document.folder().to_owned(),
        parameters: document.parameters().map_err(|error| vec![error])?,
        exchanges,
        session,
    })
}

/// The longest name, in characters: it stands in titles and tables.
const LONGEST_NAME: usize = 64;

fn check_name(reader: &mut Reader, field: &Field) {
    let Some(name) = reader.text(field) else { return };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        reader.refuse(field, format!("name must be 1 to {LONGEST_NAME} printable characters"));
    }
}

fn check_parameters(reader: &mut Reader, field: &Field, declared: Option<&[String]>) {
    let (Some(entries), Some(declared)) = (reader.entries(field), declared) else { return };
    let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
    for (name, entry) in entries.iter().filter(|(name, _)| !declared.contains(&name.as_str())) {
        let error = ConfigError::new(&entry.key, format!("the strategy has no parameter `{name}`"));
        reader.push(error.hint(nearest::hint(name, "parameters", &declared)));
    }
}

fn read_session(reader: &mut Reader, field: &Field) -> Option<Session> {
    const LOSS: [(&str, OnKernelLoss); 3] =
        [("hold", OnKernelLoss::Hold), ("cancel", OnKernelLoss::Cancel), ("flatten", OnKernelLoss::Flatten)];
    let section = reader.section(field, &["on_kernel_loss", "limits"])?;
    let on_kernel_loss = section.get("on_kernel_loss").and_then(|field| reader.choice(&field, &LOSS));
    let limits = section.get("limits").and_then(|field| read_limits(reader, &field));
    Some(Session { on_kernel_loss: on_kernel_loss.unwrap_or_default(), limits: limits.unwrap_or_default() })
}

/// The largest number of orders a minute that a limit may allow; more is as good as no limit.
const MOST_ORDERS_PER_MINUTE: u32 = 1_000_000;

fn read_limits(reader: &mut Reader, field: &Field) -> Option<Limits> {
    let section = reader.section(
        field,
        &["order_notional", "position_notional", "gross_leverage", "orders_per_minute", "daily_loss"],
    )?;
    let mut positive = |key| section.get(key).and_then(|field| reader.positive(&field));
    let limits = Limits {
        order_notional: positive("order_notional").map(Into::into),
        position_notional: positive("position_notional").map(Into::into),
        gross_leverage: positive("gross_leverage"),
        orders_per_minute: None,
        daily_loss: positive("daily_loss").map(Into::into),
    };
    let orders = section.get("orders_per_minute");
    let orders = orders.and_then(|field| reader.whole(&field, 1..=MOST_ORDERS_PER_MINUTE));
    Some(Limits { orders_per_minute: orders, ..limits })
}
