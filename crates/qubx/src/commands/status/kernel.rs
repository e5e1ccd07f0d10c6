//! How the Python kernel is, in a line. No I/O.

use std::time::Duration;

use jiff::Timestamp;
use qubx_protocol::{CellView, KernelStatus, SessionState};

/// Returns how the kernel is in a line, as `busy since 12:03:04 UTC (7 s), cell 12 of alice@cli`.
pub(super) fn text(state: &SessionState, kernel: &KernelStatus, now: Timestamp) -> String {
    let (word, since) = (kernel.word(state.running.as_ref()), kernel.since(state.running.as_ref()));
    if word == "idle" {
        return word.to_owned();
    }
    let so_far = duration(Duration::try_from(now.duration_since(since)).unwrap_or_default());
    let cell = state.running.as_ref().map(cell).unwrap_or_default();
    let ended = kernel.ended.as_ref().map(|how| format!(": {how}")).unwrap_or_default();
    format!("{word} since {} ({so_far}){cell}{ended}", since.strftime("%T UTC"))
}

fn cell(running: &CellView) -> String {
    format!(", cell {} of {}", running.cell, running.author)
}

/// Returns how long something lasts, in its two greatest units.
fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds @ 3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        seconds => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::{CellNumber, KernelState, LogId};

    use super::*;

    #[test]
    fn a_kernel_tells_since_when_it_is_as_it_is_and_whose_cell_it_runs() {
        let time = |text: &str| -> Timestamp { format!("2026-01-02T{text}Z").parse().unwrap() };
        let check = |kernel_state, is_busy: bool, ended: Option<&str>, now, expected| {
            let kernel = KernelStatus {
                state: kernel_state,
                since: time("11:00:00"),
                pid: None,
                restarts: 0,
                ended: ended.map(str::to_owned),
                next_start: None,
            };
            let mut state = SessionState::new(LogId::default(), 0);
            state.running = is_busy.then(|| CellView {
                cell: CellNumber(12),
                author: "alice@cli".into(),
                command: None,
                since: time("12:03:04"),
            });
            assert_eq!(text(&state, &kernel, time(now)), expected);
        };
        use KernelState::{Dead, NotResponding, Ready, Starting};
        check(Ready, false, None, "12:03:11", "idle");
        check(Ready, true, None, "12:03:11", "busy since 12:03:04 UTC (7 s), cell 12 of alice@cli");
        // A clock that was set back makes nothing negative.
        check(Ready, true, None, "12:00:00", "busy since 12:03:04 UTC (0 s), cell 12 of alice@cli");
        check(
            NotResponding,
            true,
            None,
            "12:03:11",
            "not responding since 11:00:00 UTC (1 h 3 min), cell 12 of alice@cli",
        );
        check(Dead, false, Some("signal 9"), "11:02:05", "dead since 11:00:00 UTC (2 min 5 s): signal 9");
        check(Starting, false, None, "11:00:01", "starting since 11:00:00 UTC (1 s)");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, expected) in
            [(0, "0 s"), (60, "1 min 0 s"), (86_399, "23 h 59 min"), (90_000, "1 d 1 h")]
        {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }
}
