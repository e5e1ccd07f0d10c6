//! What a strategy in Rust is: the same callbacks as one in Python.

use qubx_protocol::{Action, Bar, Fill, Order};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Context, Print};
use crate::{InstrumentIndex, Interests, Touch};

/// Why a callback failed: any error, or a text.
pub type StrategyError = Box<dyn std::error::Error + Send + Sync>;

/// How a callback ended.
pub type Outcome = Result<(), StrategyError>;

/// A strategy. All of it runs on one thread of its own, one callback at a time; a callback that fails or panics is told,
/// and the next one follows.
///
/// ```
/// use qubx_engine::{Context, Interests, InstrumentIndex, Outcome, Strategy, Terms};
/// use qubx_protocol::Bar;
/// use rust_decimal::Decimal;
///
/// /// Buys after each bar that fell.
/// struct Dip {
///     parameters: Parameters,
/// }
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Parameters {
///     timeframe: String,
/// }
///
/// impl Default for Parameters {
///     fn default() -> Self {
///         Self { timeframe: "1m".to_owned() }
///     }
/// }
///
/// impl Strategy for Dip {
///     type Parameters = Parameters;
///     const INTERESTS: Interests = Interests::FACTS;
///
///     fn new(parameters: Parameters) -> Self {
///         Self { parameters }
///     }
///
///     fn parameters(&mut self) -> &mut Parameters {
///         &mut self.parameters
///     }
///
///     fn on_start(&mut self, ctx: &mut Context) -> Outcome {
///         ctx.subscribe_bars(self.parameters.timeframe.parse()?)?;
///         Ok(())
///     }
///
///     fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome {
///         if bar.close < bar.open {
///             ctx.trade(instrument, Decimal::ONE, Terms::market())?;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Strategy: Sized + 'static {
    /// What the config and people set. Each field is a parameter: its name, its kind and its default are those of the
    /// JSON object that the default is.
    type Parameters: Serialize + DeserializeOwned + Default + Send + 'static;

    /// What it reacts to. Nobody sees which callbacks are written, so it is asked for everything unless it says less;
    /// saying so makes a replay much faster.
    const INTERESTS: Interests = Interests::ALL;

    /// Makes it. It does not trade before [`Strategy::on_start`].
    fn new(parameters: Self::Parameters) -> Self;

    /// Returns where it keeps its parameters: they are read from there to be shown, and put there when somebody changes
    /// one.
    fn parameters(&mut self) -> &mut Self::Parameters;

    /// Takes over parameters of which somebody changed one. Between two callbacks.
    ///
    /// # Errors
    /// Why the change is refused; nothing is changed then.
    fn set_parameters(&mut self, parameters: Self::Parameters) -> Outcome {
        *self.parameters() = parameters;
        Ok(())
    }

    /// Returns what it can be told to do.
    #[must_use]
    fn actions() -> Vec<Action> {
        Vec::new()
    }

    /// Does one of its actions, and returns what became of it in words. The arguments are those that the action has, of
    /// their kinds, with the defaults of those that were not given.
    ///
    /// # Errors
    /// Whatever goes wrong.
    fn act(
        &mut self,
        _ctx: &mut Context,
        name: &str,
        _arguments: &Map<String, Value>,
    ) -> Result<String, StrategyError> {
        Err(format!("{name} is not written").into())
    }

    /// Begins: subscribes to bars, sets timers, takes over its saved state.
    ///
    /// # Errors
    /// It does not start then.
    fn on_start(&mut self, _ctx: &mut Context) -> Outcome {
        Ok(())
    }

    /// An instrument was quoted.
    ///
    /// # Errors
    /// Whatever goes wrong; it is told, and five failures in a row pause the session.
    fn on_quote(&mut self, ctx: &mut Context, _instrument: InstrumentIndex, _quote: &Touch) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// Others traded.
    ///
    /// # Errors
    /// As [`Strategy::on_quote`].
    fn on_trade(&mut self, ctx: &mut Context, _instrument: InstrumentIndex, _trade: &Print) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// A bar to which it subscribed is complete.
    ///
    /// # Errors
    /// As [`Strategy::on_quote`].
    fn on_bar(&mut self, ctx: &mut Context, _instrument: InstrumentIndex, _bar: &Bar) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// A timer that it set is due.
    ///
    /// # Errors
    /// As [`Strategy::on_quote`].
    fn on_timer(&mut self, ctx: &mut Context, _name: &str) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// An order changed, whoever gave it.
    ///
    /// # Errors
    /// As [`Strategy::on_quote`].
    fn on_order(&mut self, ctx: &mut Context, _order: &Order) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// An order was filled, whoever gave it.
    ///
    /// # Errors
    /// As [`Strategy::on_quote`].
    fn on_fill(&mut self, ctx: &mut Context, _fill: &Fill) -> Outcome {
        ctx.is_not_written();
        Ok(())
    }

    /// Ends. The session cancels open orders after it.
    ///
    /// # Errors
    /// Whatever goes wrong; it is told.
    fn on_stop(&mut self, _ctx: &mut Context) -> Outcome {
        Ok(())
    }
}
