//! Where the walk of a simulated price is, so that another one goes on with just the quotes that it would have given.

use std::time::Duration;

use qubx_protocol::{InstrumentId, Quote};
use serde::{Deserialize, Serialize};

use super::Walk;
use crate::core::{MAX_AMOUNT, check_touch};

/// No quote is further behind the next one of all: the slowest instrument has one a second.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// No trend doubles a price within a second, neither of this version nor of another one.
const ABSURD_TREND: f64 = 1.0;

/// Where the walk of one simulated price is.
///
/// The seed is not in it: an instrument whose seed was changed goes on from its price, with other steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalkState {
    /// The instrument.
    pub instrument: InstrumentId,
    /// How many words its random generator has given.
    pub words: u64,
    /// Its price, before it is rounded to ticks.
    #[serde(with = "exact")]
    pub price: f64,
    /// The relative drift in one second.
    #[serde(with = "exact")]
    pub trend: f64,
    /// How many quotes the trend goes on for.
    pub trend_left: u32,
    /// How much later than the next quote of all its own next one comes, in nanoseconds.
    pub wait_ns: u64,
    /// Its newest quote; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

impl WalkState {
    /// Tells what cannot be right.
    fn check(&self) -> Result<(), String> {
        let instrument = &self.instrument;
        // A number that is none is in no range.
        if !(f64::MIN_POSITIVE..=super::approximately(MAX_AMOUNT)).contains(&self.price) {
            return Err(format!(
                "the simulated price of {instrument} is {}, not between 0 and {MAX_AMOUNT}",
                self.price
            ));
        }
        if !(-ABSURD_TREND..=ABSURD_TREND).contains(&self.trend) {
            return Err(format!("the trend of {instrument} is {}, which is none", self.trend));
        }
        if self.wait() > LONGEST_WAIT {
            return Err(format!(
                "the next quote of {instrument} is {} ns away, more than a second",
                self.wait_ns
            ));
        }
        let Some(quote) = &self.quote else { return Ok(()) };
        if quote.instrument != *instrument {
            return Err(format!("the newest quote of {instrument} is one of {}", quote.instrument));
        }
        check_touch(&crate::Touch::from(quote))
            .map_err(|(field, problem)| format!("the newest quote of {instrument}, {field}: {problem}"))
    }

    fn wait(&self) -> Duration {
        Duration::from_nanos(self.wait_ns)
    }
}

impl Walk {
    /// Returns where the walk is, `next` being when the next quote of all comes.
    pub(in crate::feed) fn state(&self, next: Duration) -> WalkState {
        let wait = self.offset.saturating_sub(next);
        WalkState {
            instrument: self.instrument.clone(),
            // A generator would give words for thousands of years before they are too many.
            words: u64::try_from(self.random.get_word_pos()).unwrap_or(u64::MAX),
            price: self.price,
            trend: self.trend,
            trend_left: self.trend_left,
            wait_ns: u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX),
            quote: self.last.clone(),
        }
    }

    /// Goes on where another walk of this instrument was.
    ///
    /// # Errors
    /// What of the state cannot be right, in words.
    pub(in crate::feed) fn go_on(&mut self, state: &WalkState) -> Result<(), String> {
        state.check()?;
        self.random.set_word_pos(u128::from(state.words));
        self.price = state.price;
        self.trend = state.trend;
        self.trend_left = state.trend_left;
        self.offset = state.wait();
        self.last.clone_from(&state.quote);
        Ok(())
    }
}

/// Writes a float as a text that reads as the very same float: as a number, JSON's readers may be off by its last bit.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is not a number")))
    }
}
