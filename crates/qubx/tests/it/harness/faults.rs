//! Kills at random moments, and what must have outlived them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qubx_home::service_holder;
use qubx_protocol::{Event, Fact, Seq, Side};
use rust_decimal::Decimal;
use rustix::process::Signal;

use super::{Place, Screen, is_alive, send_signal, wait_for};

/// A source of chance that can be repeated: `QUBX_TEST_SEED` is its seed, which it prints.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let given = std::env::var("QUBX_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed: u64 = given.unwrap_or_else(now);
        println!("repeat this with QUBX_TEST_SEED={seed}");
        // The generator below must not begin with zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Lets a moment pass, as long as chance has it. Nothing is expected to happen meanwhile: what follows is a fault,
    /// and it is to come at any moment.
    pub(crate) async fn moment(&mut self, longest: Duration) {
        let millis = u64::try_from(longest.as_millis()).unwrap();
        tokio::time::sleep(Duration::from_millis(self.below(millis))).await;
    }
}

/// Kills the service of a session, waits until it has let go of the session, and returns its process number.
pub(crate) async fn kill_service(place: &Place, name: &str) -> u32 {
    let pid = service_of(place, name).expect("it has a service");
    send_signal(pid, Signal::KILL);
    // A killed process ends when it gets to it: one that waits for a disk, or for its turn, holds its lock meanwhile.
    wait_for("the end of the killed service", async || (service_of(place, name) != Some(pid)).then_some(()))
        .await;
    pid
}

/// Returns the process that holds the lock of a session.
pub(crate) fn service_of(place: &Place, name: &str) -> Option<u32> {
    service_holder(&place.session_dir(name)).unwrap().map(|holder| holder.pid)
}

/// Kills the service of a session that nobody starts again, and waits until it and its kernel are gone.
pub(crate) async fn end_by_kill(place: &Place, name: &str) {
    let qubx = place.session(name).file.qubx;
    send_signal(qubx.service.pid, Signal::KILL);
    wait_for("the end of service and kernel", async || {
        let is_gone = !is_alive(qubx.service.pid) && !is_alive(qubx.kernel_pid);
        (is_gone && service_of(place, name).is_none()).then_some(())
    })
    .await;
}

/// Returns all events that a session has written down.
pub(crate) fn written(place: &Place, name: &str) -> Vec<Event> {
    qubx_session::read_history(&place.session_dir(name), usize::MAX, |_| true).unwrap()
}

/// Asserts that every event which a screen was sent as it happened is written down just so.
#[track_caller]
pub(crate) fn assert_kept(screen: &Screen, written: &[Event]) {
    let kept: BTreeMap<Seq, &Event> = written.iter().map(|event| (event.seq, event)).collect();
    let mut last = screen.attached_at;
    for seen in screen.events.iter().filter(|event| event.seq > screen.attached_at) {
        let Event { seq, .. } = seen;
        let is_between = |given: &std::ops::RangeInclusive<Seq>| given.contains(&last) && given.contains(seq);
        let is_next = *seq == last.next() || *seq > last && screen.given_as_state.iter().any(is_between);
        assert!(is_next, "a screen sees every number once, in order: {seq} after {last}");
        assert_eq!(kept.get(seq), Some(&seen), "what was acknowledged is written down");
        last = *seq;
    }
}

/// Asserts that ids of orders have no holes, no fill is there twice, and each position is the sum of its fills. Returns
/// the positions.
pub(crate) fn check_book(events: &[Event]) -> BTreeMap<String, Decimal> {
    let (mut orders, mut trades, mut sums) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for event in events {
        match &event.fact {
            Fact::Order { order, .. } => {
                let number = order.id.to_string().rsplit('-').next().unwrap().parse::<u64>().unwrap();
                orders.insert(number);
            }
            Fact::Fill { fill, position, .. } => {
                assert!(trades.insert(fill.trade_id.clone()), "{:?} is there twice", fill.trade_id);
                let sign = if fill.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
                let sum: &mut Decimal = sums.entry(fill.instrument.to_string()).or_default();
                *sum += sign * fill.quantity.0;
                assert_eq!(position.quantity.0, *sum, "a position is the sum of its fills");
            }
            _ => {}
        }
    }
    assert!(!trades.is_empty(), "there was trading");
    assert_eq!(orders, (1..=orders.len() as u64).collect(), "no order is missing");
    sums
}
