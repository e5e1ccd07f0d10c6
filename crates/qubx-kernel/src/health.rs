//! Whether the kernel answers beside a running cell. No I/O.
//!
//! The control channel is served by a Python thread, so its silence means that something holds the interpreter's lock.
//! Silence is counted in the time that this process itself ran: after a stop of the whole service a late look must
//! not count as the kernel's silence, because its answer may lie unread in the socket.

use std::time::{Duration, Instant};

/// How often [`Health::look`] wants to be called.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// How often an idle or busy kernel is asked.
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// How long an answer may take. A Python loop that never rests delays it by some tenths of a second; together with the
/// interval a hang is told within five seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// What is known of a kernel that has started.
#[derive(Debug)]
pub(crate) struct Health {
    responding: bool,
    /// Since when an answer is missing, in time that this process ran; none while none is.
    silence: Option<Duration>,
    /// The time since the last question.
    since_ping: Duration,
    last_look: Instant,
}

/// What to do after a look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether to ask.
    pub(crate) ping: bool,
    /// Whether the kernel has just been found silent.
    pub(crate) fell_silent: bool,
}

impl Health {
    pub(crate) fn new(now: Instant) -> Self {
        Self { responding: true, silence: None, since_ping: Duration::ZERO, last_look: now }
    }

    /// Looks at the time. Whatever answers there are must have been given to [`Health::answered`] before.
    pub(crate) fn look(&mut self, now: Instant) -> Look {
        let step = now.saturating_duration_since(self.last_look).min(LOOK_INTERVAL * 2);
        self.last_look = now;
        self.since_ping += step;
        let mut fell_silent = false;
        if let Some(silence) = &mut self.silence {
            *silence += step;
            fell_silent = self.responding && *silence >= ANSWER_LIMIT;
            self.responding &= !fell_silent;
        }
        // A silent kernel is asked again, in case that a question or its answer was lost.
        let patience = if self.silence.is_some() { ANSWER_LIMIT } else { PING_INTERVAL };
        let ping = self.since_ping >= patience;
        if ping {
            self.since_ping = Duration::ZERO;
            self.silence.get_or_insert_default();
        }
        Look { ping, fell_silent }
    }

    /// Takes a sign of life; returns whether the kernel had been silent.
    pub(crate) fn answered(&mut self) -> bool {
        self.silence = None;
        !std::mem::replace(&mut self.responding, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks in time for `duration`; returns how often it asked, and after what time it found silence.
    fn watch(health: &mut Health, now: &mut Instant, duration: Duration) -> (u32, Option<Duration>) {
        let (begin, mut pings, mut silent) = (*now, 0, None);
        while *now < begin + duration {
            *now += LOOK_INTERVAL;
            let look = health.look(*now);
            pings += u32::from(look.ping);
            if look.fell_silent {
                assert_eq!(silent, None, "it is told once");
                silent = Some(*now - begin);
            }
        }
        (pings, silent)
    }

    #[test]
    fn silence_is_told_once_within_five_seconds_and_its_end_too() {
        let mut now = Instant::now();
        let mut health = Health::new(now);
        let (pings, silent) = watch(&mut health, &mut now, Duration::from_secs(20));
        assert!(silent.unwrap() < Duration::from_secs(5), "{silent:?}");
        assert!(pings > 3, "a silent kernel is asked again: {pings}");
        assert!(health.answered());
        assert!(!health.answered());
        assert!(watch(&mut health, &mut now, Duration::from_secs(20)).1.is_some());
    }

    #[test]
    fn a_kernel_that_answers_late_but_in_time_is_well() {
        let mut now = Instant::now();
        let mut health = Health::new(now);
        for _ in 0..10 {
            assert_eq!(watch(&mut health, &mut now, Duration::from_secs(3)).1, None);
            assert!(!health.answered());
        }
    }

    #[test]
    fn a_service_that_stood_still_takes_it_for_nobodys_silence() {
        let mut now = Instant::now();
        let mut health = Health::new(now);
        let (pings, _) = watch(&mut health, &mut now, Duration::from_secs(2));
        assert_eq!(pings, 1, "its answer is under way");
        now += Duration::from_secs(3600);
        assert_eq!(health.look(now), Look::default());
        assert!(!health.answered());
    }
}
