//! `qubx validate`: everything that `run` checks before it creates anything, and what would run.

use qubx_engine::Registry;
use serde_json::{Value, json};

use crate::arguments::ValidateArguments;
use crate::config::{Config, Connector, Exchange, Paper, Recording, Speed};
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::out::{out, outln, say};
use crate::owner::prepare::{Prepared, prepare};
use crate::service::exchanges::instruments;

/// `qubx validate CONFIG`
pub(crate) async fn validate(arguments: ValidateArguments, registry: &Registry) -> Result<Outcome, Failure> {
    let prepared = prepare(&arguments.config, registry).await?;
    for mistake in &prepared.screen_mistakes {
        say!("warning: {mistake}");
    }
    let object = object(&prepared);
    if arguments.json {
        outln!("{}", json::pretty(&object));
    } else {
        out!("{}", text(&prepared));
    }
    Ok(Outcome::Done)
}

/// Returns what would run, as the documented object.
fn object(prepared: &Prepared) -> Value {
    let Prepared { config_file, python, config, probe, .. } = prepared;
    let session = &config.session;
    json!({
        "name": config.name,
        "strategy_name": config.strategy_name,
        "strategy": config.strategy.to_string(),
        "parameters": config.parameters,
        "callbacks": probe.callbacks,
        "mode": "paper",
        "runtime": probe.runtime,
        "config": config_file,
        "python": {
            "path": python, "version": probe.python_version, "ipykernel": probe.ipykernel_version,
        },
        "session_dir": prepared.session_dir(),
        "exchanges": config.exchanges.iter().map(exchange).collect::<Vec<_>>(),
        "session": {
            "on_kernel_loss": format!("{:?}", session.on_kernel_loss).to_lowercase(),
            "limits": session.limits,
            "stale_after": session.stale_after,
            "kernel_restarts": session.kernel_restarts,
            "kernel": session.kernel,
            "history": session.history,
            "outputs": session.outputs,
        },
    })
}

fn exchange(exchange: &Exchange) -> Value {
    let instruments = instruments(exchange).into_iter().map(|instrument| {
        json!({
            "symbol": instrument.id.symbol, "tick_size": instrument.tick_size, "lot_size": instrument.lot_size,
            "min_notional": instrument.min_notional, "multiplier": instrument.multiplier,
            "kind": instrument.kind, "maintenance_rate": instrument.maintenance_rate,
        })
    });
    json!({
        "name": exchange.name,
        "connector": connector(&exchange.connector),
        "base_currency": exchange.base_currency,
        "capital": exchange.capital,
        "leverage": exchange.leverage,
        "fees": exchange.fees,
        "paper": exchange.paper,
        "funding": exchange.funding,
        "universe": exchange.universe,
        "instruments": instruments.collect::<Vec<_>>(),
        "files": match &exchange.connector {
            Connector::Sim { .. } => Value::Null,
            Connector::Replay { files, .. } => json!(files),
        },
    })
}

/// Returns where quotes come from, in words.
fn connector(connector: &Connector) -> String {
    match connector {
        Connector::Sim { seed, quotes_per_second, clock_offset } => {
            let clock = match clock_offset.as_secs_f64() {
                0.0 => String::new(),
                seconds => format!(", its clock {seconds:+} s off"),
            };
            format!("sim (seed {seed}, {quotes_per_second} quotes a second{clock})")
        }
        Connector::Replay { speed: Speed::Max, .. } => "replay (as fast as it goes)".to_owned(),
        Connector::Replay { speed: Speed::Times(times), .. } => format!("replay ({times} times as fast)"),
    }
}

/// Returns what would run, in lines.
fn text(prepared: &Prepared) -> String {
    let Prepared { config_file, python, config, probe, .. } = prepared;
    let mut lines = vec![
        format!("{} is valid", config_file.display()),
        format!("  name       {}", config.name),
        format!("  strategy   {}{}", config.strategy, parameters(config)),
        format!("  runtime    {}, on paper", json!(probe.runtime).as_str().unwrap_or_default()),
        format!(
            "  python     {} (Python {}, ipykernel {})",
            python.display(),
            probe.python_version,
            probe.ipykernel_version
        ),
    ];
    for exchange in &config.exchanges {
        lines.push(format!(
            "  exchange   {}: {}, {} {}, leverage {}, fees {}/{} bps",
            exchange.name,
            connector(&exchange.connector),
            exchange.capital,
            exchange.base_currency,
            exchange.leverage,
            exchange.fees.maker_bps,
            exchange.fees.taker_bps,
        ));
        lines.extend(execution(exchange).map(|words| format!("             {words}")));
        lines.push(format!("             {}", symbols(exchange)));
    }
    lines.push(format!("  limits     {}", limits(config)));
    lines.push(format!("  session    {}", prepared.session_dir().display()));
    lines.join("\n") + "\n"
}

/// Returns how orders are executed and what perpetuals cost, where it is not the default.
fn execution(exchange: &Exchange) -> Option<String> {
    let Paper { latency_ms, slippage_bps } = exchange.paper;
    let latency = (latency_ms > 0).then(|| format!("latency {latency_ms} ms"));
    let slippage = (!slippage_bps.is_zero()).then(|| format!("slippage {slippage_bps} bps"));
    let funding = exchange.funding.map(|funding| {
        let every = funding
            .every
            .map_or_else(|| "8h, or with each rate of a file".to_owned(), |every| every.to_string());
        format!("funding {} bps every {every}", funding.rate_bps)
    });
    let words: Vec<String> = [latency, slippage, funding].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Returns the symbols; of a replay with what is recorded of each.
fn symbols(exchange: &Exchange) -> String {
    match &exchange.connector {
        Connector::Sim { .. } => exchange.universe.join(", "),
        Connector::Replay { files, .. } => {
            let symbols =
                files.iter().map(|(symbol, recording)| format!("{symbol} ({})", recorded(recording)));
            symbols.collect::<Vec<_>>().join(", ")
        }
    }
}

fn recorded(Recording { quotes, trades, bars, funding }: &Recording) -> String {
    let kinds = [("quotes", quotes), ("trades", trades), ("bars", bars), ("funding", funding)];
    let there = kinds.into_iter().filter(|(_, path)| path.is_some()).map(|(kind, _)| kind);
    there.collect::<Vec<_>>().join(", ")
}

fn parameters(config: &Config) -> String {
    let given: Vec<String> =
        config.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if given.is_empty() { String::new() } else { format!(" ({})", given.join(", ")) }
}

fn limits(config: &Config) -> String {
    let limits = json!(config.session.limits);
    let set = limits.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let words: Vec<String> = set
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name} {value}")
        })
        .collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use qubx_home::Home;
    use qubx_kernel::Probe;
    use qubx_protocol::Runtime;

    use super::*;
    use crate::config::{Settings, check, load};
    use crate::json::documented;

    const CONFIG: &str = "name: ema-cross
strategy: ema_cross.EmaCross
parameters: { fast: 20 }
live:
  exchanges:
    SIM:
      connector: sim
      params: { seed: 7, quotes_per_second: 4 }
      base_currency: USDT
      capital: 100000
      funding: { rate_bps: 1, every: 8h }
      universe: [BTCUSDT]
";

    #[test]
    fn what_would_run_is_as_documented() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ema-cross.yml");
        std::fs::write(&file, CONFIG).unwrap();
        let document = load(&file, &[], &[]).unwrap();
        let settings = Settings::load(Path::new("/nowhere/config.toml")).unwrap();
        let config = check(&document, &settings, None).unwrap_or_else(|errors| panic!("{errors:?}"));
        let probe = Probe {
            runtime: Runtime::Native,
            python_version: "3.12.1".to_owned(),
            ipykernel_version: "7.4.0".to_owned(),
            parameters: std::collections::BTreeMap::new(),
            callbacks: vec!["on_bar".to_owned()],
            other_package: None,
        };
        let prepared = Prepared {
            home: Home::at("/home/op/.qubx".into()),
            config_file: "/c/ema-cross.yml".into(),
            python: "/c/.venv/bin/python".into(),
            config,
            probe,
            own_program: None,
            screen_mistakes: Vec::new(),
        };
        documented::check("qubx validate", &[object(&prepared)]);
    }
}
