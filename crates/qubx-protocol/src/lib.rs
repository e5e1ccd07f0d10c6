//! The vocabulary of a qubx session, shared by the service and every screen.
//!
//! Owns ids, prices, orders, facts, commands, messages, the reducer and the one-frame codec.
//! It is pure: no file, no socket, no task and no clock. Both ends of a connection run the same
//! [`SessionState::apply`], so a screen that has seen the same events shows the same state.

#![forbid(unsafe_code)]

mod account;
mod codec;
mod command;
mod fact;
mod history;
mod ids;
pub mod kinds;
mod latest;
mod market;
mod message;
mod money;
mod new_order;
mod order;
mod results;
mod role;
mod state;
mod status;
mod strategy;
mod terms;
#[cfg(test)]
mod typescript;

pub use account::{Account, Funding, Position};
pub use codec::{FrameBuffer, FrameError, MAX_CLIENT_FRAME, MAX_FRAME, encode_frame};
pub use command::Command;
pub use fact::{
    CellStatus, Event, Fact, LogLevel, OutputContent, StreamName, VerbOutcome, VerbProgress, market_time,
};
pub use history::{History, HistoryKind};
pub use ids::{
    Author, CellNumber, CommandId, Epoch, InputId, InstrumentId, LedgerRow, LogId, OrderId, RequestId, Seq,
};
pub use latest::{Alarm, Latest, MarketView, PositionMark, Presence, ReplayProgress, Stale, WrongClock};
pub use market::{Bar, Instrument, InstrumentKind, ParseTimeframeError, Quote, Timeframe, Trade};
pub use message::{
    Answer, AnswerResult, ClientMessage, Completeness, Completion, EquitySample, ErrorCode, ErrorMessage,
    Hello, MAX_NAME, PROTOCOL_VERSION, PastCell, Refusal, Request, RequestKind, ServerMessage, Welcome,
};
pub use money::{Money, Price, Quantity, nearest_f64};
pub use new_order::NewOrder;
pub use order::{By, Fill, Liquidity, Order, OrderStatus, OrderType, Rejection, Side, TimeInForce};
pub use results::{AccountResults, EquityPoint, Results};
pub use role::Role;
pub use state::{Applied, CellView, InputView, SessionState};
pub use status::{
    KernelState, KernelStatus, Mode, Ownership, Phase, Runtime, SessionInfo, SessionStatus, StrategyState,
    StrategyStatus,
};
pub use strategy::{
    Action, ActionParameter, CallbackTime, Parameter, Published, PublishedContent, SeriesPoint, StrategyView,
};
pub use terms::{ExchangeInfo, Limits};
