//! What a strategy in Rust is written with.

pub use jiff::Timestamp;
pub use qubx_engine::{
    Context, InstrumentIndex, Interests, Modification, Outcome, Print, Strategy, StrategyError, Terms, Touch,
    nearest_f64, shortest_decimal,
};
pub use qubx_protocol::{
    Account, Action, ActionParameter, Bar, Fill, Instrument, LogLevel, Money, Order, OrderId, OrderStatus,
    Position, Price, Quantity, Side, Timeframe,
};
pub use rust_decimal::Decimal;
pub use serde::{Deserialize, Serialize};
