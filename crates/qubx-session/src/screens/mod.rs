//! The screens: whom the service lets in, what each is sent, and what they ask.

pub(crate) mod connection;
pub(crate) mod fan_out;
mod frame_writer;
pub(crate) mod listener;
pub(crate) mod newest;
pub(crate) mod places;
pub(crate) mod runtime;
pub(crate) mod subscribers;
pub(crate) mod welcome;
