//! News for somebody who looks elsewhere: fills, errors and the session's end, gathered so that a burst is one message.
//! No I/O.

use std::time::{Duration, Instant};

use qubx_protocol::{Event, Fact, LogLevel};

use crate::{format, sanitize};

/// News of this long are one message.
const GATHER: Duration = Duration::from_secs(1);
/// The time between two messages at the least.
const REST: Duration = Duration::from_secs(10);
/// Without a word from the terminal about its focus, somebody who typed within this time is taken to look.
const TYPED: Duration = Duration::from_secs(60);

/// How somebody is called who looks elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Not at all.
    Off,
    /// By a notification of the desktop, as far as the terminal can.
    #[default]
    Osc,
    /// By the terminal's bell.
    Bell,
    /// By both.
    Both,
}

impl Signal {
    /// All signals with their names in settings.
    pub(crate) const ALL: [(&'static str, Signal); 4] =
        [("off", Signal::Off), ("osc", Signal::Osc), ("bell", Signal::Bell), ("both", Signal::Both)];

    /// Tells whether a notification is shown.
    pub(crate) fn shows(self) -> bool {
        matches!(self, Signal::Osc | Signal::Both)
    }

    /// Tells whether the bell rings.
    pub(crate) fn rings(self) -> bool {
        matches!(self, Signal::Bell | Signal::Both)
    }

    fn and(self, other: Self) -> Self {
        match (self.shows() || other.shows(), self.rings() || other.rings()) {
            (true, true) => Signal::Both,
            (true, false) => Signal::Osc,
            (false, true) => Signal::Bell,
            (false, false) => Signal::Off,
        }
    }
}

/// What somebody who looks elsewhere is called for, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notifications {
    /// Fills.
    pub(crate) fills: Signal,
    /// Errors in the log, of the strategy and its end by one.
    pub(crate) errors: Signal,
    /// The end of the session.
    pub(crate) end: Signal,
}

/// A message, and how it is brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) text: String,
    pub(crate) signal: Signal,
}

/// What is gathered for the next message.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    fills: usize,
    errors: usize,
    /// The newest of them, in words.
    newest: String,
    /// How they are to be told; none while there are none.
    signal: Option<Signal>,
    /// When the first of them came.
    since: Option<Instant>,
    called_at: Option<Instant>,
    /// Whether the terminal has told whether it has the focus.
    focus_is_told: bool,
    typed_at: Option<Instant>,
}

impl Notifier {
    /// Notes that the terminal tells about its focus.
    pub(crate) fn focus_told(&mut self) {
        self.focus_is_told = true;
    }

    /// Notes that somebody typed.
    pub(crate) fn typed(&mut self, now: Instant) {
        self.typed_at = Some(now);
    }

    /// Tells whether somebody may be looking elsewhere.
    pub(crate) fn is_away(&self, has_focus: bool, now: Instant) -> bool {
        if self.focus_is_told || !has_focus {
            return !has_focus;
        }
        self.typed_at.is_none_or(|typed| now.saturating_duration_since(typed) >= TYPED)
    }

    /// Takes an event in that came while somebody looked elsewhere.
    pub(crate) fn event(&mut self, event: &Event, settings: Notifications, now: Instant) {
        let (signal, text) = match &event.fact {
            Fact::Fill { fill, .. } => {
                let text =
                    format!("{} {} {} @ {}", fill.instrument.symbol, fill.side, fill.quantity, fill.price);
                (settings.fills, text)
            }
            Fact::Log { level: LogLevel::Error, source, text, .. } => {
                (settings.errors, format!("{source}: {}", text.lines().next().unwrap_or_default()))
            }
            Fact::Error { cell: None, ename, evalue, .. } => {
                (settings.errors, format!("strategy: {ename}: {evalue}"))
            }
            _ => return,
        };
        if signal == Signal::Off {
            return;
        }
        if matches!(event.fact, Fact::Fill { .. }) {
            self.fills += 1;
        } else {
            self.errors += 1;
        }
        self.newest = text;
        self.signal = Some(self.signal.map_or(signal, |others| others.and(signal)));
        self.since.get_or_insert(now);
    }

    /// Returns when the next message is due; none when there is nothing to say.
    pub(crate) fn due(&self) -> Option<Instant> {
        let gathered = self.since? + GATHER;
        Some(self.called_at.map_or(gathered, |called| gathered.max(called + REST)))
    }

    /// Returns the message that is due. When somebody looks again, it is dropped: they see for themselves.
    pub(crate) fn take(&mut self, name: &str, is_away: bool, now: Instant) -> Option<Call> {
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        let (fills, errors) = (self.fills, self.errors);
        let signal = self.signal.take().unwrap_or_default();
        let newest = std::mem::take(&mut self.newest);
        (self.fills, self.errors, self.since) = (0, 0, None);
        if !is_away {
            return None;
        }
        self.called_at = Some(now);
        let counts = [(fills, "fill"), (errors, "error")].into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, noun)| format::count(count, noun)).collect();
        let text = if fills + errors == 1 { newest } else { format!("{}; {newest}", counts.join(", ")) };
        Some(call(name, &text, signal))
    }

    /// Returns the message that the session has ended; it waits for nothing.
    pub(crate) fn ended(&mut self, name: &str, why: &str, settings: Notifications) -> Option<Call> {
        (settings.end != Signal::Off).then(|| call(name, &format!("session ended: {why}"), settings.end))
    }
}

fn call(name: &str, text: &str, signal: Signal) -> Call {
    /// Characters of a message; desktops show no more.
    const MOST: usize = 200;
    let text = sanitize::plain(&format!("{name}: {text}"));
    Call { text: text.chars().take(MOST).collect(), signal }
}

/// Returns what a terminal is to be sent for a call. `variable` reads the environment, which says which terminal it is.
pub(crate) fn sequence(call: &Call, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut sequence = String::new();
    if call.signal.shows() {
        let term = variable("TERM").unwrap_or_default();
        // Terminals that know both would show it twice.
        let shows = if term.starts_with("rxvt") || variable("VTE_VERSION").is_some() {
            format!("\u{1b}]777;notify;qubx;{}\u{7}", call.text.replace(';', ","))
        } else {
            format!("\u{1b}]9;{}\u{7}", call.text)
        };
        sequence = match variable("TMUX").filter(|socket| !socket.is_empty()) {
            // tmux passes on what is wrapped, if it is allowed to.
            Some(_) => format!("\u{1b}Ptmux;{}\u{1b}\\", shows.replace('\u{1b}', "\u{1b}\u{1b}")),
            None => shows,
        };
    }
    if call.signal.rings() {
        sequence.push('\u{7}');
    }
    sequence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_told_in_the_way_that_they_know() {
        let call = |signal| Call { text: "a; b".to_owned(), signal };
        let with = |set: &'static [(&str, &str)]| {
            move |name: &str| set.iter().find(|(is, _)| *is == name).map(|(_, value)| (*value).to_owned())
        };
        for (signal, set, expected) in [
            (Signal::Osc, &[][..], "\u{1b}]9;a; b\u{7}"),
            (Signal::Both, &[("VTE_VERSION", "7200")][..], "\u{1b}]777;notify;qubx;a, b\u{7}\u{7}"),
            (Signal::Osc, &[("TMUX", "/tmp/x")][..], "\u{1b}Ptmux;\u{1b}\u{1b}]9;a; b\u{7}\u{1b}\\"),
            (Signal::Bell, &[("TMUX", "/tmp/x")][..], "\u{7}"),
            (Signal::Off, &[][..], ""),
        ] {
            assert_eq!(sequence(&call(signal), with(set)), expected);
        }
    }

    #[test]
    fn who_does_not_look_is_called_once_for_a_burst() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let error = |text: &str| Event {
            seq: qubx_protocol::Seq(1),
            time: jiff::Timestamp::UNIX_EPOCH,
            fact: Fact::Log {
                level: LogLevel::Error,
                source: "engine".to_owned(),
                text: text.to_owned(),
                market_time: None,
            },
        };
        let settings = Notifications::default();
        let mut notifier = Notifier::default();
        assert_eq!(notifier.take("s", true, start), None);
        for text in ["one", "two\u{1b}[2J"] {
            notifier.event(&error(text), settings, start);
        }
        assert_eq!(notifier.take("s", true, start), None, "what comes together is gathered");
        let told = notifier.take("s", true, after(1)).unwrap();
        assert_eq!((told.text.as_str(), told.signal), ("s: 2 errors; engine: two", Signal::Osc));
        notifier.event(&error("three"), settings, after(2));
        assert_eq!(notifier.take("s", true, after(10)), None, "calls are rare");
        assert_eq!(notifier.take("s", true, after(11)).unwrap().text, "s: engine: three");
        notifier.event(&error("four"), settings, after(20));
        assert_eq!(notifier.take("s", false, after(40)), None);
        assert_eq!(notifier.due(), None, "who looks again has seen it");
        notifier.event(&error("five"), Notifications { errors: Signal::Off, ..settings }, after(50));
        assert_eq!(notifier.due(), None);
    }

    #[test]
    fn who_looks_is_told_by_the_terminal_or_else_by_the_keys() {
        let start = Instant::now();
        let later = start + TYPED;
        let mut notifier = Notifier::default();
        assert!(notifier.is_away(true, start), "nobody has typed yet");
        notifier.typed(start);
        assert!(!notifier.is_away(true, start) && notifier.is_away(true, later));
        notifier.focus_told();
        assert!(!notifier.is_away(true, later) && notifier.is_away(false, start));
    }
}
