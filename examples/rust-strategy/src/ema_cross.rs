//! Two moving averages of the closing price, by the rules of `../ema_cross.py`: both give the same fills, to the last
//! digit.

use qubx::strategy::{
    Bar, Context, Deserialize, InstrumentIndex, Interests, Outcome, Serialize, Strategy, Terms, nearest_f64,
    shortest_decimal,
};

/// Long while the fast average of closes is above the slow one, short while below.
pub(crate) struct EmaCross {
    parameters: Parameters,
    /// The fast and the slow average of each instrument, by its place.
    averages: Vec<(Ema, Ema)>,
}

/// What the config, the screens and `qubx set` may change.
#[derive(Serialize, Deserialize)]
#[serde(crate = "qubx::serde")]
pub(crate) struct Parameters {
    fast: u32,
    slow: u32,
    timeframe: String,
    size: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { fast: 20, slow: 60, timeframe: "1s".to_owned(), size: 0.1 }
    }
}

impl Strategy for EmaCross {
    type Parameters = Parameters;

    // Bars are all that it reacts to.
    const INTERESTS: Interests = Interests::FACTS;

    fn new(parameters: Parameters) -> Self {
        Self { parameters, averages: Vec::new() }
    }

    fn parameters(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn on_start(&mut self, ctx: &mut Context) -> Outcome {
        ctx.subscribe_bars(self.parameters.timeframe.parse()?)?;
        let Parameters { fast, slow, .. } = self.parameters;
        self.averages = ctx.indices().map(|_| (Ema::new(fast), Ema::new(slow))).collect();
        Ok(())
    }

    fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome {
        let close = nearest_f64(bar.close.0);
        let (fast, slow) = &mut self.averages[instrument.place()];
        let is_above = fast.update(close) > slow.update(close);
        let target = if is_above { self.parameters.size } else { -self.parameters.size };
        let delta = target - nearest_f64(ctx.get_position(instrument).quantity.0);
        if delta.abs() >= nearest_f64(ctx.instrument(instrument).lot_size.0) {
            let amount = shortest_decimal(delta).ok_or("the size is no number")?;
            ctx.trade(instrument, amount, Terms::market())?;
        }
        Ok(())
    }
}

/// An exponential moving average.
struct Ema {
    weight: f64,
    value: Option<f64>,
}

impl Ema {
    fn new(length: u32) -> Self {
        Self { weight: 2.0 / (f64::from(length) + 1.0), value: None }
    }

    /// Takes in a price and returns the new average.
    fn update(&mut self, price: f64) -> f64 {
        let value = self.value.map_or(price, |value| value + self.weight * (price - value));
        *self.value.insert(value)
    }
}
