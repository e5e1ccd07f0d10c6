//! Calls of the strategy, or of a cell, to the engine.

use qubx_engine::{At, Call, CallValue, EngineHandle, Modification, OrderRequest, Reply};
use qubx_kernel::{StrategyCall, bar_values};
use qubx_protocol::{By, Instrument, InstrumentId, Price, Quantity, Side};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Does what is asked for, and returns what Python gets, with what it caused.
///
/// # Errors
/// The reason, in words, why nothing was done.
pub(crate) async fn answer(
    engine: &EngineHandle,
    instruments: &[Instrument],
    request: StrategyCall,
    by: By,
    at: Option<At>,
) -> Result<(Value, Reply), String> {
    let exchange = match &request {
        StrategyCall::Account { exchange } => Some(exchange.clone()),
        _ => None,
    };
    let closes_one = matches!(request, StrategyCall::ClosePosition { .. });
    let call = translate(instruments, request, by)?;
    let mut reply = engine.call(at, call).await.map_err(|error| error.to_string())?;
    let value = match std::mem::replace(&mut reply.value, CallValue::Done) {
        CallValue::Done => Value::Null,
        CallValue::Order(order) => json!(order),
        CallValue::Orders(mut orders) if closes_one => json!(orders.pop()),
        CallValue::Orders(orders) => json!(orders),
        CallValue::Bars(bars) => bars.iter().map(|bar| Value::Array(bar_values(bar))).collect(),
        CallValue::Accounts(accounts) => {
            let names: Vec<String> = accounts.iter().map(|account| account.exchange.clone()).collect();
            let wanted = exchange.flatten();
            let account = match &wanted {
                Some(name) => accounts.into_iter().find(|account| account.exchange == *name),
                None if accounts.len() == 1 => accounts.into_iter().next(),
                None => return Err(format!("there are several exchanges: name one of {}", names.join(", "))),
            };
            json!(account.ok_or_else(|| {
                let name = wanted.unwrap_or_default();
                format!("there is no exchange `{name}`; the config has {}", names.join(", "))
            })?)
        }
    };
    Ok((value, reply))
}

fn translate(instruments: &[Instrument], request: StrategyCall, by: By) -> Result<Call, String> {
    let find = |name: String| find(instruments, &name);
    Ok(match request {
        StrategyCall::Trade {
            instrument,
            amount,
            price,
            stop_price,
            time_in_force,
            post_only,
            reduce_only,
        } => {
            let side = if amount < Decimal::ZERO { Side::Sell } else { Side::Buy };
            Call::Place(OrderRequest {
                instrument: find(instrument)?,
                side,
                quantity: Quantity(amount.abs()),
                price: price.map(Price),
                stop_price: stop_price.map(Price),
                time_in_force,
                post_only,
                reduce_only,
                by,
            })
        }
        StrategyCall::ModifyOrder { order, amount, price, stop_price } => {
            let change = Modification {
                quantity: amount.map(|amount| Quantity(amount.abs())),
                price: price.map(Price),
                stop_price: stop_price.map(Price),
            };
            Call::Modify(order, change, by)
        }
        StrategyCall::CancelOrder { order } => Call::CancelOrder(order, by),
        StrategyCall::CancelOrders { instrument } => {
            Call::CancelOrders(instrument.map(find).transpose()?, by)
        }
        StrategyCall::ClosePosition { instrument } => Call::Close(find(instrument)?, by),
        StrategyCall::ClosePositions => Call::CloseAll(by),
        StrategyCall::SubscribeBars { timeframe } => Call::SubscribeBars(timeframe),
        StrategyCall::History { instrument, timeframe, length } => {
            Call::History { instrument: find(instrument)?, timeframe, length }
        }
        StrategyCall::SetTimer { name, every } => Call::SetTimer(name, every),
        StrategyCall::PauseOnFailures => Call::PauseOnFailures,
        StrategyCall::Account { .. } => Call::Accounts,
        StrategyCall::SaveState { .. } | StrategyCall::LoadState => {
            return Err("a state is kept by the session, not by the engine".to_owned());
        }
    })
}

/// Finds the instrument that `EXCHANGE:SYMBOL`, or a symbol that one exchange alone has, names.
fn find(instruments: &[Instrument], name: &str) -> Result<InstrumentId, String> {
    let all =
        || instruments.iter().map(|instrument| instrument.id.to_string()).collect::<Vec<_>>().join(", ");
    let mut matching = instruments
        .iter()
        .map(|instrument| &instrument.id)
        .filter(|id| id.symbol == name || id.to_string() == name);
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id.clone()),
        (None, _) => Err(format!("there is no instrument `{name}`; the config has {}", all())),
        (Some(_), Some(_)) => Err(format!("several exchanges have `{name}`; name one of {}", all())),
    }
}
