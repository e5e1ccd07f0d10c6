//! A replay in lockstep: what the strategy sees next, and what its calls do, exactly as if it got one event at a time.
//! No I/O, no clock.
//!
//! Events that are quiet go out in a batch before they are applied, with the bars and timers that they will bring, and each
//! call of the strategy says how far it is. What is before that place is applied before the call is served. What is behind
//! it is looked at again when the call changed something: the batch ends where an event is not quiet any more. An event that
//! is not quiet is applied alone, and goes
//! out with all that it caused. So batches are invisible, whatever their size; the tests hold that.
//!
//! Verbs of people act on the state as far as it is applied, and what they cause is told with the next answer or batch.

mod ahead;
mod flight;
mod seen;

use jiff::Timestamp;

pub(crate) use self::flight::is_fact;
use self::flight::{Flight, Kind};
use self::seen::Seen;
use crate::floor::{Due, Floor, changes};
use crate::output::stamp;
use crate::{At, Call, EngineError, EngineEvent, Interests, MarketData, MarketEvent, Reply, StrategyInput};

/// The most events of a batch: at this size a batch costs nothing beside its events.
const LARGEST: usize = 4_096;
/// The fewest events of a batch that is not cut: below this a batch costs more than what is looked at in vain.
const SMALLEST: usize = 16;
/// The most facts that are not handed on yet; the replay waits then.
const MAX_UNSENT: usize = 512;
/// How many events of a batch may be looked at again for each one of it, before batches get smaller: an event more costs
/// less than its part of a batch.
const LOOKS: usize = 16;

/// A replay in lockstep with its strategy.
#[derive(Debug)]
pub(crate) struct Lockstep {
    interests: Interests,
    /// What the feed gave, and how many of these are applied.
    pending: Vec<MarketEvent>,
    applied: usize,
    /// How many events the next batch may have, and how many any may have.
    limit: usize,
    largest: usize,
    flight: Option<Flight>,
    numbers: u64,
    seen: Seen,
    /// What waits to be told, in order.
    facts: Vec<StrategyInput>,
    /// What follows these: the callbacks of the market that a call held up.
    held_up: Vec<StrategyInput>,
    /// Facts for the session, in order.
    unsent: Vec<EngineEvent>,
    /// Whether something changed that may make events of the batch loud.
    changed: bool,
    /// Before this place a look ahead found nothing to tell.
    barren_until: u64,
    /// Whether the bars and timers of the batch are those that will be.
    foresees: bool,
    /// Until when what was sent before the market ended arrives; none before that is known. What is sent then, as an
    /// answer to what arrived, does not arrive any more: otherwise it might never end.
    end: Option<Timestamp>,
}

impl Lockstep {
    /// Returns a replay of which nothing was given yet.
    pub(crate) fn new() -> Self {
        Self::with_largest(LARGEST)
    }

    /// Returns a replay whose batches have so many events at most.
    pub(crate) fn with_largest(largest: usize) -> Self {
        Self {
            interests: Interests::NONE,
            pending: Vec::new(),
            applied: 0,
            limit: largest.min(64),
            largest,
            flight: None,
            numbers: 0,
            seen: Seen::default(),
            facts: Vec::new(),
            held_up: Vec::new(),
            unsent: Vec::new(),
            changed: false,
            barren_until: 0,
            foresees: true,
            end: None,
        }
    }

    /// Takes over what the feed gave, and leaves room for more; to be called when [`Lockstep::is_empty`].
    pub(crate) fn give(&mut self, events: &mut Vec<MarketEvent>) {
        self.pending.drain(..self.applied);
        self.applied = 0;
        if self.pending.is_empty() {
            std::mem::swap(&mut self.pending, events);
        } else {
            self.pending.append(events);
        }
    }

    /// Tells whether all that the feed gave is applied.
    pub(crate) fn is_empty(&self) -> bool {
        self.applied == self.pending.len()
    }

    /// Tells whether somebody is told.
    pub(crate) fn has_strategy(&self) -> bool {
        self.interests.strategy
    }

    /// Tells whether the strategy works on a batch.
    pub(crate) fn is_at_work(&self) -> bool {
        self.flight.is_some()
    }

    /// Tells whether the strategy works on a batch, or has something to see.
    pub(crate) fn is_busy(&self) -> bool {
        self.flight.is_some() || self.has_news()
    }

    /// Tells whether something is still to arrive after the end of the market.
    pub(crate) fn has_arrivals(&self, floor: &Floor) -> bool {
        let end = self.end.or_else(|| floor.desk.last_arrival());
        floor.desk.next_arrival().is_some_and(|next| Some(next) <= end)
    }

    /// Lets arrive what a cell sends after the end of the market.
    fn let_arrive(&mut self) {
        self.end = None;
    }

    /// Tells whether the strategy does not know the newest quotes.
    pub(crate) fn has_unseen(&self) -> bool {
        self.interests.strategy && !self.seen.is_empty()
    }

    /// Returns how many inputs wait for the strategy.
    pub(crate) fn backlog(&self) -> usize {
        self.facts.len() + self.held_up.len()
    }

    /// Begins anew for a strategy that knows nothing of what waits.
    pub(crate) fn begin(&mut self) {
        self.forget();
        self.interests = Interests::FACTS;
    }

    /// Changes what the strategy wants. Without a strategy, what waits is forgotten.
    pub(crate) fn set_interests(&mut self, interests: Interests) {
        self.interests = interests;
        if !interests.strategy {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.flight = None;
        self.facts.clear();
        self.held_up.clear();
        self.seen.clear();
    }

    /// Notes the newest quote of an instrument, which the strategy may not know.
    pub(crate) fn see(&mut self, quote: MarketEvent) {
        if self.interests.strategy {
            self.seen.note(quote);
        }
    }

    /// Notes what somebody else than the strategy caused.
    pub(crate) fn took(&mut self, now: Timestamp, events: Vec<EngineEvent>) {
        self.changed = true;
        self.tell(now, events);
    }

    /// Adds something to tell the strategy.
    pub(crate) fn push(&mut self, input: StrategyInput) {
        if self.interests.strategy {
            self.facts.push(input);
        }
    }

    /// Takes the facts for the session.
    pub(crate) fn take_unsent(&mut self) -> Vec<EngineEvent> {
        std::mem::take(&mut self.unsent)
    }

    /// Tells whether there are facts for the session, and whether so many that the replay waits.
    pub(crate) fn unsent(&self) -> (bool, bool) {
        (!self.unsent.is_empty(), self.unsent.len() >= MAX_UNSENT)
    }

    /// Goes on until the strategy has something to see, and returns its next batch with its number; none when all that
    /// the feed gave is applied, or facts are to be handed on first. Must not be asked while the strategy is at work.
    ///
    /// `feed` tells whether the feed goes; it rests while a strategy starts. `last` tells that nothing comes after what it
    /// gave: what is on its way arrives then, and the quotes that nobody reacted to are shown.
    pub(crate) fn next(
        &mut self,
        floor: &mut Floor,
        feed: bool,
        last: bool,
    ) -> Option<(u64, Vec<StrategyInput>)> {
        loop {
            if self.has_news() {
                return Some(self.settled());
            }
            let (_, is_full) = self.unsent();
            if is_full || !feed {
                return None;
            }
            let Some(event) = self.pending.get(self.applied).copied() else {
                if last && let Some(time) = self.next_arrival(floor) {
                    self.act(floor, time);
                    continue;
                }
                let shows = last && self.has_unseen();
                return shows.then(|| self.settled());
            };
            let tells = self.tells(&event);
            if (tells || floor.place() >= self.barren_until && self.brings(floor, &event))
                && let Some(batch) = self.ahead(floor)
            {
                return Some(batch);
            }
            if self.act(floor, event.time) {
                continue;
            }
            self.applied += 1;
            self.apply(floor, &event, tells);
        }
    }

    /// Serves a call of the strategy, or of a cell when it tells no place.
    ///
    /// # Errors
    /// What it names does not exist, or is over.
    pub(crate) fn call(
        &mut self,
        floor: &mut Floor,
        at: Option<At>,
        call: Call,
    ) -> Result<Reply, EngineError> {
        if at.is_none() {
            self.let_arrive();
        }
        let place = at.and_then(|at| self.reach(floor, at));
        let changes = changes(&call);
        self.foresees &= !matches!(call, Call::SubscribeBars(_) | Call::SetTimer(..));
        let (decided, answer) = floor.decide(call)?;
        self.changed |= changes;
        self.tell(floor.clock(), decided);
        let sent = send(floor);
        self.tell(floor.clock(), sent);
        let value = floor.answer(answer)?;
        let Some(record) = place else { return Ok(Reply::of(value)) };
        Ok(self.reply(floor, record, value))
    }

    /// Applies what the strategy has begun of its batch, and returns how much that is; none when it does not speak of the
    /// batch that it has.
    pub(crate) fn reach(&mut self, floor: &mut Floor, at: At) -> Option<u32> {
        let record = self.place_in_flight(at)?;
        self.apply_until(floor, record);
        Some(record)
    }

    /// Takes the strategy's word that it worked through so many inputs of its batch.
    pub(crate) fn done(&mut self, floor: &mut Floor, reached: u32) {
        self.apply_until(floor, reached);
        if let Some(Flight { kind: Kind::Ahead(ahead), .. }) = self.flight.take() {
            self.limit = ahead.next_limit(self.limit).clamp(SMALLEST.min(self.largest), self.largest);
        }
    }

    fn has_news(&self) -> bool {
        !self.facts.is_empty() || !self.held_up.is_empty()
    }

    /// Returns when something arrives after the end of the market.
    fn next_arrival(&mut self, floor: &Floor) -> Option<Timestamp> {
        self.end = self.end.or_else(|| floor.desk.last_arrival());
        floor.desk.next_arrival().filter(|_| self.has_arrivals(floor))
    }

    /// Tells whether the strategy reacts to an event.
    fn tells(&self, event: &MarketEvent) -> bool {
        let Interests { strategy, quotes, trades } = self.interests;
        strategy
            && match event.data {
                MarketData::Quote(_) => quotes,
                MarketData::Trade { .. } => trades,
                MarketData::Bar { .. } | MarketData::FundingRate(_) => false,
            }
    }

    /// Tells whether the strategy gets a timer before an event, or a bar with it.
    fn brings(&self, floor: &Floor, event: &MarketEvent) -> bool {
        self.interests.strategy
            && (floor.timers.next().is_some_and(|next| next <= event.time) || floor.bars.closes(event))
    }

    /// Does the first thing that the clock brings until `time`; tells whether there was one.
    fn act(&mut self, floor: &mut Floor, time: Timestamp) -> bool {
        let due = floor.act(time);
        let acted = due.is_some();
        due.into_iter().for_each(|due| self.took_due(floor, due));
        acted
    }

    /// Notes what the clock brought.
    fn took_due(&mut self, floor: &mut Floor, due: Due) {
        match due {
            Due::Desk(events) => {
                self.tell(floor.clock(), events);
                let sent = send(floor);
                self.tell(floor.clock(), sent);
            }
            Due::Timer(name, time) => self.push(StrategyInput::Timer { name, time }),
        }
    }

    /// Applies an event and notes what it caused; at last the event itself, if the strategy reacts to it and does not
    /// know it.
    fn apply(&mut self, floor: &mut Floor, event: &MarketEvent, tells: bool) {
        floor.see_time(event.time);
        let mut events = Vec::new();
        let bars = floor.market(event, &mut events);
        if !events.is_empty() {
            events.extend(send(floor));
        }
        let is_quiet = events.is_empty() && bars.is_empty();
        // What nothing comes before needs not be seen before.
        if matches!(event.data, MarketData::Quote(_)) && !(tells && is_quiet) {
            self.see(*event);
        }
        self.changed |= !events.is_empty();
        self.tell(floor.clock(), events);
        bars.into_iter().for_each(|bar| self.push(StrategyInput::Bar(Box::new(bar), floor.clock())));
        if tells {
            self.push(StrategyInput::Event(*event));
        }
    }

    /// Notes what happened, for the session and for the strategy.
    fn tell(&mut self, now: Timestamp, mut events: Vec<EngineEvent>) {
        stamp(now, &mut events);
        if self.interests.strategy {
            self.facts.extend(events.iter().filter_map(StrategyInput::of));
        }
        self.unsent.extend(events);
    }
}

/// Sends what the desk intends. In lockstep the exchange is simulated here, so an intent needs not be stored before.
fn send(floor: &mut Floor) -> Vec<EngineEvent> {
    if floor.desk.intended().is_empty() { Vec::new() } else { floor.desk.send(floor.clock()) }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;
