//! How far a replay is, in a line now and then. No I/O.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// How far it is, said now and then.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) is_terminal: bool,
    /// When it was said last, at first when it began.
    said: Instant,
}

/// How often a line that is written over is written.
const ON_A_TERMINAL: Duration = Duration::from_millis(100);
/// How often a line is added to a file or a log.
const IN_A_PIPE: Duration = Duration::from_secs(30);

impl Progress {
    pub(super) fn new(is_terminal: bool, now: Instant) -> Self {
        Self { is_terminal, said: now }
    }

    /// Returns what to say, if it is time to say something.
    pub(super) fn next(&mut self, fraction: f64, time: Timestamp, now: Instant) -> Option<String> {
        let pause = if self.is_terminal { ON_A_TERMINAL } else { IN_A_PIPE };
        if now.saturating_duration_since(self.said) < pause {
            return None;
        }
        self.said = now;
        // The last percent is over when the results are there.
        let percent = (fraction.clamp(0.0, 1.0) * 100.0).floor().min(99.0);
        Some(format!("{percent:>3} %  {} UTC", time.strftime("%F %T")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_said_often_on_a_terminal_and_rarely_in_a_pipe() {
        let begin = Instant::now();
        let time: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let said = |is_terminal, milliseconds: &[u64]| {
            let mut progress = Progress::new(is_terminal, begin);
            let at = |ms: &u64| progress.next(0.426, time, begin + Duration::from_millis(*ms));
            milliseconds.iter().filter_map(at).collect::<Vec<_>>()
        };
        let line = " 42 %  2026-01-01 12:00:00 UTC";
        assert_eq!(said(true, &[10, 100, 150, 200]), [line, line]);
        assert_eq!(said(false, &[10, 100, 29_999, 30_000, 31_000]), [line]);
        let mut progress = Progress::new(true, begin);
        let end = progress.next(1.0, time, begin + Duration::from_secs(1)).unwrap();
        assert!(end.starts_with(" 99 %"), "{end}");
    }
}
