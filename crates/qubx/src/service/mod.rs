//! The process behind a session: `qubx service`, started by `qubx run`.

pub(crate) mod descriptors;
pub(crate) mod exchanges;
pub(crate) mod own_log;

use std::io::{BufRead, Write};
use std::time::Duration;

use qubx_engine::{Registry, RegistryError};
use qubx_home::Home;
use qubx_kernel::StrategySource;
use qubx_session::{Control, KernelLoss, Progress, ServiceConfig, StopRequest, StrategyChoice, serve};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::config::{self, Config, OnKernelLoss, StrategyClass};
use crate::failure::{Failure, Outcome};
use crate::owner::launch::Launch;

/// The steps and the signals that wait at most; there are a handful of each.
const FEW: usize = 16;

/// `qubx service`
pub(crate) async fn service(registry: &Registry) -> Result<Outcome, Failure> {
    // The session must not end with its starter's terminal. A process that leads a group already has no terminal
    // session of its own to leave only when it was started by hand.
    let _ = rustix::process::setsid();
    // It was started by the link to the program, whose name `ps` and `top` would show.
    let _ = std::fs::write("/proc/self/comm", "qubx");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let launch: Launch = serde_json::from_str(&line)
        .map_err(Failure::because("`qubx service` is started by `qubx run`, which tells it what to serve"))?;
    own_log::start(&launch.session_dir.join("service.log"))?;
    let open_files_at_first = descriptors::raise_limit();
    let kernel_log = launch.session_dir.join("kernel.log");
    let tracker = TaskTracker::new();
    tracker.spawn(async move { own_log::keep_short(&kernel_log).await });
    let (controls_sender, controls) = mpsc::channel(FEW);
    watch_signals(controls_sender.clone(), &tracker)?;
    watch_owner(controls_sender);
    let (progress_sender, progress) = mpsc::channel(FEW);
    std::thread::spawn(move || tell_starter(progress));
    let ended = match service_config(launch, registry, open_files_at_first) {
        Ok(config) => serve(config, progress_sender.clone(), controls)
            .await
            .map_err(Failure::because("the session cannot start")),
        Err(error) => Err(Failure::because("the strategy cannot be made")(error)),
    };
    match ended {
        Ok(why) => {
            tracing::info!(why, "the session ended");
            Ok(Outcome::Done)
        }
        Err(failure) => {
            let message = failure.to_string();
            let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
            let _ = progress_sender.send(Progress::Failed { message, last_output: String::new() }).await;
            progress_sender.closed().await;
            Err(failure)
        }
    }
}

/// Writes the steps to the starter until the session is up and has its first quotes, or has failed; then nobody listens any more.
fn tell_starter(mut progress: mpsc::Receiver<Progress>) {
    let mut stdout = std::io::stdout();
    while let Some(step) = progress.blocking_recv() {
        let line = serde_json::to_string(&step).expect("steps have string keys");
        let told = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        let last = matches!(
            step,
            Progress::StrategyFailed { .. }
                | Progress::WarmedUp { .. }
                | Progress::Ended { .. }
                | Progress::Failed { .. }
        );
        if told.is_err() || last {
            return;
        }
    }
}

/// Waits for the end of the owner's pipe, in a thread because a pipe cannot be read without waiting.
fn watch_owner(controls: mpsc::Sender<Control>) {
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // The session may have ended.
        let _ = controls.blocking_send(Control::OwnerGone);
    });
}

fn watch_signals(controls: mpsc::Sender<Control>, tracker: &TaskTracker) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Taken so that it does not end the process: the terminal of the starter is not ours.
    let mut hangup = signal(SignalKind::hangup())?;
    tracker.spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                _ = hangup.recv() => continue,
            };
            let request = StopRequest { by: "system".into(), reason: name.to_owned() };
            if controls.send(Control::Stop(request)).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn service_config(
    launch: Launch,
    registry: &Registry,
    open_files_at_first: Option<u64>,
) -> Result<ServiceConfig, RegistryError> {
    let Launch { home, session_dir, config_file, python, config, restore, runtime_dir, goes_on_with: _ } =
        launch;
    let config::Session { limits, kernel, history, outputs, .. } = &config.session;
    Ok(ServiceConfig {
        home: Home::at(home),
        session_dir,
        name: config.name.clone(),
        // `run` refuses everything else so far.
        mode: qubx_protocol::Mode::Paper,
        strategy_name: config.strategy_name.clone(),
        config: config_file,
        python,
        strategy: strategy(&config, registry)?,
        exchanges: exchanges::of(&config),
        limits: qubx_engine::Limits {
            order_notional: limits.order_notional,
            position_notional: limits.position_notional,
            gross_leverage: limits.gross_leverage,
            orders_per_minute: limits.orders_per_minute,
            daily_loss: limits.daily_loss,
        },
        stale_after: Duration::from_secs(config.session.stale_after.seconds().into()),
        on_kernel_loss: match config.session.on_kernel_loss {
            OnKernelLoss::Hold => KernelLoss::Hold,
            OnKernelLoss::Cancel => KernelLoss::Cancel,
            OnKernelLoss::Flatten => KernelLoss::Flatten,
        },
        history_limit: usize::try_from(history.limit).unwrap_or(usize::MAX),
        log_bytes: bytes(history.log_mb),
        restore,
        runtime_dir,
        kernel_limits: qubx_kernel::ChildLimits {
            memory: kernel.memory_mb.map(bytes),
            processes: kernel.processes.map(u64::from),
            open_files: kernel.open_files.map(u64::from),
            open_files_at_first,
        },
        kernel_restarts: config.session.kernel_restarts,
        output_quota: qubx_session::OutputQuota {
            cell: bytes(outputs.cell_mb),
            session: bytes(outputs.session_mb),
        },
    })
}

fn strategy(config: &Config, registry: &Registry) -> Result<StrategyChoice, RegistryError> {
    let parameters = config.parameters.clone();
    Ok(match config.strategy.clone() {
        StrategyClass::Python { module, class } => StrategyChoice::Python(StrategySource {
            module,
            class,
            folder: config.folder.clone(),
            parameters,
        }),
        StrategyClass::Rust { name } => StrategyChoice::Rust(registry.prepare(&name, parameters)?),
    })
}

fn bytes(millions: u32) -> u64 {
    u64::from(millions) * 1_000_000
}
