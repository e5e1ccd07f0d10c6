//! The strategy's life, its events and its verbs.

use qubx_kernel::{
    Batch, CallId, CallOrigin, CellRef, KernelEvent, StrategyCall, StrategyEvent, StrategyStage,
};
use qubx_protocol::{CellStatus, OutputContent, TimeInForce};
use serde_json::{Value, json};

use crate::harness::{Kernel, quote, text_of, time};

const TRADER: &str = r#"
from qubx_strategy import Strategy

class S(Strategy):
    size: float = 0.25

    def __init__(self):
        self.seen = []

    def on_start(self, ctx):
        ctx.subscribe_bars("1s")
        ctx.log("hello", 1)

    def on_quote(self, ctx, quote):
        self.seen.append((str(quote.instrument), quote.bid, ctx.quote("BTCUSDT").bid, str(ctx.time())))
        print("seen", quote.bid)
        if quote.bid == 666:
            raise ValueError("beast")
        if quote.bid == 101:
            order = ctx.trade(quote.instrument, -self.size, price=quote.ask)
            self.seen.append((order.status, len(ctx.get_orders())))

    def on_fill(self, ctx, fill):
        self.seen.append((fill.price, ctx.get_position(fill.instrument).quantity))

    def on_stop(self, ctx):
        raise RuntimeError("at the end")
"#;

fn order(status: &str, filled: &str) -> Value {
    json!({
        "id": "o-1", "instrument": "SIM:BTCUSDT", "side": "sell", "type": "limit", "quantity": "0.25",
        "filled": filled, "price": "102", "time_in_force": "gtc", "status": status, "author": "strategy",
        "created_at": "2026-01-01T00:00:01.5Z",
    })
}

async fn call(kernel: &mut Kernel) -> (CallId, CallOrigin, StrategyCall) {
    kernel
        .until(|event| match event {
            KernelEvent::Strategy(StrategyEvent::Call { call, origin, request, .. }) => {
                Some((*call, origin.clone(), request.clone()))
            }
            _ => None,
        })
        .await
}

/// Waits until the strategy is done with a batch.
async fn done(kernel: &mut Kernel, number: u64) {
    let said = kernel.strategy().await;
    assert!(matches!(said, StrategyEvent::BatchDone { batch, .. } if batch == number), "{said:?}");
}

/// Starts the strategy and answers its one question.
async fn started(code: &str) -> Option<Kernel> {
    let mut kernel = Kernel::start(code).await?;
    kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
    assert!(matches!(kernel.strategy().await, StrategyEvent::Constructed { .. }));
    let (id, origin, request) = call(&mut kernel).await;
    assert_eq!(origin, CallOrigin::Strategy);
    assert_eq!(request, StrategyCall::SubscribeBars { timeframe: "1s".parse().unwrap() });
    kernel.handle.reply(id, Ok(Value::Null));
    assert!(matches!(kernel.strategy().await, StrategyEvent::Log { text, .. } if text == "hello 1"));
    let callbacks = ["on_start", "on_quote", "on_fill", "on_stop"].map(str::to_owned).to_vec();
    assert_eq!(kernel.strategy().await, StrategyEvent::Started { callbacks });
    Some(kernel)
}

#[tokio::test]
async fn a_strategy_sees_each_event_with_the_state_at_it_and_trades() {
    let Some(mut kernel) = started(TRADER).await else { return };
    kernel.quotes(1, &[("BTCUSDT", 100), ("BTCUSDT", 101), ("ETHUSDT", 50)]);
    let (id, origin, request) = call(&mut kernel).await;
    assert_eq!(origin, CallOrigin::Strategy);
    let expected = StrategyCall::Trade {
        instrument: "SIM:BTCUSDT".into(),
        amount: "-0.25".parse().unwrap(),
        price: Some("102.0".parse().unwrap()),
        stop_price: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
    };
    assert_eq!(request, expected);
    kernel.handle.reply(id, Ok(order("new", "0")));
    done(&mut kernel, 1).await;

    let fill = json!({
        "trade_id": "t-1", "order": "o-1", "instrument": "SIM:BTCUSDT", "side": "sell", "quantity": "0.25",
        "price": "102", "fee": "0.01", "liquidity": "maker", "time": "2026-01-01T00:00:01.5Z", "author": "strategy",
    });
    let position = json!({
        "instrument": "SIM:BTCUSDT", "quantity": "-0.25", "avg_price": "102", "realized_pnl": "0", "fees": "0.01",
    });
    let mut news = Batch::new(2);
    news.fact(time(), |facts| facts.order(&serde_json::from_value(order("filled", "0.25")).unwrap()));
    let fill = serde_json::from_value(fill).unwrap();
    news.fact(time(), |facts| facts.fill(&fill, &serde_json::from_value(position).unwrap()));
    quote(&mut news, "BTCUSDT", 99);
    kernel.handle.send_batch(news).unwrap();
    done(&mut kernel, 2).await;
    let (text, _) = kernel.run("for line in S.seen: print(line)").await;
    let time = "2026-01-01 00:00:01.500000+00:00";
    let expected = format!(
        "('SIM:BTCUSDT', 100.0, 100.0, '{time}')\n('SIM:BTCUSDT', 101.0, 101.0, '{time}')\n('new', 1)\n\
         ('SIM:ETHUSDT', 50.0, 101.0, '{time}')\n(102.0, -0.25)\n('SIM:BTCUSDT', 99.0, 99.0, '{time}')\n"
    );
    assert_eq!(text, expected);
    let (text, _) = kernel.run("print(portfolio()); print(orders()); len(ctx.get_orders())").await;
    assert!(text.contains("BTCUSDT     -0.25        102        99.5       0.625         0  0.01"), "{text}");
    assert!(text.ends_with("no open orders\n0"), "{text}");
    kernel.end().await;
}

#[tokio::test]
async fn the_repl_trades_too_and_hears_refusals() {
    let Some(mut kernel) = started(TRADER).await else { return };
    let cell = kernel.submit("trade('BTCUSDT', 0.3001)");
    let (id, origin, request) = call(&mut kernel).await;
    assert!(matches!(origin, CallOrigin::Cell(_)), "{origin:?}");
    assert!(
        matches!(request, StrategyCall::Trade { amount, price: None, .. } if amount.to_string() == "0.300")
    );
    let mut rejected = order("rejected", "0");
    rejected["reason"] = "paused".into();
    kernel.handle.reply(id, Ok(rejected));
    let (_, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);

    let cell = kernel.submit("ctx.cancel_order('o-9')");
    let (id, _, request) = call(&mut kernel).await;
    assert_eq!(request, StrategyCall::CancelOrder { order: "o-9".into() });
    kernel.handle.reply(id, Err("no order o-9".into()));
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Error);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, KernelEvent::Error { evalue, .. } if evalue == "no order o-9"))
    );

    for (code, expected) in [
        ("trade('BTCUSD', 1)", "ValueError: no instrument 'BTCUSD' in this session; did you mean 'BTCUSDT'?"),
        ("trade('BTCUSDT', float('nan'))", "ValueError: amount must be finite, not nan"),
        ("trade('BTCUSDT', 0)", "ValueError: amount 0 is zero"),
        ("trade('BTCUSDT', 0.0004)", "ValueError: amount 0.0004 is zero after rounding to 0.001"),
    ] {
        let (text, status) = kernel.run(code).await;
        assert_eq!((text.as_str(), status), (expected, CellStatus::Error), "{code}");
    }

    // A verb that is not answered does not hold the REPL for ever.
    let cell = kernel.submit("ctx.close_positions()");
    call(&mut kernel).await;
    kernel.handle.interrupt();
    assert_eq!(kernel.finish(&cell).await.1, CellStatus::Interrupted);
    let cell = kernel.submit("ctx.subscribe_bars('often')");
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Error);
    assert!(format!("{events:?}").contains("`often` is not a timeframe"), "{events:?}");
    kernel.end().await;
}

#[tokio::test]
async fn a_callback_that_raises_is_told_with_the_users_frames_and_the_next_event_follows() {
    let Some(mut kernel) = started(TRADER).await else { return };
    kernel.quotes(1, &[("BTCUSDT", 666), ("BTCUSDT", 7)]);
    let StrategyEvent::CallbackError { callback, ename, evalue, traceback, .. } = kernel.strategy().await
    else {
        panic!()
    };
    assert_eq!((callback.as_str(), ename.as_str(), evalue.as_str()), ("on_quote", "ValueError", "beast"));
    let traceback = traceback.join("\n");
    assert!(traceback.contains("tested.py") && !traceback.contains("runner.py"), "{traceback}");
    done(&mut kernel, 1).await;
    assert_eq!(kernel.run("S.seen[-1][1]").await.0, "7.0");

    kernel.handle.stop_strategy();
    assert!(
        matches!(kernel.strategy().await, StrategyEvent::CallbackError { callback, .. } if callback == "on_stop")
    );
    assert!(matches!(kernel.strategy().await, StrategyEvent::Stopped { .. }));
    kernel.quotes(2, &[("BTCUSDT", 8)]);
    done(&mut kernel, 2).await;
    assert_eq!(kernel.run("(S.seen[-1][1], ctx.quote('BTCUSDT').bid)").await.0, "(7.0, 8.0)");
    kernel.end().await;
}

/// A table in its text is enough to make one that no frame holds.
#[tokio::test]
async fn an_exception_of_any_size_is_told_and_the_strategy_goes_on() {
    let code = "from qubx_strategy import Strategy\n\nclass S(Strategy):\n    def on_quote(self, ctx, quote):\n        \
        raise ValueError('head' + 'x' * 80_000_000 + 'tail')\n";
    let Some(mut kernel) = Kernel::start(code).await else { return };
    kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
    assert!(matches!(kernel.strategy().await, StrategyEvent::Constructed { .. }));
    assert!(matches!(kernel.strategy().await, StrategyEvent::Started { .. }));
    for batch in [1, 2] {
        kernel.quotes(batch, &[("BTCUSDT", 5)]);
        let StrategyEvent::CallbackError { evalue, traceback, .. } = kernel.strategy().await else {
            panic!()
        };
        assert!(evalue.starts_with("headx") && evalue.ends_with("xtail"), "{} bytes", evalue.len());
        assert!(evalue.len() < 20_000 && traceback.concat().len() < 200_000, "{} bytes", evalue.len());
        assert!(evalue.contains("characters are left out here"));
        done(&mut kernel, batch).await;
    }
    kernel.end().await;
}

#[tokio::test]
async fn what_a_strategy_prints_is_not_the_cells() {
    let Some(mut kernel) = started(TRADER).await else { return };
    kernel.run("1").await;
    let cell = kernel.submit("print('begun', flush=True)\nimport time\nfor _ in range(20): time.sleep(0.05)");
    kernel.printed("begun").await;
    kernel.quotes(1, &[("BTCUSDT", 5)]);
    let mut authors = Vec::new();
    loop {
        match kernel.next().await {
            KernelEvent::Output { cell, content: OutputContent::Stream { text, .. } }
                if text.contains("seen") =>
            {
                authors.push(cell);
            }
            KernelEvent::CellFinished { cell: finished, .. } if finished == cell => break,
            _ => {}
        }
    }
    assert_eq!(authors, [CellRef::Strategy]);
    kernel.end().await;
}

#[tokio::test]
async fn what_the_strategy_and_the_repl_keep_comes_back_equal() {
    let code = "from qubx_strategy import Strategy\n\nclass S(Strategy):\n    \
        def on_quote(self, ctx, quote):\n        \
            ctx.save_state({'bid': 0.1 + 0.2, 'names': ['é', None], 'count': -(1 << 63)})\n";
    let Some(mut kernel) = Kernel::start(code).await else { return };
    kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
    kernel.quotes(1, &[("BTCUSDT", 5)]);
    let (id, origin, request) = call(&mut kernel).await;
    assert_eq!(origin, CallOrigin::Strategy);
    let StrategyCall::SaveState { state } = request else { panic!("{request:?}") };
    kernel.handle.reply(id, Ok(Value::Null));
    done(&mut kernel, 1).await;

    for (kept, expected) in [
        (state, "{'bid': 0.30000000000000004, 'count': -9223372036854775808, 'names': ['é', None]} True"),
        (Value::Null, "None False"),
    ] {
        let cell = kernel.submit(
            "state = ctx.load_state()\nprint(state, state is not None and state['bid'] == 0.1 + 0.2)",
        );
        let (id, origin, request) = call(&mut kernel).await;
        assert!(matches!(origin, CallOrigin::Cell(_)), "{origin:?}");
        assert_eq!(request, StrategyCall::LoadState);
        kernel.handle.reply(id, Ok(kept));
        let (events, _) = kernel.finish(&cell).await;
        assert_eq!(text_of(&events, &cell).trim_end(), expected);
    }
    let (text, status) = kernel.run("ctx.save_state({'a': [set()]})").await;
    assert!(text.starts_with("TypeError: state['a'][0] is of type set"), "{text}");
    assert_eq!(status, CellStatus::Error);
    kernel.end().await;
}

#[tokio::test]
async fn a_strategy_that_does_not_start_leaves_the_repl() {
    let base = "from qubx_strategy import Strategy\nclass S(Strategy):\n";
    for (stage, body, has_strategy) in [
        (StrategyStage::Import, "    pass\nraise OSError('no')\n", false),
        (StrategyStage::Init, "    def __init__(self): raise OSError('no')\n", false),
        (StrategyStage::OnStart, "    def on_start(self, ctx): raise OSError('no')\n", true),
    ] {
        let Some(mut kernel) = Kernel::start(&format!("{base}{body}")).await else { return };
        kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
        let failed = kernel
            .until(|event| match event {
                KernelEvent::Strategy(StrategyEvent::Failed { stage, ename, evalue, traceback }) => {
                    Some((*stage, format!("{ename}: {evalue}"), traceback.join("\n")))
                }
                _ => None,
            })
            .await;
        assert_eq!((failed.0, failed.1.as_str()), (stage, "OSError: no"));
        assert!(failed.2.contains("tested.py"), "{}", failed.2);
        kernel.quotes(1, &[("BTCUSDT", 5)]);
        done(&mut kernel, 1).await;
        let (text, _) = kernel.run("(S is not None, ctx.quote('BTCUSDT').bid)").await;
        let expected = if has_strategy { "(True, 5.0)" } else { "(False, 5.0)" };
        assert_eq!(text, expected);
        kernel.end().await;
    }
}

#[tokio::test]
async fn what_json_cannot_hold_leaves_nobody_waiting() {
    let code = "from qubx_strategy import Strategy\n\nclass S(Strategy):\n    \
        def on_start(self, ctx): raise OSError('no \\udcff')\n";
    let Some(mut kernel) = Kernel::start(code).await else { return };
    kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
    assert!(matches!(kernel.strategy().await, StrategyEvent::Constructed { .. }));
    let failed = kernel.strategy().await;
    assert!(
        matches!(&failed, StrategyEvent::Failed { stage: StrategyStage::OnStart, evalue, .. } if evalue == "no \u{fffd}"),
        "{failed:?}"
    );
    for (code, expected) in [
        (
            "import os\nctx.save_state({'p': os.fsdecode(b'\\xff')})",
            "ValueError: state['p'] has '\\udcff' at 0, half of a character, which JSON cannot hold",
        ),
        ("deep = []\nfor _ in range(400): deep = [deep]\nctx.save_state(deep)", "ValueError: state[0][0]"),
        ("ctx.cancel_order('\\ud800')", "ValueError: cancel_order: order has '\\ud800' at 0, half of"),
        ("ctx.cancel_order(float('nan'))", "ValueError: Out of range float values"),
        ("ctx.cancel_order(deep)", "RuntimeError: the service cannot read this call, so nothing was done: "),
        ("ctx.cancel_order(10 ** 400)", "RuntimeError: the service cannot read this call"),
    ] {
        let (text, status) = kernel.run(code).await;
        assert!(text.starts_with(expected), "{code}: {text}");
        assert_eq!(status, CellStatus::Error, "{code}");
    }
    kernel.end().await;
}
