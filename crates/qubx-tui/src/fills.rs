//! The fills that this screen knows of, with what each of them realized, and those that have just come. No I/O.
//!
//! An entry tells what the position had realized after it; what a fill realized itself is the difference to the entry
//! before it of the same instrument. Where that is not known and the fill closed something, it is not known either.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use qubx_protocol::{Event, Fact, Fill, HistoryKind, InstrumentId, Money, Position, Seq, SessionState};

/// Fills kept on a screen. When they are there, no older ones are asked for, and new ones drive the oldest out.
const MOST_FILLS: usize = 10_000;

/// One fill.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownFill {
    pub(crate) seq: Seq,
    pub(crate) fill: Fill,
    /// The position after it.
    pub(crate) position: Position,
    /// What it realized, before fees; none where that cannot be known.
    pub(crate) realized: Option<Money>,
    /// Until when it is seen to be new; none for what is read from the history.
    pub(crate) new_until: Option<Instant>,
}

/// What is known of the fills before the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Older {
    /// Nothing: nobody has asked.
    #[default]
    Unasked,
    /// A page is asked for.
    Loading,
    /// There are none.
    Beginning,
}

/// The fills, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Fills {
    known: VecDeque<KnownFill>,
    /// The number from which on nothing is missing; none while there is no entry at all.
    since: Option<Seq>,
    /// The newest entry at which the accounts began anew.
    restart: Option<Seq>,
    older: Older,
}

impl Fills {
    /// Returns the fills, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &KnownFill> {
        self.known.iter().rev()
    }

    /// Begins anew with what a snapshot has.
    pub(crate) fn rebuild(&mut self, state: &SessionState) {
        *self = Self::default();
        let begins = state.history.of(HistoryKind::Trading).next();
        self.since = begins.map(|event| event.seq);
        let events: Vec<Event> = state.history.of(HistoryKind::Trading).cloned().collect();
        let restarts = restarts(state);
        self.known = from_events(&events, &restarts);
        self.restart = restarts.last().copied();
        self.older = if events.is_empty() { Older::Beginning } else { Older::Unasked };
    }

    /// Takes an event in; a fill is seen to be new until `new_until`.
    pub(crate) fn apply(&mut self, event: &Event, new_until: Option<Instant>) {
        if event.fact.history_kind() == Some(HistoryKind::Trading) {
            self.since.get_or_insert(event.seq);
        }
        if let Fact::Started { restored: false, .. } = &event.fact {
            self.restart = Some(event.seq);
        }
        let Fact::Fill { fill, position, .. } = &event.fact else { return };
        let of_this_run = self.newest_first().take_while(|known| Some(known.seq) > self.restart);
        let before = of_this_run
            .filter(|known| known.fill.instrument == fill.instrument)
            .map(|known| known.position.realized_pnl)
            .next()
            .or(self.restart.map(|_| Money::ZERO));
        self.known.push_back(KnownFill {
            seq: event.seq,
            realized: realized(fill, position, before),
            fill: fill.clone(),
            position: position.clone(),
            new_until,
        });
        if self.known.len() > MOST_FILLS {
            self.known.pop_front();
            self.since = self.known.front().map(|known| known.seq);
            self.older = Older::Unasked;
        }
    }

    /// Asks for what was before the first entry: returns the number before which it is wanted.
    pub(crate) fn want_older(&mut self) -> Option<Seq> {
        if matches!(self.older, Older::Loading | Older::Beginning) || self.known.len() >= MOST_FILLS {
            return None;
        }
        let before = self.since?;
        self.older = Older::Loading;
        Some(before)
    }

    /// Takes a page of older entries in.
    pub(crate) fn prepend(&mut self, events: &[Event], complete: bool) {
        let before: Vec<Event> =
            events.iter().filter(|event| self.since.is_none_or(|since| event.seq < since)).cloned().collect();
        self.since = before.first().map(|event| event.seq).or(self.since);
        self.older = if complete { Older::Beginning } else { Older::Unasked };
        let mut older = from_events(&before, &[]);
        // What the first known fill of an instrument realized may be known now.
        let mut last: BTreeMap<&InstrumentId, Money> = BTreeMap::new();
        for known in &older {
            last.insert(&known.fill.instrument, known.position.realized_pnl);
        }
        for known in &mut self.known {
            if let Some(before) = last.remove(&known.fill.instrument)
                && known.realized.is_none()
            {
                known.realized = realized(&known.fill, &known.position, Some(before));
            }
        }
        older.append(&mut self.known);
        self.known = older;
    }

    /// Notes that older entries could not be had: they may be asked for again.
    pub(crate) fn older_failed(&mut self) {
        if self.older == Older::Loading {
            self.older = Older::Unasked;
        }
    }

    /// Returns until when an instrument's newest fill is seen to be new.
    pub(crate) fn new_until(&self, instrument: &InstrumentId, now: Instant) -> Option<Instant> {
        self.new_ones(now)
            .filter(|known| known.fill.instrument == *instrument)
            .find_map(|known| known.new_until)
    }

    /// Returns when the next fill ceases to be new.
    pub(crate) fn next_rest(&self, now: Instant) -> Option<Instant> {
        self.new_ones(now).filter_map(|known| known.new_until).min()
    }

    fn new_ones(&self, now: Instant) -> impl Iterator<Item = &KnownFill> {
        self.newest_first().take_while(move |known| known.new_until.is_some_and(|until| until > now))
    }
}

/// Returns the numbers of the entries at which accounts began anew.
fn restarts(state: &SessionState) -> Vec<Seq> {
    let events = state.history.of(HistoryKind::Log);
    let restarts = events.filter(|event| matches!(event.fact, Fact::Started { restored: false, .. }));
    restarts.map(|event| event.seq).collect()
}

fn from_events(events: &[Event], restarts: &[Seq]) -> VecDeque<KnownFill> {
    let mut restarts = restarts.iter().copied().peekable();
    // What a position had realized before anything is known of it: nothing, once its account has begun here.
    let mut at_first = None;
    let mut before: BTreeMap<&InstrumentId, Money> = BTreeMap::new();
    let mut known = VecDeque::new();
    for event in events {
        while restarts.next_if(|restart| *restart < event.seq).is_some() {
            before.clear();
            at_first = Some(Money::ZERO);
        }
        if let Fact::Funding { position, .. } | Fact::Fill { position, .. } = &event.fact {
            let realized_before = before.insert(&position.instrument, position.realized_pnl).or(at_first);
            if let Fact::Fill { fill, position, .. } = &event.fact {
                known.push_back(KnownFill {
                    seq: event.seq,
                    realized: realized(fill, position, realized_before),
                    fill: fill.clone(),
                    position: position.clone(),
                    new_until: None,
                });
            }
        }
    }
    known
}

/// Returns what a fill realized; `before` is what its position had realized before it.
fn realized(fill: &Fill, position: &Position, before: Option<Money>) -> Option<Money> {
    let signed = fill.side.sign() * fill.quantity.0;
    let held = position.quantity.0;
    let only_opened = held.is_sign_negative() == signed.is_sign_negative() && held.abs() >= signed.abs();
    match before {
        _ if only_opened && !held.is_zero() => Some(Money::ZERO),
        Some(before) => Some(position.realized_pnl - before),
        None => None,
    }
}
