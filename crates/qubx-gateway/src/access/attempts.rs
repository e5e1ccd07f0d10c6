//! How often each address may try to log in: five times a minute, and the longer it goes on in vain the longer it waits. No I/O.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How many attempts in vain an address has within [`WINDOW`].
const MOST: u32 = 5;
/// The time for them.
const WINDOW: Duration = Duration::from_secs(60);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How many addresses are remembered; beyond that the oldest are forgotten.
const ADDRESSES: usize = 10_000;

/// What was tried in vain, by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    by_address: HashMap<IpAddr, InVain>,
}

#[derive(Debug)]
struct InVain {
    count: u32,
    since: Instant,
    blocked: u32,
    until: Option<Instant>,
}

impl Attempts {
    /// Returns how long this address has to wait; none when it may try.
    pub(crate) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let until = self.by_address.get(&address)?.until?;
        until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Notes an attempt in vain.
    pub(crate) fn failed(&mut self, address: IpAddr, now: Instant) {
        if self.by_address.len() >= ADDRESSES && !self.by_address.contains_key(&address) {
            let oldest =
                self.by_address.iter().min_by_key(|(_, tried)| tried.since).map(|(address, _)| *address);
            oldest.map(|oldest| self.by_address.remove(&oldest));
        }
        let first = || InVain { count: 0, since: now, blocked: 0, until: None };
        let tried = self.by_address.entry(address).or_insert_with(first);
        if now.duration_since(tried.since) >= WINDOW && tried.until.is_none_or(|until| until + WINDOW < now) {
            *tried = first();
        }
        tried.count += 1;
        if tried.count >= MOST {
            let wait = WINDOW.saturating_mul(1 << tried.blocked.min(10)).min(LONGEST_WAIT);
            *tried = InVain { count: 0, since: now, blocked: tried.blocked + 1, until: Some(now + wait) };
        }
    }

    /// Forgets what an address tried in vain.
    pub(crate) fn succeeded(&mut self, address: IpAddr) {
        self.by_address.remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn five_in_a_minute_and_then_longer_and_longer_waits() {
        let mut attempts = Attempts::default();
        let (here, there) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from([10, 0, 0, 1]));
        let mut now = Instant::now();
        for minutes in [1, 2, 4, 8] {
            for _ in 0..MOST {
                assert_eq!(attempts.wait(here, now), None);
                attempts.failed(here, now);
            }
            assert_eq!(attempts.wait(here, now), Some(WINDOW * minutes));
            assert_eq!(attempts.wait(there, now), None, "another address is not held up");
            now += WINDOW * minutes;
        }
        attempts.succeeded(here);
        attempts.failed(here, now);
        assert_eq!(attempts.wait(here, now), None);
    }

    #[test]
    fn addresses_are_not_remembered_without_end() {
        let mut attempts = Attempts::default();
        let now = Instant::now();
        for number in 0..u32::try_from(ADDRESSES).unwrap() + 50 {
            attempts.failed(IpAddr::from(Ipv4Addr::from(number)), now);
        }
        assert_eq!(attempts.by_address.len(), ADDRESSES);
    }
}
