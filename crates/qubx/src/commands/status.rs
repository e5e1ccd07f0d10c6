//! `qubx status`: positions, orders, account, kernel, engine.

mod kernel;
mod table;

use jiff::Timestamp;
use qubx_export::status_object;
use qubx_protocol::{
    CallbackTime, KernelState, Latest, Money, Published, PublishedContent, SessionState, StrategyState,
    StrategyView,
};

use crate::failure::{Failure, Outcome};
use crate::find::find_or_only;
use crate::json;
use crate::out::outln;
use crate::talk::{ANSWER_WITHIN, Talk, question};

/// `qubx status [NAME]`
pub(crate) async fn status(name: Option<&str>, json: bool) -> Result<Outcome, Failure> {
    let found = find_or_only(name).await?;
    let mut talk = Talk::open(question(&found, true, ANSWER_WITHIN)).await?;
    talk.latest().await?;
    talk.client.close().await;
    let (state, latest) = (talk.state(), &talk.mirror.latest);
    if json {
        outln!("{}", json::pretty(&status_object(state, latest)));
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

/// Prints how busy the strategy is, and what it shows.
fn print_work(view: &StrategyView) {
    for CallbackTime { name, count, mean_us, worst_us } in &view.callbacks {
        outln!("callback  {name} {count} times, {mean_us:.0} µs each, {worst_us:.0} µs at worst");
    }
    if let Some(since) = view.busy_since {
        outln!("backlog   a callback runs since {since:.0}, {} inputs wait", view.backlog);
    }
    for Published { name, instrument, content, .. } in &view.published {
        let of =
            instrument.as_ref().map(|instrument| format!(" of {}", instrument.symbol)).unwrap_or_default();
        let shown = match content {
            PublishedContent::Value(value) => value.to_string(),
            PublishedContent::Table { columns, rows } => {
                outln!("shows     {name}{of}:");
                table::lines(columns, rows).iter().for_each(|line| outln!("          {line}"));
                continue;
            }
            PublishedContent::Series { value, points } => {
                let newest = value.map_or_else(|| "–".to_owned(), |value| value.to_string());
                format!("{newest}, the last of {points} points")
            }
        };
        outln!("shows     {name}{of}: {shown}");
    }
}

fn print(state: &SessionState, latest: &Latest) {
    let Some(status) = &state.status else { return outln!("the session is starting") };
    let paused = if status.paused { ", PAUSED" } else { "" };
    outln!(
        "{}  {}  {}{paused}",
        status.info.name,
        status.info.mode.to_string().to_uppercase(),
        status.word()
    );
    outln!("kernel    {}", kernel::text(state, &status.kernel, Timestamp::now()));
    outln!(
        "strategy  {} {:?}{}",
        status.info.strategy,
        status.strategy.state,
        reason(status.strategy.error.as_ref())
    );
    if let Some(view) = &latest.strategy {
        print_work(view);
    }
    for alarm in latest.alarms.iter().flatten() {
        outln!("ALARM     {}: {}", alarm.source, alarm.text);
    }
    let Some(market) = &latest.market else { return };
    if let Some(error) = &market.feed_error {
        outln!("feed      {error}");
    }
    let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    for account in &market.accounts {
        let money = |money: Money| money.0.round_dp(2).to_string();
        outln!(
            "account   {} equity {} {}  realized {}  unrealized {}  fees {}  funding {}  margin {}",
            account.exchange,
            money(account.equity),
            account.currency,
            money(account.realized_pnl),
            shown(account.unrealized_pnl.map(money)),
            money(account.fees),
            money(account.funding),
            shown(account.initial_margin.map(money)),
        );
    }
    for held in state.open_positions() {
        let mark = market.marks.iter().find(|mark| mark.instrument == held.instrument);
        outln!(
            "position  {} {} @ {}  last {}  unrealized {}",
            state.label(&held.instrument),
            held.quantity,
            shown(held.avg_price.map(|price| price.to_string())),
            shown(mark.and_then(|mark| mark.last_price).map(|price| price.to_string())),
            shown(mark.and_then(|mark| mark.unrealized_pnl).map(|pnl| pnl.0.round_dp(2).to_string())),
        );
    }
    for order in state.orders.values() {
        let price = shown(order.price.map(|price| price.to_string()));
        let stop = order.stop_price.map(|stop| format!(" stop {stop}")).unwrap_or_default();
        outln!(
            "order     {} {} {} {} {price}{stop} {}/{} {}",
            order.id,
            state.label(&order.instrument),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::documented::{check, golden, state};

    #[test]
    fn the_status_is_as_documented() {
        let (events, latest) = golden();
        check("qubx status", &[status_object(&state(&events), &latest)]);
    }
}
