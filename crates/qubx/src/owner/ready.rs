//! Waiting until a session that was started is ready: its strategy runs or has failed, and the feed gives quotes.

use qubx_session::Progress;

use crate::out::say;
use crate::owner::signals::Signals;
use crate::owner::steps::Steps;
use crate::owner::supervise::{News, Supervisor};

/// A session whose strategy runs or has failed.
pub(crate) struct Ready {
    /// How Jupyter clients reach its kernel.
    pub(crate) connection_file: String,
    /// Why its strategy does not run.
    pub(crate) failed: Option<String>,
}

/// Waits until the strategy runs, or has failed. None when the service has ended, because a signal asked for that or by
/// itself.
pub(crate) async fn wait_until_ready(
    supervisor: &mut Supervisor,
    signals: &mut Signals,
    steps: &mut Steps,
) -> Option<Ready> {
    let mut file = String::new();
    loop {
        let news = next_news(supervisor, signals).await?;
        say_crash(&news, steps);
        match news {
            News::Step(Progress::KernelReady { connection_file }) => {
                file = connection_file;
                steps.done("kernel up");
                steps.begin("starting the strategy");
            }
            News::Step(Progress::StrategyStarted) => {
                steps.done("strategy started");
                return Some(Ready { connection_file: file, failed: None });
            }
            News::Step(Progress::StrategyFailed { error }) => {
                steps.failed(&format!("strategy failed: {error}"));
                return Some(Ready { connection_file: file, failed: Some(error) });
            }
            News::Step(_) | News::Crashed { .. } => {}
        }
    }
}

/// Waits for news of the service, which is told to end when a signal asks for that meanwhile. None when it has ended.
async fn next_news(supervisor: &mut Supervisor, signals: &mut Signals) -> Option<News> {
    loop {
        tokio::select! {
            news = supervisor.news.recv() => return news,
            _ = signals.next() => {
                say!("stopping …");
                supervisor.terminate();
            }
        }
    }
}

/// Says that the service crashed, if that is the news.
fn say_crash(news: &News, steps: &mut Steps) {
    if let Some(crash) = news.of_crash() {
        steps.failed(&crash);
        steps.begin("starting the service again");
    }
}

/// Waits for the first quotes of a session that is ready, if its strategy runs. None when the service has ended.
pub(crate) async fn wait_until_quoted(
    mut ready: Ready,
    supervisor: &mut Supervisor,
    signals: &mut Signals,
    steps: &mut Steps,
) -> Option<Ready> {
    while ready.failed.is_none() {
        let mut feed = FeedSteps::begin(steps, false);
        loop {
            let news = next_news(supervisor, signals).await?;
            match news {
                News::Step(step) if feed.take(steps, &step) => return Some(ready),
                News::Step(_) => {}
                News::Crashed { .. } => {
                    say_crash(&news, steps);
                    break;
                }
            }
        }
        ready = wait_until_ready(supervisor, signals, steps).await?;
    }
    Some(ready)
}

/// The steps that the feed takes: it gives something, and then a quote of each instrument. The service tells when that
/// takes too long.
#[derive(Debug)]
pub(crate) struct FeedSteps {
    is_backtest: bool,
    is_connected: bool,
}

impl FeedSteps {
    /// Begins them. In a backtest instruments may begin late, and the strategy sees everything in its order: there is no
    /// warm-up.
    pub(crate) fn begin(steps: &mut Steps, is_backtest: bool) -> Self {
        steps.begin("connecting the feed");
        Self { is_backtest, is_connected: false }
    }

    /// Shows a step, and tells whether it is the last one.
    pub(crate) fn take(&mut self, steps: &mut Steps, step: &Progress) -> bool {
        match step {
            Progress::FeedConnected => {
                steps.done("feed connected");
                self.is_connected = true;
                if !self.is_backtest {
                    steps.begin("warm-up");
                }
                self.is_backtest
            }
            Progress::WarmUp { quoted, instruments } => {
                if self.is_connected {
                    steps.go_on(&format!("warm-up {quoted}/{instruments}"));
                }
                false
            }
            Progress::WarmedUp { quoted, instruments, missing, ended } => {
                let step = warmed_up(*quoted, *instruments, missing, *ended);
                if missing.is_empty() {
                    steps.done(&step)
                } else {
                    steps.warned(&step)
                }
                true
            }
            _ => false,
        }
    }
}

/// How many instruments are named.
const NAMED: usize = 5;

/// Returns what a person is told of the end of a warm-up.
fn warmed_up(quoted: usize, instruments: usize, missing: &[String], ended: bool) -> String {
    let step = format!("warm-up {quoted}/{instruments}");
    let named = missing[..missing.len().min(NAMED)].join(", ");
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match (missing, ended) {
        ([], _) => step,
        (_, true) => format!("{step}: the feed is at its end, without a quote of {named}{more}"),
        (_, false) => format!("{step}: no quote of {named}{more} yet; the session goes on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_that_ends_without_all_names_what_is_missing() {
        let missing: Vec<String> = (0..7).map(|number| format!("SIM:{number}")).collect();
        assert_eq!(warmed_up(3, 3, &[], false), "warm-up 3/3");
        let named = "warm-up 1/2: no quote of SIM:0 yet; the session goes on";
        assert_eq!(warmed_up(1, 2, &missing[..1], false), named);
        let many = "warm-up 0/7: the feed is at its end, without a quote of SIM:0, SIM:1, SIM:2, SIM:3, SIM:4 and 2 more";
        assert_eq!(warmed_up(0, 7, &missing, true), many);
    }
}
