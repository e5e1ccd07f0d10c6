//! The owner's watch over its service: one that crashes is started again, where it was, until it crashes too often.
//!
//! A service that says how the session ended, and then ends in good order, is left ended. Anything else is a crash: a
//! signal, a panic, an exit code. While the owner lives it holds the session's owner lock, so that others can tell a
//! session that is about to come back from a dead one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use qubx_home::{Home, HomeError, OwnerLock, connection_files_of, ensure_session_dir, service_holder};
use qubx_session::{Progress, RESTART_WINDOW, Restarts};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::Failure;
use crate::owner::launch::{Ending, Launch, Service};

/// How long a service may take to end once it said that it does.
pub(crate) const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// How often a service is started again within [`RESTART_WINDOW`] before its owner gives up.
const MOST_RESTARTS: u32 = 5;

/// What the owner is told of its service.
#[derive(Debug)]
pub(crate) enum News {
    /// A step of a start: the first one's or a later one's.
    Step(Progress),
    /// The service crashed and is started again.
    Crashed {
        /// How, in words.
        how: String,
        /// After how long it is started again.
        after: Duration,
        /// How often it crashed lately.
        crashes: usize,
    },
}

impl News {
    /// Returns what a person is told of a crash; none for a step.
    pub(crate) fn of_crash(&self) -> Option<String> {
        match self {
            News::Step(_) => None,
            News::Crashed { how, after, crashes } => Some(format!(
                "{how}; it is started again in {} s (crash {crashes} within ten minutes)",
                after.as_secs()
            )),
        }
    }
}

/// A session's service under its owner's watch.
pub(crate) struct Supervisor {
    /// Ends when the service has ended for good.
    pub(crate) news: mpsc::Receiver<News>,
    ended: oneshot::Receiver<Result<(), Failure>>,
    /// Cancelled: a service that is down stays down.
    finish: CancellationToken,
    /// Cancelled: the service is asked to end by a signal.
    terminate: CancellationToken,
    /// Cancelled: the service is left to itself.
    release: CancellationToken,
    tracker: TaskTracker,
}

/// The news that wait for the owner at most. A drawn screen reads none of them, so above it they are dropped: the
/// screen's own connection shows what happens.
const NEWS: usize = 64;

impl Supervisor {
    /// Starts the service of a session that nobody else runs or owns, and returns the socket on which it listens.
    ///
    /// # Errors
    /// When somebody else does, and when the service does not start; nothing is running then.
    pub(crate) async fn start(launch: Launch) -> Result<(Self, PathBuf), Failure> {
        let home = Home::at(launch.home.clone());
        home.create()?;
        ensure_session_dir(&launch.session_dir)?;
        let owner = claim(&launch).await?;
        let (service, socket) = match start(&launch).await {
            Ok(started) => started,
            Err(failure) => {
                drop(owner);
                home.remove_abandoned_runtime_dirs();
                return Err(failure);
            }
        };
        let (news_sender, news) = mpsc::channel(NEWS);
        let (ended_sender, ended) = oneshot::channel();
        let (finish, terminate, release) =
            (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let tracker = TaskTracker::new();
        let runtime_dir = socket.parent().map(Path::to_owned);
        // What a crash leaves is taken up again: the account, and the sockets that screens and guests know.
        let launch = Launch { restore: true, runtime_dir, ..launch };
        let watch = Watch {
            home,
            launch,
            owner,
            news: news_sender,
            finish: finish.clone(),
            terminate: terminate.clone(),
            is_again: false,
        };
        let released = release.clone();
        tracker.spawn(async move {
            // An owner that released the session waits for no end of it.
            if let Some(result) = released.run_until_cancelled(watch.run(service)).await {
                let _ = ended_sender.send(result);
            }
        });
        Ok((Self { news, ended, finish, terminate, release, tracker }, socket))
    }

    /// From now on a service that is down stays down: its end was asked for.
    pub(crate) fn finish(&self) {
        self.finish.cancel();
    }

    /// Asks a service to end with which nobody can speak at the moment.
    pub(crate) fn terminate(&self) {
        self.finish.cancel();
        self.terminate.cancel();
    }

    /// Gives the ownership up. The service must have been told.
    pub(crate) async fn release(self) {
        self.release.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Waits until the service has ended for good.
    ///
    /// # Errors
    /// When it takes longer, and when it did not end in good order.
    pub(crate) async fn ended(self, within: Duration) -> Result<(), Failure> {
        match tokio::time::timeout(within, self.ended).await {
            Ok(result) => result.unwrap_or_else(|_| Err(Failure::new("nobody watches the service any more"))),
            Err(_) => Err(Failure::new(format!("the service has not ended after {} s", within.as_secs()))),
        }
    }
}

/// Starts the service and waits until it listens.
async fn start(launch: &Launch) -> Result<(Service, PathBuf), Failure> {
    let mut service = Service::start(launch).await?;
    let socket = service.listening().await?;
    Ok((service, socket))
}

/// How long a session that somebody else is starting may take to show whether it runs.
const CLAIM_WITHIN: Duration = Duration::from_secs(2);

/// Takes the ownership of a session that has neither a service nor an owner.
async fn claim(launch: &Launch) -> Result<OwnerLock, Failure> {
    let name = &launch.config.name;
    let running = |pid: u32| {
        Failure::new(format!("session `{name}` is already running (process {pid})"))
            .hint(format!("watch it with `qubx attach {name}`, or start another one with --name"))
    };
    let deadline = Instant::now() + CLAIM_WITHIN;
    loop {
        if let Some(service) = service_holder(&launch.session_dir)? {
            return Err(running(service.pid));
        }
        match OwnerLock::acquire(&launch.session_dir) {
            Ok(owner) => match service_holder(&launch.session_dir)? {
                // It was started between the two questions, and released by its owner.
                Some(service) => return Err(running(service.pid)),
                None => return Ok(owner),
            },
            // An owner whose session has just ended is gone in a moment, and one that starts has a service then.
            Err(HomeError::Owned { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(HomeError::Owned { pid }) => {
                return Err(Failure::new(format!(
                    "session `{name}` has no service at the moment; its owner, process {pid}, is starting it again"
                ))
                .hint(format!(
                    "watch it with `qubx attach {name}` in a moment, or start another one with --name"
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The task that watches.
struct Watch {
    home: Home,
    /// What a service that crashed is started again with.
    launch: Launch,
    owner: OwnerLock,
    news: mpsc::Sender<News>,
    finish: CancellationToken,
    terminate: CancellationToken,
    /// Whether the service is not the first one any more.
    is_again: bool,
}

impl Watch {
    async fn run(mut self, service: Service) -> Result<(), Failure> {
        let mut restarts = Restarts::new(MOST_RESTARTS);
        let mut next = Ok(service);
        let result = loop {
            let failure = match next {
                Ok(service) => match self.attend(service).await {
                    Ending::Ended => break Ok(()),
                    Ending::Refused(failure) => break Err(failure),
                    Ending::Crashed(failure) if self.finish.is_cancelled() => break Err(failure),
                    Ending::Crashed(failure) => failure,
                },
                Err(failure) => failure,
            };
            let Some(after) = restarts.crashed(Instant::now()) else {
                break Err(self.gave_up(&failure));
            };
            self.tell(News::Crashed { how: failure.message().to_owned(), after, crashes: restarts.count() });
            if self.finish.run_until_cancelled(tokio::time::sleep(after)).await.is_none() {
                break Err(failure);
            }
            self.is_again = true;
            next = Service::start(&self.launch).await;
        };
        self.clean_up();
        result
    }

    /// Hands the service's steps on until it ends.
    async fn attend(&mut self, mut service: Service) -> Ending {
        let mut told_to_end = false;
        loop {
            let step = tokio::select! {
                step = service.step() => step,
                () = self.terminate.cancelled(), if !told_to_end => {
                    service.terminate();
                    told_to_end = true;
                    continue;
                }
            };
            let Some(step) = step else { break };
            match &step {
                // What the service before published is outdated now.
                Progress::KernelReady { connection_file } if self.is_again => {
                    self.remove_connection_files(Some(Path::new(connection_file)));
                }
                _ => {}
            }
            self.tell(News::Step(step));
        }
        service.ending().await
    }

    fn tell(&self, news: News) {
        // See `NEWS`.
        let _ = self.news.try_send(news);
    }

    fn gave_up(&self, last: &Failure) -> Failure {
        Failure::new(format!(
            "the service of `{}` crashed {} times within {} minutes and is not started again: {}",
            self.launch.config.name,
            MOST_RESTARTS + 1,
            RESTART_WINDOW.as_secs() / 60,
            last.message()
        ))
        .hint(format!(
            "its log: {}; go on where it was with `{}`",
            self.launch.session_dir.join("service.log").display(),
            self.launch.goes_on_with
        ))
    }

    /// Removes what a service that crashed could not remove itself. Nobody else starts one before the owner's lock is
    /// given up.
    fn clean_up(self) {
        if self.is_without_service() {
            if let Some(runtime_dir) = self.launch.runtime_dir.as_deref() {
                self.home.remove_runtime_dir(runtime_dir);
            }
            self.remove_connection_files(None);
        }
        drop(self.owner);
    }

    /// Removes the connection files of this session but the living one. Other sessions' are left to commands that can
    /// say what became of them.
    fn remove_connection_files(&self, living: Option<&Path>) {
        let own = connection_files_of(&self.home.kernels(), &self.launch.session_dir);
        for outdated in own.iter().filter(|path| Some(path.as_path()) != living) {
            // What cannot be removed now is removed by the next command that lists sessions.
            let _ = std::fs::remove_file(outdated);
        }
    }

    fn is_without_service(&self) -> bool {
        matches!(service_holder(&self.launch.session_dir), Ok(None))
    }
}
