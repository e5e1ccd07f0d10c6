//! The batch on which the strategy works: how it is made, applied as far as the strategy is, and cut by what a call changed.

use super::ahead::{Ahead, Fired, Step};
use super::{Lockstep, send};
use crate::floor::{Due, Floor};
use crate::{At, Reply, StrategyInput};

/// The batch on which the strategy works.
#[derive(Debug)]
pub(super) struct Flight {
    number: u64,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Quiet events, applied as the strategy gets to them.
    Ahead(Ahead),
    /// What is applied already. Kept while several facts are in it: a call in between is told behind the last of them.
    Settled(Vec<StrategyInput>),
}

impl Lockstep {
    /// Makes a batch of what waits, with the quotes that it needs.
    pub(super) fn settled(&mut self) -> (u64, Vec<StrategyInput>) {
        let mut inputs: Vec<StrategyInput> = self.seen.take().collect();
        inputs.append(&mut self.facts);
        inputs.append(&mut self.held_up);
        let facts = inputs.iter().filter(|input| is_fact(input)).count();
        let kept = if facts > 1 { inputs.clone() } else { Vec::new() };
        (self.fly(Kind::Settled(kept)), inputs)
    }

    /// Makes a batch of the quiet events that come next; none when there are none of which the strategy is told.
    pub(super) fn ahead(&mut self, floor: &Floor) -> Option<(u64, Vec<StrategyInput>)> {
        let next = &self.pending[self.applied..];
        match Ahead::look(floor, self.interests, next, self.limit, &mut self.seen) {
            Ok((ahead, inputs)) => {
                (self.changed, self.foresees) = (false, true);
                Some((self.fly(Kind::Ahead(ahead)), inputs))
            }
            Err(quiet) => {
                self.barren_until = floor.place() + quiet as u64;
                None
            }
        }
    }

    fn fly(&mut self, kind: Kind) -> u64 {
        self.numbers += 1;
        self.flight = Some(Flight { number: self.numbers, kind });
        self.numbers
    }

    /// Returns how many inputs of its batch the strategy had begun; none when it does not speak of the batch that it has.
    pub(super) fn place_in_flight(&self, at: At) -> Option<u32> {
        let flight = self.flight.as_ref()?;
        (flight.number == at.batch && at.record > 0).then_some(at.record)
    }

    /// Takes the steps of the batch that the strategy has begun.
    pub(super) fn apply_until(&mut self, floor: &mut Floor, record: u32) {
        let steps = self.in_flight_ahead().map_or(0, |ahead| ahead.begin(record));
        for _ in 0..steps {
            match self.in_flight_ahead().map(Ahead::step) {
                Some(Step::Timer(timer)) => self.fire(floor, &timer),
                Some(Step::Event) => self.apply_foreseen(floor),
                None => {}
            }
        }
    }

    /// Lets a timer be due of which the strategy was told.
    fn fire(&mut self, floor: &mut Floor, timer: &Fired) {
        while let Some(due) = floor.act(timer.time) {
            if matches!(&due, Due::Timer(name, time) if *name == timer.name && *time == timer.time) {
                break;
            }
            self.took_due(floor, due);
        }
    }

    /// Applies an event of which the strategy was told what there is to tell.
    fn apply_foreseen(&mut self, floor: &mut Floor) {
        let event = self.pending[self.applied];
        // Only what others than the strategy did can be due here.
        while self.act(floor, event.time) {}
        self.applied += 1;
        floor.see_time(event.time);
        let mut events = Vec::new();
        let bars = floor.market(&event, &mut events);
        if !events.is_empty() {
            events.extend(send(floor));
            self.took(floor.clock(), events);
        }
        for bar in bars {
            if !self.in_flight_ahead().is_some_and(|ahead| ahead.tells(&bar)) {
                self.push(StrategyInput::Bar(Box::new(bar), floor.clock()));
            }
        }
    }

    fn in_flight_ahead(&mut self) -> Option<&mut Ahead> {
        match &mut self.flight {
            Some(Flight { kind: Kind::Ahead(ahead), .. }) => Some(ahead),
            _ => None,
        }
    }

    /// Answers a call from the batch: with what happened, and with the batch's end.
    pub(super) fn reply(&mut self, floor: &Floor, record: u32, value: crate::CallValue) -> Reply {
        let mut facts = std::mem::take(&mut self.facts);
        let Some(flight) = &mut self.flight else { return Reply { value, facts, end: None } };
        let end = match &mut flight.kind {
            Kind::Ahead(ahead) if std::mem::take(&mut self.changed) => {
                let left = &self.pending[self.applied..self.applied + ahead.events_left()];
                ahead.cut(floor, left, std::mem::replace(&mut self.foresees, true))
            }
            Kind::Ahead(_) => None,
            Kind::Settled(kept) => {
                let rest = record as usize;
                let is_late = !facts.is_empty() && kept.iter().skip(rest).any(is_fact);
                is_late.then(|| {
                    // What happened before the call is told before what the call caused.
                    let (before, after) = kept.drain(..).skip(rest).partition(is_fact);
                    let caused = std::mem::replace(&mut facts, before);
                    facts.extend(caused);
                    self.held_up = after;
                    record
                })
            }
        };
        Reply { value, facts, end }
    }
}

/// Tells whether an input changes the book as the strategy sees it.
pub(crate) fn is_fact(input: &StrategyInput) -> bool {
    use StrategyInput::{Bar, Command, Event, Fill, Funding, Order, See, Timer};
    match input {
        Order(_) | Fill(_) | Funding(_) => true,
        Event(_) | See(_) | Bar(..) | Timer { .. } | Command { .. } => false,
    }
}
