//! Holds a document against the native schema.

use super::document::Document;
use super::error::ConfigError;
use super::exchange;
use super::model::{Config, History, KernelLimits, Limits, OnKernelLoss, Outputs, Session, StrategyClass};
use super::nearest;
use super::node::Node;
use super::reader::{Field, Reader};
use super::settings::Settings;

/// Checks `document` against the schema of native configs. What its `session:` does not say, `settings` do.
///
/// `declared` are the parameters that the strategy's class has; none when they are not known, and then any are
/// taken.
///
/// # Errors
/// All that is wrong, in the order of the text.
pub(crate) fn check(
    document: &Document,
    settings: &Settings,
    declared: Option<&[String]>,
) -> Result<Config, Vec<ConfigError>> {
    let mut reader = Reader::default();
    let root = Field { path: String::new(), node: &document.root };
    let top = reader.section(&root, &["name", "strategy", "parameters", "live", "session"]);

    if let Some(name) = top.as_ref().and_then(|top| top.get("name")) {
        check_name(&mut reader, &name);
    }
    let strategy = document.strategy().unwrap_or_else(|error| {
        reader.push(error);
        StrategyClass::Rust { name: String::new() }
    });
    if let Some(parameters) = top.as_ref().and_then(|top| top.get("parameters")) {
        check_parameters(&mut reader, &parameters, declared);
    }
    let exchanges = top
        .as_ref()
        .and_then(|top| reader.required(top, "live"))
        .map(|live| exchange::read_all(&mut reader, &live))
        .unwrap_or_default();
    let session = merged_session(settings, top.as_ref().and_then(|top| top.get("session")));
    let session = session
        .and_then(|node| read_session(&mut reader, &Field { path: "session".to_owned(), node: &node }))
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

/// Returns the user's own settings with the config's over them, key by key.
fn merged_session(settings: &Settings, config: Option<Field>) -> Option<Node> {
    let config = config.map(|field| field.node.clone());
    match (settings.session.clone(), config) {
        (Some(mut session), Some(config)) => {
            session.merge(config);
            Some(session)
        }
        (session, config) => config.or(session),
    }
}

/// The most that a limit of the Python process, or of what is kept, may be; more is as good as none.
const MOST: u32 = 100_000_000;
/// The least memory in which Python and its kernel start, in millions of bytes.
const LEAST_MEMORY: u32 = 100;
/// The fewest open files with which a kernel starts.
const FEWEST_FILES: u32 = 64;
/// The most that a new screen gets of each kind: all of it must fit into one message.
const LONGEST_HISTORY: u32 = 10_000;

fn read_session(reader: &mut Reader, field: &Field) -> Option<Session> {
    const LOSS: [(&str, OnKernelLoss); 3] =
        [("hold", OnKernelLoss::Hold), ("cancel", OnKernelLoss::Cancel), ("flatten", OnKernelLoss::Flatten)];
    const KEYS: [&str; 7] =
        ["on_kernel_loss", "limits", "stale_after", "kernel_restarts", "kernel", "history", "outputs"];
    let section = reader.section(field, &KEYS)?;
    let default = Session::default();
    let on_kernel_loss = section.get("on_kernel_loss").and_then(|field| reader.choice(&field, &LOSS));
    let limits = section.get("limits").and_then(|field| read_limits(reader, &field));
    let stale_after = section.get("stale_after").and_then(|field| reader.time(&field));
    let restarts = section.get("kernel_restarts").and_then(|field| reader.whole(&field, 0..=100));
    let kernel = section.get("kernel").and_then(|field| read_kernel(reader, &field));
    let history = section.get("history").and_then(|field| read_history(reader, &field));
    let outputs = section.get("outputs").and_then(|field| read_outputs(reader, &field));
    Some(Session {
        on_kernel_loss: on_kernel_loss.unwrap_or_default(),
        limits: limits.unwrap_or_default(),
        stale_after: stale_after.unwrap_or(default.stale_after),
        kernel_restarts: restarts.unwrap_or(default.kernel_restarts),
        kernel: kernel.unwrap_or_default(),
        history: history.unwrap_or_default(),
        outputs: outputs.unwrap_or_default(),
    })
}

fn read_kernel(reader: &mut Reader, field: &Field) -> Option<KernelLimits> {
    let section = reader.section(field, &["memory_mb", "processes", "open_files"])?;
    let mut limit = |key, least: u32| section.get(key).and_then(|field| reader.whole(&field, least..=MOST));
    Some(KernelLimits {
        memory_mb: limit("memory_mb", LEAST_MEMORY),
        processes: limit("processes", 1),
        open_files: limit("open_files", FEWEST_FILES),
    })
}

fn read_history(reader: &mut Reader, field: &Field) -> Option<History> {
    let section = reader.section(field, &["limit", "log_mb"])?;
    let mut number = |key, most| section.get(key).and_then(|field| reader.whole(&field, 1..=most));
    let default = History::default();
    Some(History {
        limit: number("limit", LONGEST_HISTORY).unwrap_or(default.limit),
        log_mb: number("log_mb", MOST).unwrap_or(default.log_mb),
    })
}

fn read_outputs(reader: &mut Reader, field: &Field) -> Option<Outputs> {
    let section = reader.section(field, &["cell_mb", "session_mb"])?;
    let default = Outputs::default();
    let mut quota =
        |key, default| section.get(key).and_then(|field| reader.whole(&field, 1..=MOST)).unwrap_or(default);
    Some(Outputs {
        cell_mb: quota("cell_mb", default.cell_mb),
        session_mb: quota("session_mb", default.session_mb),
    })
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
