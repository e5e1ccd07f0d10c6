//! What holds for every sequence of quotes and orders.

use proptest::prelude::*;
use qubx_protocol::{Money, Price, Side};
use rust_decimal::Decimal;

use super::*;
use crate::core::MAX_AMOUNT;
use crate::testing::{at, config, id, quote_at, quoted};
use crate::{EngineEvent, Limits};

const TIME: &str = "12:00:00";
const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];

#[derive(Clone, Debug)]
enum Step {
    Quote { symbol: usize, bid: Decimal, spread: Decimal },
    Place { symbol: usize, side: Side, quantity: Decimal, price: Option<Decimal> },
    Cancel { number: u64 },
    Close { symbol: usize },
    Pause,
    Resume,
}

fn step(amount: impl Strategy<Value = Decimal> + Clone + 'static) -> impl Strategy<Value = Step> {
    let symbol = 0..SYMBOLS.len();
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        6 => (symbol.clone(), amount.clone(), amount.clone())
            .prop_map(|(symbol, bid, spread)| Step::Quote { symbol, bid, spread }),
        6 => (symbol.clone(), side, amount.clone(), proptest::option::of(amount))
            .prop_map(|(symbol, side, quantity, price)| Step::Place { symbol, side, quantity, price }),
        1 => (0..40_u64).prop_map(|number| Step::Cancel { number }),
        1 => symbol.prop_map(|symbol| Step::Close { symbol }),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
    ]
}

/// Amounts that make sense: 0.01 to 200.
fn sensible() -> impl Strategy<Value = Decimal> + Clone {
    (1..20_000_i64).prop_map(|cents| Decimal::new(cents, 2))
}

/// Any decimal there is.
fn any_decimal() -> impl Strategy<Value = Decimal> + Clone {
    (any::<(u32, u32, u32)>(), any::<bool>(), 0..=28_u32).prop_map(
        |((low, middle, high), negative, scale)| Decimal::from_parts(low, middle, high, negative, scale),
    )
}

fn run(desk: &mut Desk, steps: Vec<Step>) -> Vec<EngineEvent> {
    let time = at(TIME);
    let by = By::from("tester");
    let mut events = Vec::new();
    for step in steps {
        events.extend(match step {
            Step::Quote { symbol, bid, spread } => {
                let mut quote = quote_at(SYMBOLS[symbol], TIME, "1", "1");
                quote.bid = Price(bid);
                quote.ask = Price(bid.checked_add(spread).unwrap_or(bid));
                quoted(desk, time, &quote)
            }
            Step::Place { symbol, side, quantity, price } => desk.place(
                time,
                vec![OrderRequest::new(
                    id(SYMBOLS[symbol]),
                    side,
                    Quantity(quantity),
                    price.map(Price),
                    by.clone(),
                )],
            ),
            Step::Cancel { number } => {
                desk.cancel(time, &OrderId(format!("q{number}")), "").unwrap_or_default()
            }
            Step::Close { symbol } => desk.close(time, &[id(SYMBOLS[symbol])], &by),
            Step::Pause => desk.pause(time, "test".to_owned()),
            Step::Resume => desk.resume(time, &by).unwrap_or_default(),
        });
        events.extend(desk.send(time));
    }
    events
}

proptest! {
    #[test]
    fn the_book_follows_from_the_fills(steps in proptest::collection::vec(step(sensible()), 1..80)) {
        let config = config(Limits::default());
        let mut desk = Desk::new(&config);
        let events = run(&mut desk, steps);

        let mut cash = config.exchanges[0].capital.0;
        let mut trades = std::collections::HashSet::new();
        let mut held = [Decimal::ZERO; SYMBOLS.len()];
        for event in &events {
            let EngineEvent::Fill { fill, position } = event else { continue };
            let symbol = SYMBOLS.iter().position(|symbol| *symbol == fill.instrument.symbol).unwrap();
            let signed = fill.side.sign() * fill.quantity.0;
            held[symbol] += signed;
            cash -= signed * fill.price.0 + fill.fee.0;
            prop_assert_eq!(position.quantity.0, held[symbol]);
            prop_assert_eq!(position.avg_price.is_none(), position.quantity.is_zero());
            prop_assert!(trades.insert(fill.trade_id.clone()), "trade ids are unique");
        }

        let account = &desk.state().accounts()[0];
        let pieces = account.capital + account.realized_pnl + account.unrealized_pnl.unwrap() - account.fees;
        prop_assert_eq!(account.equity, pieces);
        // What was paid and what is held is worth the equity, up to the rounding of average prices.
        let worth = desk.state().marks().iter().map(|mark| mark.market_value.unwrap()).sum::<Money>();
        let error = (cash + worth.0 - account.equity.0).abs();
        prop_assert!(error < Decimal::new(1, 6), "{} is off by {}", account.equity, error);
    }

    #[test]
    fn a_pause_never_lets_a_position_grow(
        before in proptest::collection::vec(step(sensible()), 1..40),
        after in proptest::collection::vec(step(sensible()), 1..40),
    ) {
        let mut desk = Desk::new(&config(Limits::default()));
        run(&mut desk, before);
        desk.pause(at(TIME), "test".to_owned());
        let held = |desk: &Desk| SYMBOLS.map(|symbol| desk.state().position(&id(symbol)).unwrap().quantity.0);
        for step in after.into_iter().filter(|step| !matches!(step, Step::Resume)) {
            let were = held(&desk);
            run(&mut desk, vec![step]);
            for (was, is) in were.into_iter().zip(held(&desk)) {
                prop_assert!(is.abs() <= was.abs() && was * is >= Decimal::ZERO, "{was} became {is}");
            }
        }
    }

    #[test]
    fn nothing_from_outside_makes_the_arithmetic_overflow(
        steps in proptest::collection::vec(step(prop_oneof![any_decimal(), sensible()]), 1..60),
        tight in any::<bool>(),
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
        if !tight {
            // As much as a config may have, so that the largest orders pass.
            config.exchanges[0].capital = Money(MAX_AMOUNT);
            config.exchanges[0].leverage = MAX_AMOUNT;
        }
        let mut desk = Desk::new(&config);
        run(&mut desk, steps);
        desk.state().accounts();
        desk.state().marks();
    }
}
