//! One of each thing that goes over the wire, with every field set.

use jiff::Timestamp;
use qubx_protocol::*;

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(crate) fn btc() -> InstrumentId {
    InstrumentId::new("SIM", "BTCUSDT")
}

pub(crate) fn order(id: &str, status: OrderStatus) -> Order {
    Order {
        id: id.into(),
        instrument: btc(),
        side: Side::Buy,
        order_type: OrderType::Limit,
        quantity: "0.150".parse().unwrap(),
        filled: "0.050".parse().unwrap(),
        price: Some("64000.1".parse().unwrap()),
        time_in_force: TimeInForce::Gtc,
        status,
        author: "strategy".into(),
        cause: None,
        created_at: time(1),
        reason: None,
    }
}

pub(crate) fn position(quantity: &str) -> Position {
    Position {
        instrument: btc(),
        quantity: quantity.parse().unwrap(),
        avg_price: Some("64000.1".parse().unwrap()),
        realized_pnl: "-12.50".parse().unwrap(),
        fees: "1.60000250".parse().unwrap(),
    }
}

pub(crate) fn fill(trade_id: &str) -> Fill {
    Fill {
        trade_id: trade_id.to_owned(),
        order: "q1-1".into(),
        instrument: btc(),
        side: Side::Buy,
        quantity: "0.050".parse().unwrap(),
        price: "64000.1".parse().unwrap(),
        fee: "1.60000250".parse().unwrap(),
        liquidity: Liquidity::Taker,
        time: time(2),
        author: "strategy".into(),
    }
}

pub(crate) fn status() -> SessionStatus {
    SessionStatus {
        info: SessionInfo {
            name: "ema-cross".to_owned(),
            strategy_name: "ema-cross".to_owned(),
            strategy: "ema_cross.EmaCross".to_owned(),
            mode: Mode::Paper,
            runtime: Runtime::Native,
            config: "/c/ema.yml".to_owned(),
            connection_file: "/k/ema.json".to_owned(),
            session_dir: "/s/paper-default-ema-cross".to_owned(),
            pid: 7,
            started_at: time(0),
            instruments: vec![Instrument {
                id: btc(),
                tick_size: "0.1".parse().unwrap(),
                lot_size: "0.001".parse().unwrap(),
                min_notional: "5".parse().unwrap(),
                currency: "USDT".to_owned(),
            }],
            version: "0.1.0".to_owned(),
        },
        kernel: KernelStatus {
            state: KernelState::Ready,
            since: time(0),
            pid: Some(8),
            restarts: 0,
            ended: None,
            next_start: Some(time(9)),
        },
        strategy: StrategyStatus { state: StrategyState::Running, error: None, callback_errors: 2 },
        paused: true,
        ownership: Ownership::Owned,
        phase: Phase::Stopping { by: "op1@pts/0".into(), reason: "stop".to_owned() },
    }
}

pub(crate) fn verb(outcome: VerbOutcome) -> VerbProgress {
    VerbProgress {
        command: Some("c2".into()),
        author: "op1@pts/0".into(),
        verb: "flatten".to_owned(),
        target: String::new(),
        outcome,
        text: "1/1 flat, 2 cancelled, 0 failed".to_owned(),
    }
}

/// Something shown under a name, or what takes its place.
pub(crate) fn shown(text: &str, update: bool) -> OutputContent {
    let data = [("text/plain".to_owned(), text.into())].into();
    OutputContent::Data { data, result: false, display: Some("d1".to_owned()), update }
}

/// A short session that has every kind of fact in it.
pub(crate) fn facts() -> Vec<Fact> {
    let (cell, row) = (CellNumber(1), LedgerRow(1));
    let data = [("text/plain".to_owned(), "4".into())].into();
    let mut unknown = serde_json::Map::new();
    unknown.insert("weather".to_owned(), serde_json::json!({"rain": true}));
    vec![
        Fact::Started { epoch: Epoch(3), restored: true },
        Fact::Status(Box::new(status())),
        Fact::Cell { cell, code: "2 + 2".to_owned(), author: "op1@pts/0".into(), command: Some("c1".into()) },
        Fact::Cell { cell: CellNumber(2), code: "S".to_owned(), author: "jupyter".into(), command: None },
        Fact::CellStarted { cell, execution_count: Some(1) },
        Fact::Output {
            cell: Some(cell),
            content: OutputContent::Stream { stream: StreamName::Stdout, text: "ä\n".to_owned() },
        },
        Fact::Output {
            cell: Some(cell),
            content: OutputContent::Data { data, result: true, display: None, update: false },
        },
        Fact::Output { cell: Some(cell), content: shown("a", false) },
        Fact::Output { cell: Some(cell), content: shown("b", true) },
        Fact::Output { cell: Some(cell), content: OutputContent::Clear { wait: true } },
        Fact::Output {
            cell: Some(cell),
            content: OutputContent::Omitted {
                bytes: 9,
                file: Some("outputs/1.txt".to_owned()),
                partial: false,
            },
        },
        Fact::Output { cell: Some(cell), content: OutputContent::Lost { messages: 3 } },
        Fact::InputRequested { cell, input: "1-1".into(), prompt: "size? ".to_owned(), password: true },
        Fact::InputEnded {
            input: "1-1".into(),
            author: Some("op2@pts/1".into()),
            text: Some("4".to_owned()),
            command: Some("c3".into()),
        },
        Fact::InputRequested { cell, input: "1-2".into(), prompt: String::new(), password: false },
        Fact::Error {
            cell: Some(cell),
            ename: "ValueError".to_owned(),
            evalue: "no".to_owned(),
            traceback: vec!["line 1".to_owned()],
        },
        Fact::CellFinished { cell, status: CellStatus::Error, duration_ms: 12 },
        Fact::Log { level: LogLevel::Warning, source: "engine".to_owned(), text: "stale".to_owned() },
        Fact::Order { row, order: order("q1-1", OrderStatus::Intended) },
        Fact::Order { row: row.next(), order: order("q1-1", OrderStatus::PartiallyFilled) },
        Fact::Fill { row: LedgerRow(3), fill: fill("t1"), position: position("0.050") },
        Fact::Verb { row: LedgerRow(4), verb: verb(VerbOutcome::Started) },
        Fact::Order { row: LedgerRow(5), order: order("q1-1", OrderStatus::Cancelled) },
        Fact::Verb { row: LedgerRow(6), verb: verb(VerbOutcome::Done) },
        Fact::Unknown(unknown),
    ]
}

pub(crate) fn events() -> Vec<Event> {
    let numbered = facts().into_iter().zip(1..);
    numbered
        .map(|(fact, seq)| Event { seq: Seq(seq), time: time(i64::try_from(seq).unwrap()), fact })
        .collect()
}
