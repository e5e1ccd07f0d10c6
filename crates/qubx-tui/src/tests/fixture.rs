//! A screen with a session behind it, made from the events that a service would send.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Account, AccountResults, Action, ActionParameter, Answer, AnswerResult, Author, CallbackTime, CellNumber,
    CellStatus, CommandId, Epoch, EquityPoint, Event, ExchangeInfo, Fact, Fill, Instrument, InstrumentId,
    InstrumentKind, KernelState, KernelStatus, Latest, LedgerRow, Limits, Liquidity, LogId, LogLevel,
    MarketView, Mode, Order, OrderId, OrderStatus, OrderType, OutputContent, Ownership, Parameter, Phase,
    Position, PositionMark, Presence, Published, PublishedContent, Quote, RequestId, RequestKind, Results,
    Role, Runtime, Seq, SeriesPoint, SessionInfo, SessionState, SessionStatus, Side, Stale, StrategyState,
    StrategyStatus, StrategyView, StreamName, TimeInForce,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::app::App;
use crate::layout::Size;
use crate::message::{Effect, Message, Now, Question};
use crate::update::update;
use crate::view::view;
use crate::{Colors, Graphics, ScreenOptions, ScreenSettings};

/// A screen under test, and the time that its messages come with.
pub(super) struct Screen {
    pub(super) app: App,
    now: Now,
    seq: Seq,
}

/// The identity of the screen under test.
pub(super) const ME: &str = "op1@pts/1";

impl Screen {
    /// Returns a screen that is connected to an empty session.
    pub(super) fn empty(columns: u16, rows: u16, owner: bool, mode: Mode) -> Self {
        Self::of(Role::Admin, columns, rows, owner, mode)
    }

    /// Returns a screen of that role that is connected to an empty session.
    pub(super) fn of(role: Role, columns: u16, rows: u16, owner: bool, mode: Mode) -> Self {
        Self::with(Self::options(role, owner), columns, rows, mode)
    }

    /// Returns what a screen of that role is opened with.
    pub(super) fn options(role: Role, owner: bool) -> ScreenOptions {
        ScreenOptions {
            owner,
            identity: Author::from(ME),
            role,
            no_color: false,
            colors: Colors::of(|_| None),
            graphics: Graphics::default(),
            settings: ScreenSettings::default(),
            mistakes: Vec::new(),
            seen: None,
        }
    }

    /// Returns a screen with these options that has heard of nothing yet.
    pub(super) fn opening(options: ScreenOptions, columns: u16, rows: u16) -> Self {
        let now = Now { instant: Instant::now(), wall: time("14:02:31") };
        Self { app: App::new(options, Size { columns, rows }, now), now, seq: Seq(0) }
    }

    /// Returns a screen with these options that is connected to an empty session.
    pub(super) fn with(options: ScreenOptions, columns: u16, rows: u16, mode: Mode) -> Self {
        let mut screen = Self::opening(options, columns, rows);
        // As long as a connection takes.
        screen.wait(Duration::from_millis(200));
        screen.update(Update::Link(Link::Connected { latency: Some(Duration::from_millis(14)) }));
        screen.update(Update::Snapshot(Box::new(SessionState::new(LogId::from("log"), 1_000))));
        screen.event(Fact::Started { epoch: Epoch(1), restored: false });
        screen.event(Fact::Status(Box::new(status(mode))));
        screen.present(1);
        screen
    }

    /// Returns a screen with something of everything.
    pub(super) fn rich(columns: u16, rows: u16, owner: bool, mode: Mode) -> Self {
        Self::filled(Self::empty(columns, rows, owner, mode))
    }

    /// Returns a screen with something of everything.
    pub(super) fn filled(mut screen: Self) -> Self {
        screen.log(LogLevel::Info, "strategy", "BTCUSDT signal +0.4");
        screen.cell(1, ME, "positions = ctx.get_positions()\nlen(positions)");
        screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(41) });
        screen.value(1, "4");
        screen.finish(1, CellStatus::Ok, 12);
        screen.order("o1", "BTCUSDT", Side::Buy, "0.100", "63900", OrderStatus::New);
        screen.order("o2", "SOLUSDT", Side::Sell, "20", "144", OrderStatus::PartiallyFilled);
        screen.fill("BTCUSDT", Side::Buy, "0.150", "64102.1", "0.150", "12.5");
        screen.fill("ETHUSDT", Side::Sell, "2", "3211.05", "-2", "-310.25");
        screen.log(LogLevel::Warning, "engine", "SIM: book stale 3.2 s, resubscribing");
        screen.cell(2, "op2@web", "for symbol in ctx.instruments:  # all of them\n    print(symbol, 1.5)");
        screen.event(Fact::CellStarted { cell: CellNumber(2), execution_count: Some(42) });
        screen.stream(2, "BTCUSDT \x1b[32m1.5\x1b[0m\nETHUSDT 1.5\n\x1b]52;c;ZXZpbA==\x07SOLUSDT 1.5\n");
        screen.finish(2, CellStatus::Ok, 3_400);
        screen.cell(3, ME, "1 / 0");
        screen.event(Fact::CellStarted { cell: CellNumber(3), execution_count: Some(43) });
        screen.event(Fact::Error {
            cell: Some(CellNumber(3)),
            ename: "ZeroDivisionError".to_owned(),
            evalue: "division by zero".to_owned(),
            traceback: vec![
                "\x1b[31mTraceback\x1b[39m (most recent call last)".to_owned(),
                "Cell In[43], line 1\n----> 1 1 / 0".to_owned(),
                "\x1b[31mZeroDivisionError\x1b[39m: division by zero".to_owned(),
            ],
            market_time: None,
        });
        screen.finish(3, CellStatus::Error, 5);
        screen.cell(4, "op2@web", "time.sleep(60)");
        screen.event(Fact::CellStarted { cell: CellNumber(4), execution_count: Some(44) });
        screen.cell(5, ME, "plot()");
        screen.market();
        screen.present(3);
        screen
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        self.now.instant += duration;
        self.now.wall = self.now.wall.checked_add(duration).unwrap();
    }

    /// Sets the time of day.
    pub(super) fn it_is(&mut self, wall: Timestamp) {
        self.now.wall = wall;
    }

    pub(super) fn send(&mut self, message: Message) -> Vec<Effect> {
        update(&mut self.app, message, self.now)
    }

    pub(super) fn update(&mut self, news: Update) -> Vec<Effect> {
        let effects = self.send(Message::Update(news));
        // The copy notes the arrival by the real clock; here time is the test's.
        if self.app.mirror.latest_at.is_some() {
            self.app.mirror.latest_at = Some(self.now.instant);
        }
        effects
    }

    /// Loses the connection now.
    pub(super) fn lose(&mut self, service: ServiceFate) {
        let since = self.app.now.instant;
        self.update(Update::Link(Link::Lost { since, attempt: 1, retry_at: since, service }));
    }

    pub(super) fn event(&mut self, fact: Fact) -> Vec<Effect> {
        self.seq = self.seq.next();
        self.update(Update::Event(Event { seq: self.seq, time: self.now.wall, fact }))
    }

    /// Presses a key after every deafness is over.
    pub(super) fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
        self.wait(Duration::from_millis(200));
        self.send(Message::Key(KeyEvent::new(code, modifiers)))
    }

    pub(super) fn key(&mut self, letter: char) -> Vec<Effect> {
        self.press(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    pub(super) fn ctrl(&mut self, letter: char) -> Vec<Effect> {
        self.press(KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    pub(super) fn code(&mut self, code: KeyCode) -> Vec<Effect> {
        self.press(code, KeyModifiers::NONE)
    }

    /// Types text, a key a character.
    pub(super) fn text(&mut self, text: &str) {
        for letter in text.chars() {
            self.key(letter);
        }
    }

    /// Returns what the screen shows, as text.
    pub(super) fn drawn(&self) -> String {
        self.draw().to_string()
    }

    /// Draws the screen.
    pub(super) fn draw(&self) -> TestBackend {
        let mut terminal = self.terminal();
        terminal.draw(|frame| view(&self.app, frame)).unwrap();
        terminal.backend().clone()
    }

    /// Returns a terminal of the screen's size.
    pub(super) fn terminal(&self) -> Terminal<TestBackend> {
        Terminal::new(TestBackend::new(self.app.size.columns, self.app.size.rows)).unwrap()
    }

    pub(super) fn cell(&mut self, cell: u64, author: &str, code: &str) {
        self.event(Fact::Cell {
            cell: CellNumber(cell),
            code: code.to_owned(),
            author: Author::from(author),
            command: Some(CommandId(format!("cell-{cell}"))),
        });
    }

    pub(super) fn finish(&mut self, cell: u64, status: CellStatus, duration_ms: u64) {
        self.event(Fact::CellFinished { cell: CellNumber(cell), status, duration_ms });
    }

    pub(super) fn stream(&mut self, cell: u64, text: &str) {
        self.event(Fact::Output {
            cell: Some(CellNumber(cell)),
            content: OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() },
        });
    }

    pub(super) fn value(&mut self, cell: u64, text: &str) {
        self.event(Fact::Output {
            cell: Some(CellNumber(cell)),
            content: OutputContent::Data {
                data: BTreeMap::from([("text/plain".to_owned(), serde_json::json!(text))]),
                result: true,
                display: None,
                update: false,
            },
        });
    }

    /// Shows something in these forms.
    pub(super) fn display(&mut self, cell: Option<u64>, forms: &[(&str, &str)], result: bool) {
        let data = forms.iter().map(|(kind, form)| ((*kind).to_owned(), serde_json::json!(form))).collect();
        let content = OutputContent::Data { data, result, display: None, update: false };
        self.event(Fact::Output { cell: cell.map(CellNumber), content });
    }

    pub(super) fn log(&mut self, level: LogLevel, source: &str, text: &str) {
        self.event(Fact::Log { level, source: source.to_owned(), text: text.to_owned(), market_time: None });
    }

    /// Has the strategy offer an action that takes two things, and one that is dangerous and takes nothing.
    pub(super) fn offer_actions(&mut self) {
        let parameter = |name: &str, kind: &str, default| ActionParameter {
            name: name.to_owned(),
            kind: kind.to_owned(),
            default,
        };
        let action = |name: &str, description: &str, dangerous, parameters| Action {
            name: name.to_owned(),
            description: description.to_owned(),
            dangerous,
            parameters,
        };
        let share = parameter("share", "float", None);
        let hard = parameter("hard", "bool", Some(serde_json::json!(false)));
        self.status(|status| {
            status.strategy.actions = vec![
                action("rebalance", "Brings the positions to a share.", false, vec![share, hard]),
                action("reset_model", "Forgets what was learnt.", true, Vec::new()),
            ];
        });
    }

    /// Changes the session's status.
    pub(super) fn status(&mut self, change: impl FnOnce(&mut SessionStatus)) {
        let mut status = self.app.mirror.state.clone().unwrap().status.unwrap();
        change(&mut status);
        self.event(Fact::Status(Box::new(status)));
    }

    /// Sets how many screens are attached: this one first.
    pub(super) fn present(&mut self, count: usize) {
        let names = [ME, "op2@web", "op3@pts/7"];
        let owner = self.app.options.owner;
        let presence = names[..count]
            .iter()
            .enumerate()
            .map(|(place, name)| Presence {
                identity: Author::from(*name),
                owner: place == 0 && owner,
                role: if place == 2 { Role::Viewer } else { Role::Admin },
                since: time("13:00:00"),
                screens: 1,
            })
            .collect();
        self.update(Update::Latest(Latest { presence: Some(presence), ..Latest::default() }));
    }

    pub(super) fn order(
        &mut self,
        id: &str,
        symbol: &str,
        side: Side,
        quantity: &str,
        price: &str,
        status: OrderStatus,
    ) -> Order {
        let order = Order {
            id: OrderId::from(id),
            instrument: instrument(symbol),
            side,
            order_type: OrderType::Limit,
            quantity: quantity.parse().unwrap(),
            filled: if status == OrderStatus::PartiallyFilled { "5" } else { "0" }.parse().unwrap(),
            price: Some(price.parse().unwrap()),
            stop_price: None,
            triggered: false,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            avg_price: None,
            status,
            author: Author::from("strategy"),
            cause: None,
            created_at: time("14:00:00"),
            changed_at: None,
            reason: None,
            rejection: None,
        };
        self.event(Fact::Order { row: LedgerRow(1), order: order.clone() });
        order
    }

    /// Tells that an order which a command had sent to close a position was rejected.
    pub(super) fn closing_rejected(&mut self, command: &str, symbol: &str, reason: &str) {
        self.order("o7", symbol, Side::Buy, "2", "3219", OrderStatus::New);
        let state = self.app.mirror.state.as_ref().unwrap();
        let mut order = state.orders.values().find(|order| order.id == OrderId::from("o7")).unwrap().clone();
        order.status = OrderStatus::Rejected;
        order.cause = Some(CommandId::from(command));
        order.reason = Some(reason.to_owned());
        self.event(Fact::Order { row: LedgerRow(3), order });
    }

    /// Fills an order; `position` and `realized` are those of its instrument after it.
    pub(super) fn fill(
        &mut self,
        symbol: &str,
        side: Side,
        quantity: &str,
        price: &str,
        position: &str,
        realized: &str,
    ) -> Fill {
        let fill = Fill {
            trade_id: "t1".to_owned(),
            order: OrderId::from("o9"),
            instrument: instrument(symbol),
            side,
            quantity: quantity.parse().unwrap(),
            price: price.parse().unwrap(),
            fee: "1.2".parse().unwrap(),
            liquidity: Liquidity::Taker,
            time: self.now.wall,
            author: Author::from("strategy"),
        };
        let position = Position {
            instrument: instrument(symbol),
            quantity: position.parse().unwrap(),
            avg_price: Some(price.parse().unwrap()),
            realized_pnl: realized.parse().unwrap(),
            fees: "1.2".parse().unwrap(),
            funding: "0".parse().unwrap(),
        };
        self.event(Fact::Fill { row: LedgerRow(2), fill: fill.clone(), position });
        fill
    }

    /// Tells another fill, which leaves the position flat.
    pub(super) fn fills(&mut self, fill: Fill) -> Vec<Effect> {
        let position = Position::flat(fill.instrument.clone());
        self.event(Fact::Fill { row: LedgerRow(4), fill, position })
    }

    /// Has the strategy show something of everything.
    pub(super) fn publish(&mut self) {
        let shown = |name: &str, symbol: Option<&str>, content| Published {
            name: name.to_owned(),
            instrument: symbol.map(instrument),
            time: time("14:02:29"),
            content,
        };
        let rows = (0..8).map(|hour| {
            vec![
                serde_json::json!(format!("{hour:02}:00")),
                serde_json::json!(hour * 3),
                serde_json::json!(1.25 - f64::from(hour)),
            ]
        });
        let columns = ["hour", "fills", "pnl"].map(str::to_owned).to_vec();
        let strategy = StrategyView {
            published: vec![
                shown("signal", Some("BTCUSDT"), PublishedContent::Value(serde_json::json!(0.4))),
                shown("by hour", None, PublishedContent::Table { columns, rows: rows.collect() }),
                shown("z-score", Some("BTCUSDT"), PublishedContent::Series { value: Some(-1.5), points: 9 }),
                shown("regime", None, PublishedContent::Value(serde_json::json!("trending"))),
            ],
            callbacks: vec![CallbackTime {
                name: "on_bar".to_owned(),
                count: 12_345,
                mean_us: 85.2,
                worst_us: 3_100.0,
            }],
            backlog: 3,
            busy_since: None,
        };
        self.update(Update::Latest(Latest { strategy: Some(strategy), ..Latest::default() }));
        self.status(|status| {
            status.strategy.parameters = vec![
                Parameter {
                    name: "lookback".to_owned(),
                    kind: "int".to_owned(),
                    value: 60.into(),
                    default: 60.into(),
                },
                Parameter {
                    name: "size".to_owned(),
                    kind: "float".to_owned(),
                    value: 0.25.into(),
                    default: 0.1.into(),
                },
            ];
            status.strategy.actions = vec![Action {
                name: "close".to_owned(),
                description: "Closes both legs at market.".to_owned(),
                dangerous: true,
                parameters: vec![ActionParameter {
                    name: "leg".to_owned(),
                    kind: "str".to_owned(),
                    default: None,
                }],
            }];
        });
    }

    /// Answers what was asked last about a published line: a wave of that many points.
    pub(super) fn series(&mut self, effects: &[Effect], count: i64) {
        for effect in effects {
            let Effect::Ask(RequestKind::Series { .. }, question) = effect else { continue };
            self.send(Message::Asked(RequestId::from("series"), *question));
            let point = |place: i64| SeriesPoint {
                time: Timestamp::from_second(time("14:00:00").as_second() + place * 2).unwrap(),
                value: (place != 5).then_some((place as f64 / 3.0).sin()),
            };
            let result = AnswerResult::Series { points: (0..count).map(point).collect() };
            self.update(Update::Answer(Answer { request: RequestId::from("series"), result }));
        }
    }

    /// Tells what came of a replay.
    pub(super) fn results(&mut self) {
        let account = self.app.mirror.latest.market.clone().unwrap().accounts.remove(0);
        let results = AccountResults {
            profit: "1233.18".parse().unwrap(),
            return_on_capital: "0.011973".parse().unwrap(),
            orders: 12,
            rejected: 1,
            fills: 11,
            turnover: "64102.1".parse().unwrap(),
            trades: 1_024,
            winning_trades: 600,
            profit_factor: Some("1.5".parse().unwrap()),
            max_drawdown: "345.67".parse().unwrap(),
            max_drawdown_part: "0.00334".parse().unwrap(),
            sharpe: Some("2.718282".parse().unwrap()),
            equity: vec![EquityPoint { time: self.now.wall, equity: account.equity }],
            account,
        };
        let (from, to) = (time("12:00:00"), self.now.wall);
        self.event(Fact::Results(Box::new(Results { from, to, events: 1_000, accounts: vec![results] })));
    }

    pub(super) fn market(&mut self) {
        let quote = |symbol, bid: &str, ask: &str, at| Quote {
            instrument: instrument(symbol),
            time: time(at),
            bid: bid.parse().unwrap(),
            ask: ask.parse().unwrap(),
            bid_size: "1.25".parse().unwrap(),
            ask_size: "0.8".parse().unwrap(),
        };
        let mark = |symbol, price: &str, pnl: &str, value: &str| PositionMark {
            instrument: instrument(symbol),
            last_price: Some(price.parse().unwrap()),
            unrealized_pnl: Some(pnl.parse().unwrap()),
            market_value: Some(value.parse().unwrap()),
        };
        let market = MarketView {
            time: Some(self.now.wall),
            quotes: vec![
                quote("BTCUSDT", "64232.9", "64233.0", "14:02:31"),
                quote("ETHUSDT", "3218.80", "3219.00", "14:02:00"),
            ],
            marks: vec![
                mark("BTCUSDT", "64232.95", "19.65", "9634.94"),
                mark("ETHUSDT", "3218.9", "-15.7", "-6437.8"),
            ],
            accounts: vec![Account {
                exchange: "SIM".to_owned(),
                currency: "USDT".to_owned(),
                capital: "103000".parse().unwrap(),
                equity: "104233.18".parse().unwrap(),
                day_start_equity: Some("104037.38".parse().unwrap()),
                realized_pnl: "1275.28".parse().unwrap(),
                unrealized_pnl: Some("-42.1".parse().unwrap()),
                fees: "11.2".parse().unwrap(),
                funding: "0".parse().unwrap(),
                initial_margin: None,
                maintenance_margin: None,
                net_leverage: Some("0.31".parse().unwrap()),
                gross_leverage: Some("1.12".parse().unwrap()),
            }],
            replay: None,
            feed_error: None,
            stale: vec![Stale { instrument: instrument("ETHUSDT"), since: time("14:02:00") }],
            clocks: Vec::new(),
            next_bar: Some(time("14:03:00")),
        };
        self.update(Update::Latest(Latest { market: Some(market), ..Latest::default() }));
    }
}

/// Returns a time of the day that all tests are on.
pub(super) fn time(clock: &str) -> Timestamp {
    format!("2026-03-02T{clock}Z").parse().unwrap()
}

/// Returns an instrument of the exchange that all tests are on.
pub(super) fn instrument(symbol: &str) -> InstrumentId {
    InstrumentId::new("SIM", symbol)
}

fn status(mode: Mode) -> SessionStatus {
    let rules = |symbol, tick: &str, lot: &str| Instrument {
        id: instrument(symbol),
        tick_size: tick.parse().unwrap(),
        lot_size: lot.parse().unwrap(),
        min_notional: "5".parse().unwrap(),
        currency: "USDT".to_owned(),
        multiplier: "1".parse().unwrap(),
        kind: InstrumentKind::Perpetual,
        maintenance_rate: "0.005".parse().unwrap(),
    };
    SessionStatus {
        info: SessionInfo {
            name: "momentum-v3".to_owned(),
            strategy_name: "momentum-v3".to_owned(),
            strategy: "momentum.Momentum".to_owned(),
            mode,
            runtime: Runtime::Native,
            config: "/etc/momentum.yaml".to_owned(),
            connection_file: "/run/momentum.json".to_owned(),
            session_dir: "/run/momentum".to_owned(),
            pid: 1,
            started_at: time("12:00:00"),
            instruments: vec![
                rules("BTCUSDT", "0.1", "0.001"),
                rules("ETHUSDT", "0.01", "0.01"),
                rules("SOLUSDT", "0.1", "0.1"),
            ],
            exchanges: vec![ExchangeInfo {
                name: "SIM".to_owned(),
                currency: "USDT".to_owned(),
                capital: "103000".parse().unwrap(),
                leverage: "3".parse().unwrap(),
                maker_bps: "2".parse().unwrap(),
                taker_bps: "5".parse().unwrap(),
                slippage_bps: "0".parse().unwrap(),
            }],
            limits: Limits::default(),
            timeframes: ["1m", "5m", "1h"].map(|text| text.parse().unwrap()).into(),
            version: "0.1.0".to_owned(),
        },
        kernel: KernelStatus {
            state: KernelState::Ready,
            since: time("12:00:01"),
            pid: Some(2),
            restarts: 0,
            ended: None,
            next_start: None,
        },
        strategy: StrategyStatus {
            state: StrategyState::Running,
            error: None,
            callback_errors: 0,
            parameters: Vec::new(),
            actions: Vec::new(),
        },
        paused: false,
        ownership: Ownership::Owned,
        phase: Phase::Running,
    }
}

/// Says that a question is on its way, and then what the answer is.
pub(super) fn answer(screen: &mut Screen, question: Question, result: AnswerResult) -> Vec<Effect> {
    screen.send(Message::Asked(RequestId::from("r1"), question));
    screen.update(Update::Answer(Answer { request: RequestId::from("r1"), result }))
}
