//! The strategies in Rust that a program has, by name, and the check of their parameters before anything starts.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use qubx_protocol::{Action, Parameter};
use serde_json::{Map, Value};

use super::Strategy;
use super::hosted::{Factory, Kind};
use super::kinds::check;

/// The strategies that a program has.
#[derive(Clone, Default)]
pub struct Registry {
    factories: IndexMap<String, Arc<dyn Factory>>,
}

/// A strategy with its parameters, checked and not made yet.
#[derive(Clone)]
pub struct Prepared {
    pub(super) name: String,
    pub(super) factory: Arc<dyn Factory>,
    pub(super) parameters: Map<String, Value>,
}

/// Why a strategy cannot be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no strategy of this name.
    #[error("there is no strategy `{name}`; there are: {}", known.join(", "))]
    UnknownStrategy {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The strategy has no such parameter.
    #[error("there is no parameter `{name}`; there are: {}", known.join(", "))]
    UnknownParameter {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A value is of another kind.
    #[error("parameter `{name}` {problem}")]
    Value {
        /// The parameter.
        name: String,
        /// What it must be.
        problem: String,
    },
    /// The strategy does not take them.
    #[error("its parameters are refused: {0}")]
    Refused(String),
}

impl Registry {
    /// Returns a registry without strategies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a strategy under a name, by which a config names it: `strategy: rust:NAME`. A later one takes the place of one
    /// of the same name.
    #[must_use]
    pub fn with<S: Strategy>(mut self, name: impl Into<String>) -> Self {
        self.factories.insert(name.into(), Arc::new(Kind::<S>::new()));
        self
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.factories.is_empty()
    }

    /// Returns the names, in the order in which they were added.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.factories.keys().map(String::as_str).collect()
    }

    /// Returns the parameters of a strategy with their defaults; none when there is no such strategy.
    #[must_use]
    pub fn parameters(&self, name: &str) -> Option<Vec<Parameter>> {
        self.factories.get(name).map(|factory| factory.parameters())
    }

    /// Returns what a strategy can be told to do; none when there is no such strategy.
    #[must_use]
    pub fn actions(&self, name: &str) -> Option<Vec<Action>> {
        self.factories.get(name).map(|factory| factory.actions())
    }

    /// Checks the parameters that a config gives, and returns the strategy, ready to be made.
    ///
    /// # Errors
    /// The strategy or a parameter is unknown, or a value is of another kind.
    pub fn prepare(&self, name: &str, given: Map<String, Value>) -> Result<Prepared, RegistryError> {
        let Some(factory) = self.factories.get(name) else {
            let known = self.factories.keys().cloned().collect();
            return Err(RegistryError::UnknownStrategy { name: name.to_owned(), known });
        };
        let parameters = factory.parameters();
        for (name, value) in &given {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == *name) else {
                let known = parameters.into_iter().map(|parameter| parameter.name).collect();
                return Err(RegistryError::UnknownParameter { name: name.clone(), known });
            };
            check(&parameter.kind, value)
                .map_err(|problem| RegistryError::Value { name: name.clone(), problem })?;
        }
        factory.check(&given).map_err(RegistryError::Refused)?;
        Ok(Prepared { name: name.to_owned(), factory: Arc::clone(factory), parameters: given })
    }
}

impl Prepared {
    /// Returns the name under which the strategy is registered.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.factories.keys()).finish()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("name", &self.name).field("parameters", &self.parameters).finish()
    }
}
