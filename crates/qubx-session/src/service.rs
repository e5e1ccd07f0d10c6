//! A session from its first file to its last: lock, databases, sockets, engine, kernel, session task; and their end in
//! the opposite order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use qubx_engine::ExchangeConfig;
use qubx_home::{ProcessId, QubxSection, SessionLock, boot_id, ensure_session_dir};
use qubx_kernel::KernelConfig;
use qubx_protocol::{
    ExchangeInfo, KernelState, KernelStatus, Mode, Ownership, Phase, Runtime, SessionInfo, SessionStatus,
    StrategyState, StrategyStatus,
};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cells::outputs::Outputs;
use crate::config::{Control, Progress, ServiceConfig, ServiceError, StrategyChoice};
use crate::python::process::Python;
use crate::screens::connection::{Doors, READERS};
use crate::screens::fan_out::fan_out;
use crate::screens::listener;
use crate::screens::newest::{Values, newest};
use crate::screens::places::Places;
use crate::screens::runtime::ScreensRuntime;
use crate::screens::subscribers::Subscribers;
use crate::session::beginning::Life;
use crate::session::input::Input;
use crate::session::publication::Publication;
use crate::session::{self, Beginning, Session, Sources};
use crate::store::Store;
use crate::strategy::port::InstrumentPlaces;
use crate::strategy::rust::RustStrategy;
use crate::strategy::watch::StrategyWatch;

/// The inputs that wait for the session task at most. When it is full, screens wait.
const INPUTS: usize = 1_024;
/// The outputs of the engine that wait at most. When it is full, the engine waits: facts are never dropped.
const ENGINE_OUTPUTS: usize = 1_024;
/// The events of the kernel that wait at most. When it is full, the kernel's reader waits, and then the kernel's own
/// queue of 8,000 messages fills, or Python waits.
const KERNEL_EVENTS: usize = 4_096;
/// What a strategy in Rust says and is not heard yet at most. When it is full, the strategy waits.
const HOST_EVENTS: usize = 1_024;
/// The engine sends one batch at a time.
const STRATEGY_BATCHES: usize = 1;
/// How long tasks may take to end.
const TASKS_END_WITHIN: Duration = Duration::from_secs(2);

/// Serves a session until it ends, and returns why it did. Nothing of it is left behind but its folder.
///
/// # Errors
/// When it cannot start; nothing is left behind then either.
pub async fn serve(
    config: ServiceConfig,
    progress: mpsc::Sender<Progress>,
    controls: mpsc::Receiver<Control>,
) -> Result<String, ServiceError> {
    config.home.create()?;
    ensure_session_dir(&config.session_dir)?;
    let lock = SessionLock::acquire(&config.session_dir.join("lock"))?;
    let mut store = Store::open(&config.session_dir)?;
    // Whoever stopped the session was told that it is; a crash on the way to its end starts nothing again.
    if config.runtime_dir.is_some()
        && let Some(stop) = store.stop_that_ended_it()?
    {
        let why = format!("stopped by {}: {}", stop.author, stop.text);
        let _ = progress.send(Progress::Ended { why: why.clone() }).await;
        progress.closed().await;
        return Ok(why);
    }
    store.cap_log(config.log_bytes);
    if config.mode == Mode::Live {
        store.sync_every_commit()?;
    }
    let runtime_dir = match &config.runtime_dir {
        Some(path) => config.home.take_over_runtime_dir(path, &config.session_dir)?,
        None => config.home.create_runtime_dir(&config.session_dir)?,
    };
    let socket = runtime_dir.socket();
    let listen = |source| ServiceError::Listen { path: socket.clone(), source };
    let screens = ScreensRuntime::start().map_err(listen)?;
    let listener = listener::bind(&socket, screens.handle()).map_err(listen)?;

    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let life = Life::of(&store, config.restore)?;
    let (engine_sender, engine_outputs) = mpsc::channel(ENGINE_OUTPUTS);
    let (batch_sender, batches) = mpsc::channel(STRATEGY_BATCHES);
    let (kernel_sender, kernel_events) = mpsc::channel(KERNEL_EVENTS);
    let (inputs_sender, inputs) = mpsc::channel(INPUTS);

    let engine_config = life.engine_config(&config, &store)?;
    let engine =
        qubx_engine::start(engine_config, engine_sender, batch_sender, &tracker, cancel.child_token())?;
    let mut python = Python::new(
        kernel_config(&config, runtime_dir.path()),
        config.kernel_restarts,
        kernel_sender,
        tracker.clone(),
        cancel.child_token(),
    );

    let started_at = Timestamp::now();
    let (presence_sender, presence) = watch::channel(Vec::new());
    let strategy_view_sender = watch::Sender::new(Arc::default());
    let strategy_view = strategy_view_sender.subscribe();
    let alarms_sender = watch::Sender::new(Vec::new());
    let alarms = alarms_sender.subscribe();
    let mut left = session::beginning::load(&mut store, config.history_limit);
    life.put_book_into(&mut left);
    let mut publication = Publication::new(config.home.kernels(), section(&config, &socket, started_at));
    if config.runtime_dir.is_some() {
        publication.take_over();
    }
    // Nothing can fail any more between its start and the session that ends it.
    python.start()?;
    let current_python = python.watch();
    let places = InstrumentPlaces::new(&instruments(&config));
    let (host_sender, host_events) = mpsc::channel(HOST_EVENTS);
    // The news of the engine go to the strategy's own thread, or to Python by way of the session.
    let (rust, batches) = match &config.strategy {
        StrategyChoice::Python(_) => (None, batches),
        StrategyChoice::Rust(strategy) => {
            let strategy = RustStrategy::new(strategy.clone(), batches, host_sender, places.clone());
            (Some(strategy), mpsc::channel(1).1)
        }
    };
    let (told, handing_out) = fan_out();
    tracker.spawn_on(handing_out, screens.handle());
    let watch = StrategyWatch::default();
    let published = watch.board();
    let beginning = Beginning {
        places,
        watch,
        rust,
        drafts: life.first_drafts(store.take_left(), store.last_cell()?),
        state: left,
        store,
        status: SessionStatus { paused: engine.paused(), ..status(&config, started_at) },
        subscribers: Subscribers::new(presence_sender, told),
        engine: engine.clone(),
        python,
        on_kernel_loss: config.on_kernel_loss,
        outputs: Outputs::new(&config.session_dir, config.output_quota),
        publication,
        session_dir: config.session_dir.clone(),
        alarms: alarms_sender,
        strategy_view: strategy_view_sender,
        own_inputs: inputs_sender.clone(),
        progress: progress.clone(),
        tracker: tracker.clone(),
    };
    let session = match Session::new(beginning) {
        Ok(session) => session,
        Err(error) => {
            end_python(&current_python).await;
            return Err(error.into());
        }
    };
    let values = Values { market: engine.market(), strategy: strategy_view, presence, alarms };
    let (newest, telling) = newest(values);
    tracker.spawn_on(telling, screens.handle());
    let doors = Doors {
        inputs: inputs_sender.clone(),
        python: current_python.clone(),
        newest,
        engine: engine.clone(),
        published,
        session_dir: Arc::from(config.session_dir.as_path()),
        places: Places::within_the_limit(),
        readers: Arc::new(Semaphore::new(READERS)),
        tracker: tracker.clone(),
    };
    let listening = cancel.child_token();
    tracker.spawn_on(listener::listen(listener, doors, listening.clone()), screens.handle());
    tracker.spawn(forward_controls(controls, inputs_sender, cancel.clone()));
    // The starter may be gone, and then its pipe's end says so.
    let _ = progress.send(Progress::Listening { socket }).await;

    let sources = Sources {
        inputs,
        engine: engine_outputs,
        kernel: kernel_events,
        strategy: batches,
        host: host_events,
    };
    let why = session.run(sources).await;
    // Nobody is let in any more while Python takes its time to end.
    listening.cancel();
    end_python(&current_python).await;
    cancel.cancel();
    tracker.close();
    if tokio::time::timeout(TASKS_END_WITHIN, tracker.wait()).await.is_err() {
        tracing::warn!("some tasks did not end in time");
    }
    drop(screens);
    drop(runtime_dir);
    drop(lock);
    Ok(why.message)
}

/// Ends the Python process that is there now, if there is one.
async fn end_python(current: &watch::Receiver<Option<qubx_kernel::KernelHandle>>) {
    let kernel = current.borrow().clone();
    if let Some(kernel) = kernel {
        kernel.shutdown(crate::python::process::ENDS_WITHIN).await;
    }
}

async fn forward_controls(
    mut controls: mpsc::Receiver<Control>,
    inputs: mpsc::Sender<Input>,
    cancel: CancellationToken,
) {
    while let Some(Some(control)) = cancel.run_until_cancelled(controls.recv()).await {
        let input = match control {
            Control::OwnerGone => Input::OwnerGone,
            Control::Stop(request) => Input::Stop(request),
        };
        // The session task is gone only when everything ends.
        let _ = inputs.send(input).await;
    }
}

/// What plotly shows a figure as, unless its user says otherwise: as data, which screens draw. By itself it would bring
/// all of plotly.js with each figure.
const PLOTLY_RENDERER: (&str, &str) = ("PLOTLY_RENDERER", "plotly_mimetype");

fn kernel_config(config: &ServiceConfig, runtime_dir: &Path) -> KernelConfig {
    let (renderer, data) = PLOTLY_RENDERER;
    let plotly = std::env::var_os(renderer).is_none().then(|| (renderer.into(), data.into()));
    let runtime = (qubx_home::RUNTIME_DIR_VARIABLE.into(), runtime_dir.into());
    KernelConfig {
        python: config.python.clone(),
        runtime_dir: runtime_dir.to_owned(),
        folder: config.config.parent().unwrap_or(Path::new("/")).to_owned(),
        source: match &config.strategy {
            StrategyChoice::Python(source) => Some(source.clone()),
            StrategyChoice::Rust(_) => None,
        },
        instruments: instruments(config),
        output_log: config.session_dir.join("kernel.log"),
        limits: config.kernel_limits,
        environment: plotly.into_iter().chain([runtime]).collect(),
    }
}

fn instruments(config: &ServiceConfig) -> Vec<qubx_protocol::Instrument> {
    config.exchanges.iter().flat_map(|exchange| exchange.instruments.clone()).collect()
}

/// Returns what people see of an exchange.
fn terms(exchange: &ExchangeConfig) -> ExchangeInfo {
    ExchangeInfo {
        name: exchange.name.clone(),
        currency: exchange.currency.clone(),
        capital: exchange.capital,
        leverage: exchange.leverage,
        maker_bps: exchange.fees.maker_bps,
        taker_bps: exchange.fees.taker_bps,
        slippage_bps: exchange.paper.slippage_bps,
    }
}

fn status(config: &ServiceConfig, started_at: Timestamp) -> SessionStatus {
    SessionStatus {
        info: SessionInfo {
            name: config.name.clone(),
            strategy_name: config.strategy_name.clone(),
            strategy: config.strategy.to_string(),
            mode: config.mode,
            runtime: Runtime::Native,
            config: config.config.display().to_string(),
            connection_file: String::new(),
            session_dir: config.session_dir.display().to_string(),
            pid: std::process::id(),
            started_at,
            instruments: instruments(config),
            exchanges: config.exchanges.iter().map(terms).collect(),
            limits: config.limits.clone(),
            timeframes: qubx_engine::chart_timeframes(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        kernel: KernelStatus {
            state: KernelState::Starting,
            since: started_at,
            pid: None,
            restarts: 0,
            ended: None,
            next_start: None,
        },
        strategy: StrategyStatus {
            state: StrategyState::Starting,
            error: None,
            callback_errors: 0,
            parameters: Vec::new(),
            actions: Vec::new(),
        },
        paused: false,
        ownership: Ownership::Owned,
        phase: Phase::Running,
    }
}

fn section(config: &ServiceConfig, socket: &std::path::Path, started_at: Timestamp) -> QubxSection {
    let pid = std::process::id();
    QubxSection {
        name: config.name.clone(),
        strategy_name: config.strategy_name.clone(),
        mode: config.mode.to_string(),
        runtime: "native".to_owned(),
        config: config.config.clone(),
        session_dir: config.session_dir.clone(),
        socket: socket.to_owned(),
        service: ProcessId::own().unwrap_or(ProcessId { pid, start_ticks: 0 }),
        boot_id: boot_id(),
        kernel_pid: 0,
        started_at,
    }
}
