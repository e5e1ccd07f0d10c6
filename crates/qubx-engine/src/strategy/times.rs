//! How long callbacks take. No I/O.

use std::time::Duration;

use qubx_protocol::CallbackTime;

/// The callbacks of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callback {
    Start,
    Quote,
    Trade,
    Bar,
    Timer,
    Order,
    Fill,
    Stop,
}

/// All of them, by place.
const ALL: [Callback; 8] = {
    use Callback::{Bar, Fill, Order, Quote, Start, Stop, Timer, Trade};
    [Start, Quote, Trade, Bar, Timer, Order, Fill, Stop]
};

impl Callback {
    /// Returns its name, which is the one that it has in both languages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Callback::Start => "on_start",
            Callback::Quote => "on_quote",
            Callback::Trade => "on_trade",
            Callback::Bar => "on_bar",
            Callback::Timer => "on_timer",
            Callback::Order => "on_order",
            Callback::Fill => "on_fill",
            Callback::Stop => "on_stop",
        }
    }
}

/// How long each callback took since the strategy started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    of: [Time; ALL.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Time {
    count: u64,
    total: Duration,
    worst: Duration,
}

impl Times {
    /// Notes that a callback ran.
    pub(super) fn note(&mut self, callback: Callback, took: Duration) {
        let time = &mut self.of[callback as usize];
        time.count += 1;
        time.total += took;
        time.worst = time.worst.max(took);
    }

    /// Returns the times of those that ran.
    pub(super) fn list(&self) -> Vec<CallbackTime> {
        let micros = |time: Duration| time.as_nanos() as f64 / 1_000.0;
        let each = ALL.iter().zip(&self.of).filter(|(_, time)| time.count > 0);
        each.map(|(callback, time)| CallbackTime {
            name: callback.name().to_owned(),
            count: time.count,
            mean_us: micros(time.total) / time.count as f64,
            worst_us: micros(time.worst),
        })
        .collect()
    }
}
