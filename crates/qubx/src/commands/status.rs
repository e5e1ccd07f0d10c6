//! `qubx status`: positions, orders, account, kernel, engine.

mod kernel;

use jiff::Timestamp;
use qubx_protocol::{InstrumentId, KernelState, Latest, Position, SessionState, StrategyState};
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::find::find_or_only;
use crate::json;
use crate::out::outln;
use crate::plain::state_word;
use crate::talk::{ANSWER_WITHIN, Talk, question};

/// `qubx status [NAME]`
pub(crate) async fn status(name: Option<&str>, json: bool) -> Result<Outcome, Failure> {
    let found = find_or_only(name)?;
    let mut talk = Talk::open(question(&found, true, ANSWER_WITHIN)).await?;
    talk.latest().await?;
    talk.client.close().await;
    let (state, latest) = (talk.state(), &talk.mirror.latest);
    if json {
        outln!("{}", json::pretty(&object(state, latest)));
    } else {
        print(state, latest);
    }
    Ok(if is_well(state, latest) { Outcome::Done } else { Outcome::NotWell })
}

fn is_well(state: &SessionState, latest: &Latest) -> bool {
    let Some(status) = &state.status else { return false };
    let market = latest.market.as_ref();
    let feed_is_well = market.is_some_and(|market| market.feed_error.is_none() && market.stale.is_empty());
    let orders_flow = !latest.alarms.iter().flatten().any(|alarm| alarm.stops_orders);
    status.kernel.state == KernelState::Ready
        && status.strategy.state == StrategyState::Running
        && feed_is_well
        && orders_flow
}

fn object(state: &SessionState, latest: &Latest) -> Value {
    let market = latest.market.clone().unwrap_or_default();
    let status = state.status.as_ref();
    let kernel = status.map(|status| {
        json!({
            "state": kernel::word(state, &status.kernel),
            "since": kernel::since(state, &status.kernel),
            "cell": state.running.as_ref().map(|running| running.cell),
            "author": state.running.as_ref().map(|running| &running.author),
            "restarts": status.kernel.restarts,
        })
    });
    let orders = state.orders.values().map(|order| {
        json!({
            "id": order.id, "exchange": order.instrument.exchange, "symbol": order.instrument.symbol,
            "side": order.side, "type": order.order_type, "quantity": order.quantity, "filled": order.filled,
            "price": order.price, "stop_price": null, "time_in_force": order.time_in_force, "status": order.status,
            "created_at": order.created_at,
        })
    });
    let quotes = market.quotes.iter().map(|quote| {
        json!({
            "exchange": quote.instrument.exchange, "symbol": quote.instrument.symbol, "bid": quote.bid, "ask": quote.ask,
            "bid_size": quote.bid_size, "ask_size": quote.ask_size, "time": quote.time,
            "stale": market.stale_since(&quote.instrument).is_some(),
        })
    });
    json!({
        "name": status.map(|status| &status.info.name),
        "mode": status.map(|status| status.info.mode),
        "runtime": status.map(|status| status.info.runtime),
        "status": status.map_or("starting", state_word),
        "paused": status.is_some_and(|status| status.paused),
        "kernel": kernel,
        "strategy": status.map(|status| &status.strategy),
        "feed_error": market.feed_error,
        "alarms": latest.alarms.as_deref().unwrap_or_default(),
        "accounts": market.accounts,
        "positions": state.open_positions().map(|held| position(held, latest)).collect::<Vec<_>>(),
        "orders": orders.collect::<Vec<_>>(),
        "quotes": quotes.collect::<Vec<_>>(),
    })
}

fn position(position: &Position, latest: &Latest) -> Value {
    let InstrumentId { exchange, symbol } = &position.instrument;
    let marks = latest.market.iter().flat_map(|market| &market.marks);
    let mark = marks.into_iter().find(|mark| mark.instrument == position.instrument);
    json!({
        "exchange": exchange, "symbol": symbol, "quantity": position.quantity, "avg_price": position.avg_price,
        "last_price": mark.and_then(|mark| mark.last_price),
        "unrealized_pnl": mark.and_then(|mark| mark.unrealized_pnl),
        "realized_pnl": position.realized_pnl,
        "market_value": mark.and_then(|mark| mark.market_value),
    })
}

fn print(state: &SessionState, latest: &Latest) {
    let Some(status) = &state.status else { return outln!("the session is starting") };
    let paused = if status.paused { ", PAUSED" } else { "" };
    outln!(
        "{}  {}  {}{paused}",
        status.info.name,
        status.info.mode.to_string().to_uppercase(),
        state_word(status)
    );
    outln!("kernel    {}", kernel::text(state, &status.kernel, Timestamp::now()));
    outln!(
        "strategy  {} {:?}{}",
        status.info.strategy,
        status.strategy.state,
        reason(status.strategy.error.as_ref())
    );
    for alarm in latest.alarms.iter().flatten() {
        outln!("ALARM     {}: {}", alarm.source, alarm.text);
    }
    let Some(market) = &latest.market else { return };
    if let Some(error) = &market.feed_error {
        outln!("feed      {error}");
    }
    let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    for account in &market.accounts {
        outln!(
            "account   {} equity {} {}  realized {}  unrealized {}  fees {}",
            account.exchange,
            account.equity.0.round_dp(2),
            account.currency,
            account.realized_pnl.0.round_dp(2),
            shown(account.unrealized_pnl.map(|pnl| pnl.0.round_dp(2).to_string())),
            account.fees.0.round_dp(2),
        );
    }
    for held in state.open_positions() {
        let mark = market.marks.iter().find(|mark| mark.instrument == held.instrument);
        outln!(
            "position  {} {} @ {}  last {}  unrealized {}",
            held.instrument.symbol,
            held.quantity,
            shown(held.avg_price.map(|price| price.to_string())),
            shown(mark.and_then(|mark| mark.last_price).map(|price| price.to_string())),
            shown(mark.and_then(|mark| mark.unrealized_pnl).map(|pnl| pnl.0.round_dp(2).to_string())),
        );
    }
    for order in state.orders.values() {
        let price = shown(order.price.map(|price| price.to_string()));
        outln!(
            "order     {} {} {} {} {price} {}/{} {}",
            order.id,
            order.instrument.symbol,
            order.side,
            order.order_type,
            order.filled,
            order.quantity,
            order.status
        );
    }
}

fn reason(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
