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
        order_type: OrderType::StopLimit,
        quantity: "0.150".parse().unwrap(),
        filled: "0.050".parse().unwrap(),
        price: Some("64000.1".parse().unwrap()),
        stop_price: Some("64000".parse().unwrap()),
        triggered: true,
        time_in_force: TimeInForce::Gtc,
        post_only: true,
        reduce_only: true,
        avg_price: Some("64000.1".parse().unwrap()),
        status,
        author: "strategy".into(),
        cause: None,
        created_at: time(1),
        changed_at: None,
        reason: Some("because".to_owned()),
        rejection: Some(Rejection::MinNotional),
    }
}

pub(crate) fn position(quantity: &str) -> Position {
    Position {
        instrument: btc(),
        quantity: quantity.parse().unwrap(),
        avg_price: Some("64000.1".parse().unwrap()),
        realized_pnl: "-12.50".parse().unwrap(),
        fees: "1.60000250".parse().unwrap(),
        funding: "-0.25".parse().unwrap(),
    }
}

pub(crate) fn funding() -> Funding {
    Funding {
        instrument: btc(),
        time: time(3),
        rate: "0.0001".parse().unwrap(),
        quantity: "-0.050".parse().unwrap(),
        price: "50000".parse().unwrap(),
        amount: "-0.25".parse().unwrap(),
    }
}

pub(crate) fn account() -> Account {
    Account {
        exchange: "SIM".to_owned(),
        currency: "USDT".to_owned(),
        capital: "100000".parse().unwrap(),
        equity: "99987.85".parse().unwrap(),
        day_start_equity: Some("100010".parse().unwrap()),
        realized_pnl: "-12.50".parse().unwrap(),
        unrealized_pnl: None,
        fees: "1.6".parse().unwrap(),
        funding: "-0.25".parse().unwrap(),
        initial_margin: Some("1066.6".parse().unwrap()),
        maintenance_margin: Some("16".parse().unwrap()),
        net_leverage: Some("0.03".parse().unwrap()),
        gross_leverage: None,
    }
}

pub(crate) fn results() -> Results {
    let equity = EquityPoint { time: time(3), equity: "99987.85".parse().unwrap() };
    let account = AccountResults {
        account: account(),
        profit: "-12.15".parse().unwrap(),
        return_on_capital: "-0.0001215".parse().unwrap(),
        orders: 3,
        rejected: 1,
        fills: 2,
        turnover: "6400".parse().unwrap(),
        trades: 1,
        winning_trades: 0,
        profit_factor: Some("0".parse().unwrap()),
        max_drawdown: "12.15".parse().unwrap(),
        max_drawdown_part: "0.0001215".parse().unwrap(),
        sharpe: None,
        equity: vec![equity],
    };
    Results { from: time(0), to: time(3), events: 9, accounts: vec![account] }
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
                multiplier: "1".parse().unwrap(),
                kind: InstrumentKind::Perpetual,
                maintenance_rate: "0.005".parse().unwrap(),
            }],
            exchanges: vec![ExchangeInfo {
                name: "SIM".to_owned(),
                currency: "USDT".to_owned(),
                capital: "100000".parse().unwrap(),
                leverage: "3".parse().unwrap(),
                maker_bps: "-0.5".parse().unwrap(),
                taker_bps: "5".parse().unwrap(),
                slippage_bps: "1".parse().unwrap(),
            }],
            limits: Limits {
                order_notional: Some("50000".parse().unwrap()),
                position_notional: None,
                gross_leverage: Some("2.5".parse().unwrap()),
                orders_per_minute: Some(600),
                daily_loss: Some("5000".parse().unwrap()),
            },
            timeframes: vec!["1m".parse().unwrap(), "4h".parse().unwrap()],
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
        strategy: StrategyStatus {
            state: StrategyState::Running,
            error: None,
            callback_errors: 2,
            parameters: vec![Parameter {
                name: "fast".to_owned(),
                kind: "int".to_owned(),
                value: 25.into(),
                default: 20.into(),
            }],
            actions: vec![Action {
                name: "rebalance".to_owned(),
                description: "Brings every position to its target.".to_owned(),
                dangerous: true,
                parameters: vec![ActionParameter {
                    name: "size".to_owned(),
                    kind: "float".to_owned(),
                    default: Some(0.5.into()),
                }],
            }],
        },
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
            market_time: None,
        },
        Fact::CellFinished { cell, status: CellStatus::Error, duration_ms: 12 },
        Fact::Log {
            level: LogLevel::Warning,
            source: "engine".to_owned(),
            text: "stale".to_owned(),
            market_time: None,
        },
        Fact::Order { row, order: order("q1-1", OrderStatus::Intended) },
        Fact::Order { row: row.next(), order: order("q1-1", OrderStatus::PartiallyFilled) },
        Fact::Fill { row: LedgerRow(3), fill: fill("t1"), position: position("0.050") },
        Fact::Funding { row: LedgerRow(7), funding: funding(), position: position("0.050") },
        Fact::Results(Box::new(results())),
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

pub(crate) fn strategy_view() -> StrategyView {
    let published = |name: &str, instrument, content| Published {
        name: name.to_owned(),
        instrument,
        time: time(2),
        content,
    };
    let rows = vec![vec!["BTCUSDT".into(), 0.5.into()]];
    let columns = vec!["symbol".to_owned(), "weight".to_owned()];
    StrategyView {
        published: vec![
            published("regime", None, PublishedContent::Value("calm".into())),
            published("weights", None, PublishedContent::Table { columns, rows }),
            published("fast", Some(btc()), PublishedContent::Series { value: Some(64000.5), points: 12 }),
        ],
        callbacks: vec![CallbackTime {
            name: "on_bar".to_owned(),
            count: 12,
            mean_us: 31.5,
            worst_us: 120.0,
        }],
        backlog: 3,
        busy_since: Some(time(2)),
    }
}
