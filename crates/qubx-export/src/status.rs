//! How a session is, as an object for programs: what `qubx status --json` prints and what is answered over HTTP.

use qubx_protocol::{
    Account, InstrumentId, Latest, Order, Position, SessionState, StrategyStatus, StrategyView,
};
use serde_json::{Value, json};

/// Returns the status as the documented object.
#[must_use]
pub fn status_object(state: &SessionState, latest: &Latest) -> Value {
    let market = latest.market.clone().unwrap_or_default();
    let status = state.status.as_ref();
    let kernel = status.map(|status| {
        json!({
            "state": status.kernel.word(state.running.as_ref()),
            "since": status.kernel.since(state.running.as_ref()),
            "cell": state.running.as_ref().map(|running| running.cell),
            "author": state.running.as_ref().map(|running| &running.author),
            "restarts": status.kernel.restarts,
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
        "status": status.map_or("starting", qubx_protocol::SessionStatus::word),
        "paused": status.is_some_and(|status| status.paused),
        "kernel": kernel,
        "strategy": status.map(|status| strategy(&status.strategy, latest.strategy.as_ref())),
        "feed_error": market.feed_error,
        "alarms": latest.alarms.as_deref().unwrap_or_default(),
        "accounts": market.accounts.iter().map(account).collect::<Vec<_>>(),
        "positions": state.open_positions().map(|held| position(held, latest)).collect::<Vec<_>>(),
        "orders": state.orders.values().map(order).collect::<Vec<_>>(),
        "quotes": quotes.collect::<Vec<_>>(),
    })
}

fn strategy(strategy: &StrategyStatus, view: Option<&StrategyView>) -> Value {
    let StrategyStatus { state, error, callback_errors, parameters, actions } = strategy;
    let view = view.cloned().unwrap_or_default();
    json!({
        "state": state, "error": error, "callback_errors": callback_errors, "parameters": parameters,
        "actions": actions, "published": view.published, "callbacks": view.callbacks, "backlog": view.backlog,
        "busy_since": view.busy_since,
    })
}

fn account(account: &Account) -> Value {
    json!({
        "exchange": account.exchange, "currency": account.currency, "capital": account.capital,
        "equity": account.equity, "realized_pnl": account.realized_pnl, "unrealized_pnl": account.unrealized_pnl,
        "fees": account.fees, "funding": account.funding, "initial_margin": account.initial_margin,
        "maintenance_margin": account.maintenance_margin, "net_leverage": account.net_leverage,
        "gross_leverage": account.gross_leverage,
    })
}

fn order(order: &Order) -> Value {
    json!({
        "id": order.id, "exchange": order.instrument.exchange, "symbol": order.instrument.symbol,
        "side": order.side, "type": order.order_type, "quantity": order.quantity, "filled": order.filled,
        "avg_price": order.avg_price, "price": order.price, "stop_price": order.stop_price,
        "triggered": order.triggered, "time_in_force": order.time_in_force, "post_only": order.post_only,
        "reduce_only": order.reduce_only, "status": order.status, "created_at": order.created_at,
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
        "fees": position.fees,
        "funding": position.funding,
        "market_value": mark.and_then(|mark| mark.market_value),
    })
}
