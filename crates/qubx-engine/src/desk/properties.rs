//! What holds for every sequence of what can happen.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use qubx_protocol::{Money, Order, OrderStatus, Rejection};
use rust_decimal::Decimal;

use super::script::{
    Numbers, Options, Run, SYMBOLS, Step, any_decimal, configs, sensible, side, size, step, steps,
};
use super::*;
use crate::core::MAX_AMOUNT;
use crate::testing::{at, config, id};
use crate::{EngineEvent, Limits, Restore};

/// What roundings to twelve decimals may amount to.
const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

fn held(desk: &Desk) -> [Decimal; 2] {
    SYMBOLS.map(|symbol| desk.state().position(&id(symbol)).unwrap().quantity.0)
}

/// Tells whether an open order could increase the position when all others of its side are filled too.
fn increases_with_others(desk: &Desk, order: &Order) -> bool {
    let is_alike = |other: &&Order| {
        other.instrument == order.instrument && other.side == order.side && !other.reduce_only
    };
    let wanted: Decimal = desk.state().open_orders().filter(is_alike).map(|order| order.remaining().0).sum();
    let held = desk.state().position(&order.instrument).unwrap().quantity.0;
    let only_reduces = held * order.side.sign() < Decimal::ZERO && wanted <= held.abs();
    !(order.reduce_only || only_reduces)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn the_book_follows_from_the_fills(config in configs(), steps in steps(120)) {
        let mut run = Run::new(&config);
        let events = run.steps(&steps);

        let exchange = &config.exchanges[0];
        let mut cash = exchange.capital.0;
        let mut trades = HashSet::new();
        let mut orders: HashMap<OrderId, (Decimal, Decimal)> = HashMap::new();
        let mut positions = [Decimal::ZERO; SYMBOLS.len()];
        for event in &events {
            match event {
                EngineEvent::Fill { fill, position } => {
                    let symbol = SYMBOLS.iter().position(|symbol| *symbol == fill.instrument.symbol).unwrap();
                    let instrument = &exchange.instruments[symbol];
                    let signed = fill.side.sign() * fill.quantity.0;
                    positions[symbol] += signed;
                    cash -= signed * fill.price.0 * instrument.multiplier + fill.fee.0;
                    prop_assert_eq!(position.quantity.0, positions[symbol]);
                    prop_assert_eq!(position.avg_price.is_none(), position.quantity.is_zero());
                    prop_assert!((fill.quantity.0 % instrument.lot_size.0).is_zero() && fill.quantity > Quantity::ZERO);
                    prop_assert!(trades.insert(fill.trade_id.clone()), "trade ids are unique");
                    let order = orders.entry(fill.order.clone()).or_default();
                    order.0 += fill.quantity.0;
                    order.1 += (fill.price * fill.quantity).0;
                }
                EngineEvent::Funding { funding, .. } => cash -= funding.amount.0,
                EngineEvent::Order(order) => {
                    let (filled, cost) = orders.get(&order.id).copied().unwrap_or_default();
                    prop_assert_eq!(order.filled.0, filled);
                    prop_assert!(order.status == OrderStatus::Rejected || order.filled <= order.quantity);
                    let average = order.avg_price.map_or(Decimal::ZERO, |price| price.0);
                    prop_assert!((average * filled - cost).abs() < ROUNDING);
                }
                _ => {}
            }
        }
        let account = &run.desk.state().accounts()[0];
        let profit = account.realized_pnl + account.unrealized_pnl.unwrap();
        prop_assert_eq!(account.equity, account.capital + profit - account.fees - account.funding);
        // What was paid and what is held is worth the equity, up to the rounding of average prices.
        let worth = run.desk.state().marks().iter().map(|mark| mark.market_value.unwrap()).sum::<Money>();
        let error = (cash + worth.0 - account.equity.0).abs();
        prop_assert!(error < ROUNDING, "{} is off by {}", account.equity, error);
    }

    #[test]
    fn no_order_is_in_two_final_states_and_every_refusal_has_a_name(config in configs(), steps in steps(120)) {
        let mut known: HashMap<OrderId, Order> = HashMap::new();
        for event in Run::new(&config).steps(&steps) {
            let EngineEvent::Order(order) = event else { continue };
            prop_assert_eq!(order.rejection.is_some(), order.status == OrderStatus::Rejected);
            prop_assert!(order.rejection.is_none() || order.reason.is_some());
            prop_assert!(order.status != OrderStatus::Filled || order.filled == order.quantity);
            if let Some(before) = known.insert(order.id.clone(), order.clone()) {
                prop_assert!(before.status.is_open(), "{before:?} became {order:?}");
                prop_assert!(order.status != OrderStatus::Intended, "{order:?} is told twice");
                prop_assert!(order.filled >= before.filled && (order.triggered || !before.triggered));
            }
        }
    }

    #[test]
    fn an_order_that_may_only_reduce_never_increases(config in configs(), steps in steps(120)) {
        let mut reduce_only = HashSet::new();
        let mut before: HashMap<String, Decimal> = HashMap::new();
        for event in Run::new(&config).steps(&steps) {
            match event {
                EngineEvent::Order(order) if order.reduce_only => drop(reduce_only.insert(order.id)),
                EngineEvent::Fill { fill, position } => {
                    let is = position.quantity.0;
                    let was = before.insert(fill.instrument.symbol, is).unwrap_or_default();
                    if reduce_only.contains(&fill.order) {
                        prop_assert!(is.abs() < was.abs() && is * was >= Decimal::ZERO, "{was} became {is}");
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_pause_never_lets_a_position_grow(config in configs(), before in steps(60), after in steps(60)) {
        let mut run = Run::new(&config);
        run.steps(&before);
        run.desk.pause(run.time, "test".to_owned());
        for step in after.into_iter().filter(|step| !matches!(step, Step::Resume)) {
            let were = held(&run.desk);
            run.step(&step);
            for (was, is) in were.into_iter().zip(held(&run.desk)) {
                prop_assert!(is.abs() <= was.abs() && was * is >= Decimal::ZERO, "{was} became {is} by {step:?}");
            }
        }
    }

    #[test]
    fn what_is_quiet_changes_nothing_and_what_is_reached_is_never_missed(
        config in configs(), steps in steps(150),
    ) {
        let (mut quick, mut thorough) = (Run::new(&config), Run::new(&config));
        thorough.at_length = true;
        let mut rest = &steps[..];
        while !rest.is_empty() {
            // As in lockstep: a whole run of events is looked at before the first of it is taken in.
            let quiet = rest
                .iter()
                .map_while(|step| step.event(quick.time))
                .take_while(|event| quick.desk.is_quiet(quick.time, event))
                .count();
            let (run, others) = rest.split_at(quiet.max(1));
            for step in run {
                let told = quick.step(step);
                prop_assert!(quiet == 0 || told.is_empty(), "{step:?} was quiet, and told {told:?}");
                prop_assert_eq!(told, thorough.step(step), "{:?}", step);
            }
            rest = others;
        }
        let checkpoint = |run: &Run| run.desk.checkpoint(run.time);
        prop_assert_eq!(checkpoint(&quick), checkpoint(&thorough));
        prop_assert_eq!(quick.desk.state().accounts(), thorough.desk.state().accounts());
        prop_assert_eq!(quick.desk.state().quotes(), thorough.desk.state().quotes());
    }

    #[test]
    fn a_loss_is_seen_by_the_quote_that_makes_it_however_it_is_spread(
        sides in proptest::array::uniform2(side()),
        moves in proptest::collection::vec((0..2_u32, -12..=12_i64), 20..200),
        daily_loss in proptest::option::of(200..1_000_u32),
    ) {
        let mut config = config(Limits {
            daily_loss: daily_loss.map(|limit| Money(limit.into())),
            ..Limits::default()
        });
        config.exchanges[0].capital = Money(Decimal::ONE_THOUSAND);
        config.exchanges[0].leverage = Decimal::from(30);
        let mut runs = [Run::new(&config), Run::new(&config)];
        runs[1].at_length = true;
        let mut bids = [Decimal::ONE_HUNDRED; 2];
        let quote = |symbol: u32, bid| Step::Quote {
            symbol, bid, spread: Decimal::new(1, 1), sizes: [Decimal::ONE_THOUSAND; 2],
        };
        let mut steps = vec![quote(0, bids[0]), quote(1, bids[1])];
        for (symbol, side) in sides.into_iter().enumerate() {
            let numbers = Numbers { quantity: Decimal::from(120), price: None, stop: None };
            steps.push(Step::Place { symbol, side, numbers, options: Options::default(), at_once: false });
        }
        for (symbol, tenths) in moves {
            bids[symbol as usize] += Decimal::new(tenths, 1);
            steps.push(quote(symbol, bids[symbol as usize]));
        }
        for step in &steps {
            let [quick, thorough] = &mut runs;
            let event = step.event(quick.time);
            let is_quiet = event.is_some_and(|event| quick.desk.is_quiet(quick.time, &event));
            let told = quick.step(step);
            prop_assert!(!is_quiet || told.is_empty());
            prop_assert_eq!(told, thorough.step(step));
            // What the full way would never miss: a look at the account after each quote.
            let account = &quick.desk.state().accounts()[0];
            let is_held = held(&quick.desk) != [Decimal::ZERO; 2];
            prop_assert!(!is_held || account.equity > account.maintenance_margin.unwrap());
            prop_assert!(quick.desk.state().is_paused() || quick.desk.state().loss_reached().is_none());
        }
    }

    #[test]
    fn a_desk_that_was_restored_does_what_one_that_was_not_does(
        config in configs(), before in steps(80), after in steps(60),
    ) {
        let mut run = Run::new(&config);
        let events = run.steps(&before);
        let next_order = 1 + events
            .iter()
            .filter_map(|event| match event {
                EngineEvent::Order(order) => order.id.0[1..].parse::<u64>().ok(),
                _ => None,
            })
            .max()
            .unwrap_or(0);
        let mut again = Run::new(&EngineConfig { next_order, ..config });
        again.time = run.time;
        let told = again.desk.restore(Restore {
            positions: run.desk.state().positions(),
            orders: run.desk.state().open_orders().cloned().collect(),
            checkpoint: Some(run.desk.checkpoint(run.time)),
        });
        prop_assert!(told.is_empty(), "{told:?}");
        prop_assert_eq!(again.desk.checkpoint(run.time), run.desk.checkpoint(run.time));
        run.desk.state().quotes().into_iter().for_each(|quote| again.desk.restore_quote(quote));
        // What rests, and what is there of the newest quote, is looked at first.
        let probes = [0, 1].into_iter().flat_map(|symbol| {
            let numbers = Numbers { quantity: Decimal::ONE, price: None, stop: None };
            let place = |side| Step::Place {
                symbol, side, numbers: numbers.clone(), options: Options::default(), at_once: false,
            };
            let trade = |side, price| Step::Trade { symbol: symbol as u32, price, size: Decimal::TWO, side };
            let trades = [trade(Side::Sell, Decimal::ONE), trade(Side::Buy, Decimal::ONE_THOUSAND)];
            [place(Side::Buy), place(Side::Sell)].into_iter().chain(trades).collect::<Vec<_>>()
        });
        for step in &probes.chain(after).collect::<Vec<_>>() {
            // Only what is open is known of orders, so of one that ended the answer differs, but not what happens.
            let is_news = |event: &EngineEvent| !matches!(event, EngineEvent::Log { .. });
            let news = |events: Vec<EngineEvent>| events.into_iter().filter(is_news).collect::<Vec<_>>();
            prop_assert_eq!(news(again.step(step)), news(run.step(step)), "{:?}", step);
        }
        prop_assert_eq!(again.desk.checkpoint(run.time), run.desk.checkpoint(run.time));
    }

    #[test]
    fn an_order_passes_with_its_margin_and_who_is_under_water_is_known(
        config in configs(), steps in steps(100),
    ) {
        let mut run = Run::new(&config);
        for step in &steps {
            let decided = run.decide(step);
            if let Step::Place { .. } = step {
                let is_decision = |event: &&EngineEvent| matches!(event, EngineEvent::Order(order) if matches!(order.status, OrderStatus::Intended | OrderStatus::Rejected));
                prop_assert_eq!(decided.iter().filter(is_decision).count(), 1);
            }
            let account = &run.desk.state().accounts()[0];
            let has_margin = account.initial_margin.is_some_and(|needed| needed <= account.equity);
            for event in &decided {
                let EngineEvent::Order(order) = event else { continue };
                let increases = order.status == OrderStatus::Intended && increases_with_others(&run.desk, order);
                prop_assert!(!increases || has_margin, "{order:?} passed with {account:?}");
                prop_assert!(!(order.rejection == Some(Rejection::Margin) && order.reduce_only));
            }
            run.desk.send(run.time);
            // It was liquidated, unless nobody takes what it holds.
            let account = &run.desk.state().accounts()[0];
            let under_water = account.maintenance_margin.is_some_and(|needed| account.equity <= needed);
            let is_held = held(&run.desk).iter().any(|held| !held.is_zero());
            prop_assert_eq!(under_water && is_held, !run.desk.state().accounts_under_water().is_empty());
        }
    }
}

proptest! {
    #[test]
    fn nothing_from_outside_makes_the_arithmetic_overflow(
        steps in proptest::collection::vec(
            step(prop_oneof![any_decimal(), sensible()], prop_oneof![any_decimal(), size()]), 1..60,
        ),
        tight in any::<bool>(),
        multiplier in 1..1_000_u32,
    ) {
        let one = Some(Money(Decimal::ONE));
        let limits = Limits {
            order_notional: one,
            position_notional: one,
            gross_leverage: Some(Decimal::ONE),
            orders_per_minute: Some(10),
            daily_loss: one,
        };
        let mut config = config(if tight { limits } else { Limits::default() });
        config.exchanges[0].instruments[0].multiplier = multiplier.into();
        config.exchanges[0].paper.slippage_bps = Decimal::ONE_THOUSAND;
        if !tight {
            // As much as a config may have, so that the largest orders pass.
            config.exchanges[0].capital = Money(MAX_AMOUNT);
            config.exchanges[0].leverage = MAX_AMOUNT;
        }
        let mut run = Run::new(&config);
        run.steps(&steps);
        run.desk.state().accounts();
        run.desk.state().marks();
        run.desk.checkpoint(at("13:00:00"));
    }
}
