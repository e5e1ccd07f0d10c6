//! Names and numbers that identify things. Each is a type of its own, so one is never taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl $name {
            /// Returns the number that follows this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }
    };
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl $name {
            /// Returns the text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

number! {
    /// The number of an event in a session's log. The first event is 1; 0 means "nothing yet".
    Seq(u64)
}
number! {
    /// The life of an account: a start without restore begins a new one.
    Epoch(u32)
}
number! {
    /// The number of a cell in a session, given when it is submitted. It never repeats in one log.
    CellNumber(u64)
}
number! {
    /// The number of a row in the ledger. The first row is 1.
    LedgerRow(u64)
}

text! {
    /// The name of a log. Numbers of one log mean nothing in another.
    LogId
}
text! {
    /// The id of a command, made by the client that sends it.
    CommandId
}
text! {
    /// The id of a question (a completion, say), made by the client that asks.
    RequestId
}
text! {
    /// The id of one wait for a line that `input()` asks for: the cell's number and a count in it. It never repeats in
    /// one log.
    InputId
}
text! {
    /// The id that an order has with us and with its exchange.
    OrderId
}
text! {
    /// Who did something: `user@tty` for a local screen, `jupyter` for a Jupyter guest, `strategy` for the strategy.
    Author
}

/// An instrument's name: the exchange as the config names it, and the symbol there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct InstrumentId {
    /// The exchange, as the config names it.
    pub exchange: String,
    /// The symbol on that exchange, for example `BTCUSDT`.
    pub symbol: String,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for InstrumentId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        String::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for InstrumentId {}

impl InstrumentId {
    /// Returns the name of `symbol` on `exchange`.
    #[must_use]
    pub fn new(exchange: impl Into<String>, symbol: impl Into<String>) -> Self {
        Self { exchange: exchange.into(), symbol: symbol.into() }
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.exchange, self.symbol)
    }
}

/// On the wire an instrument is `EXCHANGE:SYMBOL`, so that it can be the key of a JSON object.
impl Serialize for InstrumentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InstrumentId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.split_once(':') {
            Some((exchange, symbol)) if !exchange.is_empty() && !symbol.is_empty() => {
                Ok(Self::new(exchange, symbol))
            }
            _ => Err(serde::de::Error::custom(format!("instrument `{text}` is not EXCHANGE:SYMBOL"))),
        }
    }
}
