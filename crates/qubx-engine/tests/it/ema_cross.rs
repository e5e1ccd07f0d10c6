//! The classic first strategy, by the rules of `examples/ema_cross.py`, to the digit.

use std::collections::HashMap;

use qubx_engine::{
    Context, InstrumentIndex, Interests, Outcome, Strategy, Terms, nearest_f64, shortest_decimal,
};
use qubx_protocol::Bar;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Long while the fast average of closes is above the slow one, short while below.
pub(crate) struct EmaCross {
    parameters: Parameters,
    averages: HashMap<InstrumentIndex, (Ema, Ema)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) fast: u32,
    pub(crate) slow: u32,
    pub(crate) timeframe: String,
    pub(crate) size: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { fast: 20, slow: 60, timeframe: "1s".to_owned(), size: 0.1 }
    }
}

/// An exponential moving average.
struct Ema {
    weight: f64,
    value: Option<f64>,
}

impl Ema {
    fn new(length: u32) -> Self {
        Self { weight: 2.0 / f64::from(length + 1), value: None }
    }

    /// Takes in a price and returns the new average.
    fn update(&mut self, price: f64) -> f64 {
        let value = self.value.map_or(price, |value| value + self.weight * (price - value));
        self.value = Some(value);
        value
    }
}

impl Strategy for EmaCross {
    type Parameters = Parameters;
    const INTERESTS: Interests = Interests::FACTS;

    fn new(parameters: Parameters) -> Self {
        Self { parameters, averages: HashMap::new() }
    }

    fn parameters(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn on_start(&mut self, ctx: &mut Context) -> Outcome {
        ctx.subscribe_bars(self.parameters.timeframe.parse()?)?;
        let Parameters { fast, slow, .. } = self.parameters;
        self.averages = ctx.indices().map(|index| (index, (Ema::new(fast), Ema::new(slow)))).collect();
        Ok(())
    }

    fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome {
        let (fast, slow) = self.averages.get_mut(&instrument).ok_or("an unknown instrument")?;
        let close = nearest_f64(bar.close.0);
        let is_above = fast.update(close) > slow.update(close);
        let size = shortest_decimal(self.parameters.size).ok_or("the size is no number")?;
        let target: Decimal = if is_above { size } else { -size };
        let delta = target - ctx.get_position(instrument).quantity.0;
        if delta.abs() >= ctx.instrument(instrument).lot_size.0 {
            ctx.trade(instrument, delta, Terms::market())?;
        }
        Ok(())
    }
}
