//! Native configs: from YAML files, `--set` and the user's own settings to a checked [`Config`].
//!
//! Owns reading, merging and the schema. It opens config files only, imports nothing and creates nothing.
//! Every value remembers where it was written, through merges too, so each error points at file, line and
//! column (or at the `--set`), and [`check`] reports all errors, not the first one.
//!
//! Two steps, because the strategy's class decides the runtime: [`load`] reads any config and tells which
//! strategy it names; only a native one is then held against the schema by [`check`].

mod connector;
mod document;
mod error;
mod exchange;
mod files;
mod instruments;
mod model;
mod nearest;
mod node;
mod origin;
mod parse;
mod reader;
mod schema;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use document::{Document, load};
pub(crate) use error::ConfigError;
pub(crate) use model::{
    Config, Connector, Exchange, Funding, OnKernelLoss, Paper, Recording, Session, Speed, StrategyClass,
};
pub(crate) use nearest::hint;
pub(crate) use schema::check;
pub(crate) use settings::Settings;
