//! A strategy without its type, and what is known of it before it is made.

use std::marker::PhantomData;

use qubx_protocol::{Action, Bar, Fill, Order, Parameter};
use serde_json::{Map, Value};

use super::kinds::{check, kind_of};
use super::{Context, Outcome, Print, Strategy, StrategyError};
use crate::{InstrumentIndex, Interests, Touch};

/// A strategy that was made.
pub(super) trait Hosted {
    fn parameters(&mut self) -> Result<Vec<Parameter>, StrategyError>;
    fn set_parameter(&mut self, name: &str, value: Value) -> Result<String, StrategyError>;
    fn act(
        &mut self,
        ctx: &mut Context,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Result<String, StrategyError>;
    fn on_start(&mut self, ctx: &mut Context) -> Outcome;
    fn on_quote(&mut self, ctx: &mut Context, instrument: InstrumentIndex, quote: &Touch) -> Outcome;
    fn on_trade(&mut self, ctx: &mut Context, instrument: InstrumentIndex, trade: &Print) -> Outcome;
    fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome;
    fn on_timer(&mut self, ctx: &mut Context, name: &str) -> Outcome;
    fn on_order(&mut self, ctx: &mut Context, order: &Order) -> Outcome;
    fn on_fill(&mut self, ctx: &mut Context, fill: &Fill) -> Outcome;
    fn on_stop(&mut self, ctx: &mut Context) -> Outcome;
}

impl<S: Strategy> Hosted for S {
    fn parameters(&mut self) -> Result<Vec<Parameter>, StrategyError> {
        let values = object(Strategy::parameters(self))?;
        let mut parameters = Kind::<S>::new().parameters();
        for parameter in &mut parameters {
            parameter.value = values.get(&parameter.name).cloned().unwrap_or_default();
        }
        Ok(parameters)
    }

    fn set_parameter(&mut self, name: &str, value: Value) -> Result<String, StrategyError> {
        let mut values = object(Strategy::parameters(self))?;
        let parameters = Kind::<S>::new().parameters();
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(format!("there is no parameter `{name}`").into());
        };
        check(&parameter.kind, &value).map_err(|problem| format!("parameter `{name}` {problem}"))?;
        let text = format!("{name} = {value}");
        values.insert(name.to_owned(), value);
        self.set_parameters(typed::<S>(values)?)?;
        Ok(text)
    }

    fn act(
        &mut self,
        ctx: &mut Context,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Result<String, StrategyError> {
        Strategy::act(self, ctx, name, arguments)
    }

    fn on_start(&mut self, ctx: &mut Context) -> Outcome {
        Strategy::on_start(self, ctx)
    }

    fn on_quote(&mut self, ctx: &mut Context, instrument: InstrumentIndex, quote: &Touch) -> Outcome {
        Strategy::on_quote(self, ctx, instrument, quote)
    }

    fn on_trade(&mut self, ctx: &mut Context, instrument: InstrumentIndex, trade: &Print) -> Outcome {
        Strategy::on_trade(self, ctx, instrument, trade)
    }

    fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome {
        Strategy::on_bar(self, ctx, instrument, bar)
    }

    fn on_timer(&mut self, ctx: &mut Context, name: &str) -> Outcome {
        Strategy::on_timer(self, ctx, name)
    }

    fn on_order(&mut self, ctx: &mut Context, order: &Order) -> Outcome {
        Strategy::on_order(self, ctx, order)
    }

    fn on_fill(&mut self, ctx: &mut Context, fill: &Fill) -> Outcome {
        Strategy::on_fill(self, ctx, fill)
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Outcome {
        Strategy::on_stop(self, ctx)
    }
}

/// What is known of a strategy before it is made.
pub(super) trait Factory: Send + Sync {
    /// Its parameters with their defaults; none when the default is no JSON object, which a test of it shows.
    fn parameters(&self) -> Vec<Parameter>;
    fn actions(&self) -> Vec<Action>;
    fn interests(&self) -> Interests;
    /// Checks parameters as the strategy itself reads them.
    fn check(&self, parameters: &Map<String, Value>) -> Result<(), String>;
    fn make(&self, parameters: Map<String, Value>) -> Result<Box<dyn Hosted>, StrategyError>;
}

/// The factory of one type.
pub(super) struct Kind<S>(PhantomData<fn() -> S>);

impl<S: Strategy> Kind<S> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<S: Strategy> Factory for Kind<S> {
    fn parameters(&self) -> Vec<Parameter> {
        let defaults = object(&S::Parameters::default()).unwrap_or_default();
        let parameter = |(name, default): (String, Value)| Parameter {
            name,
            kind: kind_of(&default).to_owned(),
            value: default.clone(),
            default,
        };
        defaults.into_iter().map(parameter).collect()
    }

    fn actions(&self) -> Vec<Action> {
        S::actions()
    }

    fn interests(&self) -> Interests {
        Interests { strategy: true, ..S::INTERESTS }
    }

    fn check(&self, parameters: &Map<String, Value>) -> Result<(), String> {
        read::<S>(parameters.clone()).map(drop).map_err(|error| error.to_string())
    }

    fn make(&self, parameters: Map<String, Value>) -> Result<Box<dyn Hosted>, StrategyError> {
        Ok(Box::new(S::new(read::<S>(parameters)?)))
    }
}

/// Returns the defaults with what is given in their places.
fn read<S: Strategy>(given: Map<String, Value>) -> Result<S::Parameters, StrategyError> {
    let mut values = object(&S::Parameters::default())?;
    values.extend(given);
    typed::<S>(values)
}

/// Returns parameters as the strategy has them.
fn typed<S: Strategy>(values: Map<String, Value>) -> Result<S::Parameters, StrategyError> {
    let has_none = values.is_empty() && serde_json::to_value(S::Parameters::default())?.is_null();
    let values = if has_none { Value::Null } else { Value::Object(values) };
    Ok(serde_json::from_value(values)?)
}

/// Returns parameters as the object that they are.
fn object(parameters: &impl serde::Serialize) -> Result<Map<String, Value>, StrategyError> {
    match serde_json::to_value(parameters)? {
        Value::Object(values) => Ok(values),
        // A strategy without parameters has the unit for them.
        Value::Null => Ok(Map::new()),
        other => Err(format!("parameters are the fields of a struct, not {other}").into()),
    }
}
