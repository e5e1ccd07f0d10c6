//! A batch that is ahead of the engine: quiet events, with the bars and timers that they will bring, foreseen. Which of its
//! inputs stands for how much of it. No I/O.
//!
//! A batch has steps: an event of the market, or a timer that is due before the next event. An input belongs to a step, and
//! the step is taken as the strategy gets to the first of its inputs.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use qubx_protocol::Bar;

use super::seen::Seen;
use crate::bars::Outlook;
use crate::floor::Floor;
use crate::timers::Timers;
use crate::{Interests, MarketData, MarketEvent, StrategyInput};

/// A timer that is foreseen.
#[derive(Clone, Debug)]
pub(super) struct Fired {
    /// How many steps there are up to it and with it.
    step: u32,
    pub(super) name: Arc<str>,
    pub(super) time: Timestamp,
}

/// What the next step of a batch is.
#[derive(Debug)]
pub(super) enum Step {
    Event,
    Timer(Fired),
}

/// Where the strategy is in its batch.
#[derive(Debug)]
pub(super) struct Ahead {
    /// For each input, how many steps there are up to it and with it.
    steps: Vec<u32>,
    /// How many there are in all.
    all: u32,
    /// How many of them are taken.
    taken: u32,
    /// The timers among those that are not.
    timers: VecDeque<Fired>,
    /// The bars that the strategy is told of, and that are not complete yet.
    bars: VecDeque<Bar>,
    /// How many inputs count, if not all.
    end: Option<u32>,
    /// Whether the batch was as large as it might be.
    is_full: bool,
    /// How many events were looked at again.
    looks: usize,
}

impl Ahead {
    /// Looks ahead as far as events are quiet, and returns the inputs of the batch. `seen` are the quotes that the strategy
    /// does not know; what of them it is told is taken out.
    ///
    /// # Errors
    /// How many events are quiet, when it would be told nothing of them.
    pub(super) fn look(
        floor: &Floor,
        interests: Interests,
        events: &[MarketEvent],
        limit: usize,
        seen: &mut Seen,
    ) -> Result<(Self, Vec<StrategyInput>), usize> {
        let mut looking = Looking {
            floor,
            interests,
            seen,
            bars: floor.bars.outlook(),
            timers: floor.timers.clone(),
            complete: Vec::new(),
            inputs: Vec::new(),
            clock: floor.clock(),
            step: 0,
            ahead: Self {
                steps: Vec::new(),
                all: 0,
                taken: 0,
                timers: VecDeque::new(),
                bars: VecDeque::new(),
                end: None,
                is_full: false,
                looks: 0,
            },
        };
        let known = looking.seen.clone();
        let events = &events[..events.len().min(limit)];
        let quiet = events.iter().take_while(|event| looking.event(event)).count();
        let Looking { mut ahead, inputs, .. } = looking;
        if inputs.is_empty() {
            *seen = known;
            return Err(quiet);
        }
        // What was seen behind the last input is seen when it is applied.
        seen.clear();
        ahead.is_full = quiet == limit;
        Ok((ahead, inputs))
    }

    /// Notes that so many inputs were begun, and returns how many more steps are to be taken.
    pub(super) fn begin(&mut self, record: u32) -> u32 {
        let record = self.end.map_or(record, |end| record.min(end));
        let reached = (record as usize).min(self.steps.len());
        let until = reached.checked_sub(1).map_or(0, |last| self.steps[last]);
        until.saturating_sub(self.taken)
    }

    /// Takes the next step, and tells what it is.
    pub(super) fn step(&mut self) -> Step {
        self.taken += 1;
        let is_next = |timer: &Fired| timer.step == self.taken;
        if self.timers.front().is_some_and(is_next)
            && let Some(timer) = self.timers.pop_front()
        {
            return Step::Timer(timer);
        }
        Step::Event
    }

    /// Tells whether the strategy is told of a bar that is complete now.
    pub(super) fn tells(&mut self, bar: &Bar) -> bool {
        let is_told = self.bars.front() == Some(bar);
        if is_told {
            self.bars.pop_front();
        }
        is_told
    }

    /// Returns how many events are not applied.
    pub(super) fn events_left(&self) -> usize {
        (self.all - self.taken) as usize - self.timers.len()
    }

    /// Ends the batch where the first step is that is not quiet any more, or here when what was foreseen does not hold.
    /// `left` are the events that are not applied. Returns how many inputs count if it is cut.
    pub(super) fn cut(&mut self, floor: &Floor, left: &[MarketEvent], holds: bool) -> Option<u32> {
        let quiet = if holds { self.quiet(floor, left) } else { 0 };
        self.looks += quiet as usize;
        if self.taken + quiet == self.all {
            return None;
        }
        self.all = self.taken + quiet;
        let all = self.all;
        self.timers.retain(|timer| timer.step <= all);
        let end = self.steps.partition_point(|steps| *steps <= all) as u32;
        let was = self.end.unwrap_or(self.steps.len() as u32);
        self.end = Some(end.min(was));
        self.end
    }

    /// Returns how many of the steps that are left are still quiet, one after the other.
    fn quiet(&self, floor: &Floor, left: &[MarketEvent]) -> u32 {
        let mut clock = floor.clock();
        let (mut timers, mut events) = (self.timers.iter().peekable(), left.iter());
        let mut quiet = 0;
        while self.taken + quiet < self.all {
            let is_quiet = match timers.next_if(|timer| timer.step == self.taken + quiet + 1) {
                Some(timer) => {
                    clock = clock.max(timer.time);
                    floor.desk.is_idle(clock)
                }
                None => events.next().is_some_and(|event| {
                    let is_late = quiet > 0 && event.time < clock;
                    clock = clock.max(event.time);
                    !is_late && floor.desk.is_quiet(clock, event)
                }),
            };
            if !is_quiet {
                break;
            }
            quiet += 1;
        }
        quiet
    }

    /// Returns how many events the next batch should have, after one with this limit.
    ///
    /// Where this one was cut the next one may well be cut, too; and each call looks at all that is left of a batch.
    pub(super) fn next_limit(&self, limit: usize) -> usize {
        let steps = self.all as usize;
        if self.looks > steps * super::LOOKS {
            limit / 2
        } else if self.end.is_some() {
            limit.min(2 * steps)
        } else if self.is_full {
            limit * 2
        } else {
            limit
        }
    }
}

/// A look at what comes next.
struct Looking<'a> {
    floor: &'a Floor,
    interests: Interests,
    seen: &'a mut Seen,
    bars: Option<Outlook>,
    timers: Timers,
    complete: Vec<Bar>,
    inputs: Vec<StrategyInput>,
    clock: Timestamp,
    /// How many steps there are so far; those behind the last input do not belong to the batch.
    step: u32,
    ahead: Ahead,
}

impl Looking<'_> {
    /// Looks at the next event. False when the batch ends before it.
    ///
    /// One that comes late, with a time before the clock's, can only be the first: else the strategy, which need not be
    /// told of the events before it, would take its time for the clock's.
    fn event(&mut self, event: &MarketEvent) -> bool {
        let is_late = self.step > 0 && event.time < self.clock;
        if is_late || matches!(event.data, MarketData::FundingRate(_)) {
            return false;
        }
        while let Some(due) = self.timers.due_until(event.time) {
            let is_long = self.inputs.len() >= super::LARGEST;
            if is_long || !self.floor.desk.is_idle(self.clock.max(due)) {
                return false;
            }
            let Some((name, time)) = self.timers.fire(event.time) else { break };
            self.clock = self.clock.max(time);
            self.step += 1;
            self.ahead.timers.push_back(Fired { step: self.step, name: Arc::clone(&name), time });
            self.tell(StrategyInput::Timer { name, time });
        }
        let clock = self.clock.max(event.time);
        if !self.floor.desk.is_quiet(clock, event) {
            return false;
        }
        self.clock = clock;
        self.step += 1;
        if let Some(bars) = &mut self.bars {
            bars.market(&self.floor.bars, event, &mut self.complete);
        }
        let Interests { quotes, trades, .. } = self.interests;
        let (is_quote, is_told) = match event.data {
            MarketData::Quote(_) => (true, quotes),
            MarketData::Trade { .. } => (false, trades),
            MarketData::Bar { .. } | MarketData::FundingRate(_) => (false, false),
        };
        // What nothing comes before needs not be seen before.
        if is_quote && !(is_told && self.complete.is_empty()) {
            self.seen.note(*event);
        }
        for bar in std::mem::take(&mut self.complete) {
            self.ahead.bars.push_back(bar.clone());
            self.tell(StrategyInput::Bar(Box::new(bar), clock));
        }
        if is_told {
            self.tell(StrategyInput::Event(*event));
        }
        true
    }

    /// Adds an input, behind the quotes that the strategy must know before.
    fn tell(&mut self, input: StrategyInput) {
        if !self.seen.is_empty() {
            self.inputs.extend(self.seen.take());
        }
        self.inputs.push(input);
        self.ahead.steps.resize(self.inputs.len(), self.step);
        self.ahead.all = self.step;
    }
}
