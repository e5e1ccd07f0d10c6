// The types of the session protocol. Generated from crates/qubx-protocol; see its src/typescript.rs.

/**
 * What one exchange's account is worth now.
 */
export type Account = {
/**
 * The exchange, as the config names it.
 */
exchange: string,
/**
 * The currency of every amount here.
 */
currency: string,
/**
 * What it began with.
 */
capital: Money,
/**
 * Capital, plus realized and unrealized profit, less fees and funding.
 */
equity: Money,
/**
 * The equity at 00:00 UTC of the engine's day, or where the account began if that was later; none from a service of
 * an older version.
 */
day_start_equity?: Money | null,
/**
 * Profit of what was closed, before fees.
 */
realized_pnl: Money,
/**
 * Profit of what is open at the last quotes, before fees; none while a held instrument has no quote.
 */
unrealized_pnl?: Money | null,
/**
 * Fees paid.
 */
fees: Money,
/**
 * Funding paid; negative when received.
 */
funding: Money,
/**
 * What the positions and the orders that would increase them need at the account's leverage; none while it cannot
 * be known.
 */
initial_margin?: Money | null,
/**
 * The equity below which the account is liquidated; none while it cannot be known.
 */
maintenance_margin?: Money | null,
/**
 * Signed value of all positions over equity; none while it cannot be known.
 */
net_leverage?: string | null,
/**
 * Unsigned value of all positions over equity; none while it cannot be known.
 */
gross_leverage?: string | null, };

/**
 * What came of one account.
 */
export type AccountResults = {
/**
 * The account at the end.
 */
account: Account,
/**
 * Equity at the end less capital: realized and unrealized profit less fees and funding.
 */
profit: Money,
/**
 * The same over the capital, as every ratio here rounded to six digits.
 */
return_on_capital: string,
/**
 * How many orders were not refused.
 */
orders: number,
/**
 * How many were refused.
 */
rejected: number,
/**
 * How many fills there were.
 */
fills: number,
/**
 * The value of all fills: price times quantity times the instrument's multiplier.
 */
turnover: Money,
/**
 * How often a position came back to zero or went through it: the round trips that are over.
 */
trades: number,
/**
 * How many of these brought more than their fees and funding.
 */
winning_trades: number,
/**
 * Profits of the winning trades over losses of the others, both net of fees and funding; none without a loss.
 */
profit_factor?: string | null,
/**
 * The greatest fall of equity below its highest value before, looked at each whole minute.
 */
max_drawdown: Money,
/**
 * The greatest fall as a part of the highest value before it. It may be another fall than the one above: an early one
 * of an account that was smaller then.
 */
max_drawdown_part: string,
/**
 * The mean of the hourly returns over their sample standard deviation (n − 1), times the root of the hours in a year
 * (8,760), for a rate of interest of zero. Hours are whole hours of the engine's clock in UTC, those without an event
 * too. None with less than 24 of them, when every return is the same, and when the equity was not positive.
 */
sharpe?: string | null,
/**
 * The equity over time, at most 1,000 points: the beginning, then evenly in time, then the end.
 */
equity: Array<EquityPoint>, };

/**
 * Something that the strategy can be told to do, by name.
 */
export type Action = {
/**
 * Its name.
 */
name: string,
/**
 * What it does, in the words of its author; possibly empty.
 */
description: string,
/**
 * Whether it must be confirmed.
 */
dangerous: boolean,
/**
 * What it takes; a parameter without a default must be given.
 */
parameters: Array<ActionParameter>, };

/**
 * An argument of an action.
 */
export type ActionParameter = {
/**
 * Its name.
 */
name: string,
/**
 * `bool`, `int`, `float`, `str` or `any`.
 */
kind: string,
/**
 * What it is when it is not given, which may be null; none when it must be given.
 */
default?: JsonValue | null, };

/**
 * Something that is wrong with the session itself, until it is mended: a full disk, for example.
 */
export type Alarm = {
/**
 * What is concerned: `disk`, `ledger`, `log`, `feed`, `clients`.
 */
source: string,
/**
 * What is wrong, what still works, and what to do.
 */
text: string,
/**
 * Since when.
 */
since: string,
/**
 * Whether orders are refused because of it.
 */
stops_orders: boolean, };

/**
 * The answer to a request.
 */
export type Answer = {
/**
 * The request.
 */
request: RequestId,
/**
 * The answer.
 */
result: AnswerResult, };

/**
 * The answer to a request.
 */
export type AnswerResult = { "completions": {
/**
 * The first character that a completion replaces.
 */
start: number,
/**
 * The character after the last one that it replaces.
 */
end: number,
/**
 * The completions, best first.
 */
matches: Array<Completion>, } } | { "is_complete": {
/**
 * Whether it is.
 */
status: Completeness,
/**
 * What the next line begins with when it is not.
 */
indent: string, } } | { "inspection": {
/**
 * Signature and documentation as plain text; none when nothing is known there.
 */
text?: string | null, } } | { "history": {
/**
 * The events of whole entries, oldest first.
 */
events: Array<Event>,
/**
 * Whether there is nothing before them.
 */
complete: boolean, } } | { "cells": {
/**
 * The cells, newest first.
 */
cells: Array<PastCell>,
/**
 * Whether no other one is before them.
 */
complete: boolean, } } | { "equity": {
/**
 * The points, oldest first; the last one is now. The older ones are, the farther apart.
 */
points: Array<EquitySample>, } } | { "bars": {
/**
 * The bars, oldest first; the last one may be open. An interval without quotes has none.
 */
bars: Array<Bar>, } } | { "series": {
/**
 * The points, oldest first. Of a long line the older ones are farther apart.
 */
points: Array<SeriesPoint>, } } | { "failed": {
/**
 * Why.
 */
message: string, } };

/**
 * Who did something: `user@tty` for a local screen, `jupyter` for a Jupyter guest, `strategy` for the strategy.
 */
export type Author = string;

/**
 * Open, high, low and close over one interval: of the mid price, or as they were recorded.
 */
export type Bar = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * The length of the interval.
 */
timeframe: Timeframe,
/**
 * When the interval began; it ends one timeframe later, exclusive.
 */
time: string,
/**
 * The first price.
 */
open: Price,
/**
 * The highest price.
 */
high: Price,
/**
 * The lowest price.
 */
low: Price,
/**
 * The last price.
 */
close: Price,
/**
 * How much was traded; zero when only quotes are known.
 */
volume: Quantity,
/**
 * How many quotes the bar was made from; zero for a recorded one.
 */
quotes: number, };

/**
 * How long a callback takes.
 */
export type CallbackTime = {
/**
 * The callback's name.
 */
name: string,
/**
 * How often it ran since the strategy started.
 */
count: number,
/**
 * The average of all, in microseconds.
 */
mean_us: number,
/**
 * The longest of all, in microseconds.
 */
worst_us: number, };

/**
 * The number of a cell in a session, given when it is submitted. It never repeats in one log.
 */
export type CellNumber = number;

/**
 * How a cell ended.
 */
export type CellStatus = "ok" | "error" | "interrupted" | "kernel_died";

/**
 * A cell that waits or runs.
 */
export type CellView = {
/**
 * Its number.
 */
cell: CellNumber,
/**
 * Who submitted it.
 */
author: Author,
/**
 * The command that brought it.
 */
command?: CommandId | null,
/**
 * When it was submitted, and from its start on when it started.
 */
since: string, };

/**
 * What a client sends.
 */
export type ClientMessage = { "hello": Hello } | { "command": {
/**
 * Made by the client; the same id is done once.
 */
id: CommandId,
/**
 * What.
 */
command: Command, } } | { "request": Request } | { "ping": {
/**
 * Any number.
 */
nonce: number, } };

/**
 * A command. Sending one twice with the same [`crate::CommandId`] does what sending it once does.
 */
export type Command = { "execute": {
/**
 * Python source.
 */
code: string, } } | { "interrupt": {
/**
 * The cell; none for whatever runs.
 */
cell?: CellNumber | null, } } | { "answer": {
/**
 * The wait.
 */
input: InputId,
/**
 * The line, without its end. It is written down, unless it is a password.
 */
text: string, } } | "restart_kernel" | { "place": NewOrder } | { "modify": {
/**
 * The order.
 */
order: OrderId,
/**
 * The limit.
 */
price?: Price | null,
/**
 * The stop price, while it is not reached.
 */
stop_price?: Price | null,
/**
 * The whole quantity, with what is filled already.
 */
quantity?: Quantity | null, } } | { "cancel_order": {
/**
 * The order.
 */
order: OrderId, } } | { "cancel_orders": {
/**
 * The instrument; none for all.
 */
instrument?: InstrumentId | null, } } | { "close": {
/**
 * The instrument.
 */
instrument: InstrumentId, } } | "flatten" | { "set_parameter": {
/**
 * Its name.
 */
name: string,
/**
 * Its new value.
 */
value: JsonValue, } } | { "action": {
/**
 * The action's name.
 */
name: string,
/**
 * What it takes, by name.
 */
arguments: { [key in string]: JsonValue }, } } | "pause" | "resume" | { "stop": {
/**
 * Closes all positions first.
 */
flatten: boolean,
/**
 * Leaves open orders as they are.
 */
keep_orders: boolean, } } | "release";

/**
 * The id of a command, made by the client that sends it.
 */
export type CommandId = string;

/**
 * Whether a source text is a whole statement.
 */
export type Completeness = "complete" | "incomplete" | "invalid" | "unknown";

/**
 * One way in which the text could go on.
 */
export type Completion = {
/**
 * The text to put in.
 */
text: string,
/**
 * What it is: `function`, `module`, `instance`, …; empty when not known.
 */
kind: string, };

/**
 * The life of an account: a start without restore begins a new one.
 */
export type Epoch = number;

/**
 * The equity at one moment.
 */
export type EquityPoint = {
/**
 * When, by the engine's clock.
 */
time: string,
/**
 * How much.
 */
equity: Money, };

/**
 * What each account was worth at one moment.
 */
export type EquitySample = {
/**
 * When, by the engine's clock.
 */
time: string,
/**
 * The equity by exchange.
 */
equity: { [key in string]: Money }, };

/**
 * Why a connection ends, for programs.
 */
export type ErrorCode = "version" | "bad_message" | "forbidden" | "too_slow" | "busy" | "ended" | "unknown";

/**
 * Why a connection ends.
 */
export type ErrorMessage = {
/**
 * For programs.
 */
code: ErrorCode,
/**
 * For people.
 */
message: string,
/**
 * What to do about it.
 */
hint?: string | null, };

/**
 * A fact with its number and its time.
 */
export type Event = {
/**
 * The number; the session task alone gives it.
 */
seq: Seq,
/**
 * When it was written down.
 */
time: string,
/**
 * What happened.
 */
fact: Fact, };

/**
 * An exchange's account and its terms.
 */
export type ExchangeInfo = {
/**
 * Its name, as instruments have it.
 */
name: string,
/**
 * The currency of its account.
 */
currency: string,
/**
 * What the account began with.
 */
capital: Money,
/**
 * The greatest gross leverage that the account allows: an order's margin is its value over this.
 */
leverage: string,
/**
 * The fee of an order that rested until somebody came, in hundredths of a percent of its value; negative for a rebate.
 */
maker_bps: string,
/**
 * The fee of an order that took what rested, in the same way.
 */
taker_bps: string,
/**
 * How much worse than the touch whoever takes is filled on paper, in hundredths of a percent.
 */
slippage_bps: string, };

/**
 * What happened.
 *
 * On the wire it is an object with one key, the kind, and is read without a detour: a snapshot has thousands.
 */
export type Fact = { "started": {
/**
 * The account's life: a new one, unless the run was restored.
 */
epoch: Epoch,
/**
 * Whether it goes on with the positions and orders of the run before.
 */
restored: boolean, } } | { "cell": {
/**
 * Its number.
 */
cell: CellNumber,
/**
 * Its source.
 */
code: string,
/**
 * Who.
 */
author: Author,
/**
 * The command that brought it; none for a Jupyter guest's.
 */
command?: CommandId | null, } } | { "cell_started": {
/**
 * The cell.
 */
cell: CellNumber,
/**
 * The number in the kernel's own `In` and `Out`.
 */
execution_count?: number | null, } } | { "output": {
/**
 * The cell; none for the strategy's threads.
 */
cell?: CellNumber | null,
/**
 * What.
 */
content: OutputContent, } } | { "input_requested": {
/**
 * The cell.
 */
cell: CellNumber,
/**
 * The wait, to be named by the answer.
 */
input: InputId,
/**
 * What the cell asks, possibly empty.
 */
prompt: string,
/**
 * Whether the answer must not be shown.
 */
password: boolean, } } | { "input_ended": {
/**
 * The wait.
 */
input: InputId,
/**
 * Who answered; none when the cell was interrupted or ended.
 */
author?: Author | null,
/**
 * The answer; none for a password, for a Jupyter guest's own, and when nobody answered.
 */
text?: string | null,
/**
 * The command that brought it; none when no command did.
 */
command?: CommandId | null, } } | { "error": {
/**
 * The cell; none for the strategy.
 */
cell?: CellNumber | null,
/**
 * The exception's class.
 */
ename: string,
/**
 * The exception's message.
 */
evalue: string,
/**
 * The traceback, a line or more an item, possibly with ANSI colours.
 */
traceback: Array<string>,
/**
 * When, by the engine's clock, where that is another one than the wall's: of a callback in a replay.
 */
market_time?: string | null, } } | { "cell_finished": {
/**
 * The cell.
 */
cell: CellNumber,
/**
 * How.
 */
status: CellStatus,
/**
 * How long it ran, in milliseconds.
 */
duration_ms: number, } } | { "log": {
/**
 * How grave.
 */
level: LogLevel,
/**
 * Who: `engine`, `strategy`, `session`, `kernel`.
 */
source: string,
/**
 * What, one line or more.
 */
text: string,
/**
 * When, by the engine's clock, where that is another one than the wall's: in a replay.
 */
market_time?: string | null, } } | { "order": {
/**
 * Where the ledger keeps it.
 */
row: LedgerRow,
/**
 * The order as it is now.
 */
order: Order, } } | { "fill": {
/**
 * Where the ledger keeps it.
 */
row: LedgerRow,
/**
 * The fill.
 */
fill: Fill,
/**
 * The position that results.
 */
position: Position, } } | { "funding": {
/**
 * Where the ledger keeps it.
 */
row: LedgerRow,
/**
 * The payment.
 */
funding: Funding,
/**
 * The position that results.
 */
position: Position, } } | { "results": Results } | { "verb": {
/**
 * Where the ledger keeps it.
 */
row: LedgerRow,
/**
 * The verb.
 */
verb: VerbProgress, } } | { "status": SessionStatus };

/**
 * One execution of an order.
 */
export type Fill = {
/**
 * The exchange's id of the trade; unique on that exchange.
 */
trade_id: string,
/**
 * The order.
 */
order: OrderId,
/**
 * What was traded.
 */
instrument: InstrumentId,
/**
 * Whether it was bought or sold.
 */
side: Side,
/**
 * How much; positive.
 */
quantity: Quantity,
/**
 * At what price.
 */
price: Price,
/**
 * What it cost; negative for a rebate.
 */
fee: Money,
/**
 * Whether it made or took liquidity.
 */
liquidity: Liquidity,
/**
 * When, by the engine's clock.
 */
time: string,
/**
 * Who gave the order.
 */
author: Author, };

/**
 * One payment of funding between the holders of a perpetual.
 */
export type Funding = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * When, by the engine's clock.
 */
time: string,
/**
 * The rate, as a part of the position's value: longs pay it to shorts when it is positive.
 */
rate: string,
/**
 * The position that was held.
 */
quantity: Quantity,
/**
 * The price at which it was valued.
 */
price: Price,
/**
 * What was paid; negative when received.
 */
amount: Money, };

/**
 * Who a client is and what it has.
 */
export type Hello = {
/**
 * The protocol's version.
 */
version: number,
/**
 * The log that `after` is a number of; none for a new screen.
 */
log?: LogId | null,
/**
 * The number of the last event applied; none for a new screen.
 */
after?: Seq | null,
/**
 * Who it is, for the author tag: `user@tty`.
 */
identity: Author,
/**
 * Whether it is the command that started the session.
 */
owner: boolean,
/**
 * Whether somebody watches or waits behind it, so that it counts among those attached. A question that is over
 * in a moment does not.
 */
screen: boolean,
/**
 * Whether it wants quotes, accounts, presence and alarms.
 */
latest: boolean,
/**
 * What it may do. A local client may do everything, and may ask for less.
 */
role: Role, };

/**
 * The last entries of each kind.
 */
export type History = {
/**
 * How many entries each list keeps. A cell with everything that it printed is one entry.
 */
limit: number, session: List, trading: List, log: List, };

/**
 * The lists that are bounded apart, so that a chatty one never drives the others out.
 */
export type HistoryKind = "session" | "trading" | "log";

/**
 * The id of one wait for a line that `input()` asks for: the cell's number and a count in it. It never repeats in
 * one log.
 */
export type InputId = string;

/**
 * A line that a cell waits for.
 */
export type InputView = {
/**
 * The cell.
 */
cell: CellNumber,
/**
 * The wait, to be named by the answer.
 */
input: InputId,
/**
 * What the cell asks, possibly empty.
 */
prompt: string,
/**
 * Whether the answer must not be shown.
 */
password: boolean,
/**
 * Since when.
 */
since: string, };

/**
 * What an order in an instrument must obey.
 */
export type Instrument = {
/**
 * Its name.
 */
id: InstrumentId,
/**
 * Prices are multiples of this.
 */
tick_size: Price,
/**
 * Quantities are multiples of this.
 */
lot_size: Quantity,
/**
 * The least value (price times quantity) of an order; zero when there is none.
 */
min_notional: Money,
/**
 * The currency in which prices and profits are counted.
 */
currency: string,
/**
 * How much of the underlying one unit of quantity is: a position's value is price times quantity times this.
 */
multiplier: string,
/**
 * What kind of contract it is.
 */
kind: InstrumentKind,
/**
 * The part of a position's value that must be there as equity; below it the account is liquidated.
 */
maintenance_rate: string, };

/**
 * An instrument's name: the exchange as the config names it, and the symbol there.
 */
export type InstrumentId = string;

/**
 * What kind of linear contract an instrument is.
 */
export type InstrumentKind = "perpetual" | "future";

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * Whether the Python process lives. That it is busy, since when and with whose cell follows from the running cell.
 */
export type KernelState = "starting" | "ready" | "not_responding" | "dead";

/**
 * The Python process.
 */
export type KernelStatus = {
/**
 * Whether it lives.
 */
state: KernelState,
/**
 * Since when.
 */
since: string,
/**
 * Its process, while it lives.
 */
pid?: number | null,
/**
 * How often it was started again.
 */
restarts: number,
/**
 * How it ended, for example `signal 9`; none while it lives.
 */
ended?: string | null,
/**
 * When it is started again by itself; none while it lives, and when it stays down.
 */
next_start?: string | null, };

/**
 * The newest values. A part that is absent has not changed.
 */
export type Latest = {
/**
 * What the strategy shows of itself.
 */
strategy?: StrategyView | null,
/**
 * Quotes, marks and accounts.
 */
market?: MarketView | null,
/**
 * Who is attached.
 */
presence?: Array<Presence> | null,
/**
 * What is wrong with the session itself. It flows even when nothing can be written down.
 */
alarms?: Array<Alarm> | null, };

/**
 * The number of a row in the ledger. The first row is 1.
 */
export type LedgerRow = number;

/**
 * What no order may exceed, whoever gives it. None is no limit.
 */
export type Limits = {
/**
 * The greatest value of one order.
 */
order_notional?: Money | null,
/**
 * The greatest value of a position with the open orders that would increase it.
 */
position_notional?: Money | null,
/**
 * The greatest value of all positions of an account over its equity.
 */
gross_leverage?: string | null,
/**
 * How many orders are accepted in any sixty seconds of the engine's clock.
 */
orders_per_minute?: number | null,
/**
 * The loss of an account since 00:00 UTC at which trading pauses.
 */
daily_loss?: Money | null, };

/**
 * Whether a fill took an offer from the book or was such an offer. It decides the fee.
 */
export type Liquidity = "maker" | "taker";

export type List = {
/**
 * Shared, so that the copy of a state for a new screen costs little.
 */
events: Array<Event>, entries: number, bytes: number, };

/**
 * The name of a log. Numbers of one log mean nothing in another.
 */
export type LogId = string;

/**
 * How grave a line of the log is.
 */
export type LogLevel = "debug" | "info" | "warning" | "error";

/**
 * The market as the engine sees it.
 */
export type MarketView = {
/**
 * The engine's clock: wall time for a live or simulated feed, recorded time in a replay.
 */
time?: string | null,
/**
 * The last quote of each instrument that has one.
 */
quotes: Array<Quote>,
/**
 * The value of each open position at the last quotes.
 */
marks: Array<PositionMark>,
/**
 * The accounts.
 */
accounts: Array<Account>,
/**
 * How far a replay is; none for other feeds.
 */
replay?: ReplayProgress | null,
/**
 * What is wrong with a feed, in words; none while all is well.
 */
feed_error?: string | null,
/**
 * The instruments that get no quotes any more, though the feed should give some. They may have no quote at all.
 */
stale?: Array<Stale>,
/**
 * The exchanges whose clocks differ from the engine's by more than a second.
 */
clocks?: Array<WrongClock>,
/**
 * When the next bar ends that the strategy wants, by the engine's clock; none when it wants no bars.
 */
next_bar?: string | null, };

/**
 * Whether orders are simulated or real.
 */
export type Mode = "paper" | "live";

/**
 * An amount of the account's currency.
 */
export type Money = string;

/**
 * What is wanted of a new order. Its type follows from the prices that it has.
 */
export type NewOrder = {
/**
 * What to trade.
 */
instrument: InstrumentId,
/**
 * Whether to buy or to sell.
 */
side: Side,
/**
 * How much; positive. It is rounded to the nearest lot.
 */
quantity: Quantity,
/**
 * The limit, rounded to the nearest tick; none for a market order and a stop.
 */
price?: Price | null,
/**
 * The price that the market must reach first, rounded to the nearest tick; none for an order without a stop.
 */
stop_price?: Price | null,
/**
 * How long it stays.
 */
time_in_force?: TimeInForce,
/**
 * Whether it is refused rather than filled at once.
 */
post_only?: boolean,
/**
 * Whether it is cut down, or cancelled, rather than ever increase a position.
 */
reduce_only?: boolean, };

/**
 * An order as it stands now.
 */
export type Order = {
/**
 * Its id.
 */
id: OrderId,
/**
 * What it trades.
 */
instrument: InstrumentId,
/**
 * Whether it buys or sells.
 */
side: Side,
/**
 * How it finds its price.
 */
type: OrderType,
/**
 * How much it wants; positive.
 */
quantity: Quantity,
/**
 * How much of it is filled.
 */
filled: Quantity,
/**
 * The limit; none for a market order and a stop.
 */
price?: Price | null,
/**
 * The price that the market must reach before the order is one at all; none for an order without a stop.
 */
stop_price?: Price | null,
/**
 * Whether the market has reached the stop price.
 */
triggered?: boolean,
/**
 * How long it stays.
 */
time_in_force: TimeInForce,
/**
 * Whether it is refused rather than filled at once.
 */
post_only?: boolean,
/**
 * Whether it is cut down, or cancelled, rather than ever increase a position.
 */
reduce_only?: boolean,
/**
 * The average price of its fills; none before the first, and in ledgers of older versions.
 */
avg_price?: Price | null,
/**
 * Where it is in its life.
 */
status: OrderStatus,
/**
 * Who gave it.
 */
author: Author,
/**
 * The command that caused it, a cell's or a verb's, by which the ledger tells the rest; none when the strategy
 * gave it by itself, and in ledgers of older versions.
 */
cause?: CommandId | null,
/**
 * When it was given, by the engine's clock.
 */
created_at: string,
/**
 * When it changed last, by the engine's clock; only facts tell it.
 */
changed_at?: string | null,
/**
 * Why it was rejected or cancelled; none while that needs no word.
 */
reason?: string | null,
/**
 * The name of the reason of a rejection; none otherwise, and in ledgers of older versions.
 */
rejection?: Rejection | null, };

/**
 * The id that an order has with us and with its exchange.
 */
export type OrderId = string;

/**
 * Where an order is in its life.
 */
export type OrderStatus = "intended" | "new" | "partially_filled" | "filled" | "cancelled" | "rejected";

/**
 * How an order finds its price.
 */
export type OrderType = "market" | "limit" | "stop" | "stop_limit";

/**
 * What a cell wrote or showed.
 */
export type OutputContent = { "stream": {
/**
 * Which.
 */
stream: StreamName,
/**
 * The text, possibly with ANSI colours.
 */
text: string, } } | { "data": {
/**
 * Form by MIME type; binary forms are base64, as Jupyter sends them.
 */
data: { [key in string]: JsonValue },
/**
 * Whether this is the value of the cell's last expression.
 */
result: boolean,
/**
 * The name under which it can be updated later; none when it cannot.
 */
display?: string | null,
/**
 * Whether it takes the place of what was shown under `display`, instead of being shown anew.
 */
update?: boolean, } } | { "clear": {
/**
 * Only when something new is shown, so that nothing flickers.
 */
wait: boolean, } } | { "omitted": {
/**
 * How many bytes are left out here.
 */
bytes: number,
/**
 * The file below the session's folder that has what the cell wrote; none when it could not be written.
 */
file?: string | null,
/**
 * Whether a quota was reached, so that the file has the beginning only.
 */
partial?: boolean, } } | { "lost": {
/**
 * How many.
 */
messages: number, } };

/**
 * Who holds the session's life.
 */
export type Ownership = "owned" | "detached" | "owner_lost";

/**
 * A parameter of the strategy and its value now.
 */
export type Parameter = {
/**
 * Its name.
 */
name: string,
/**
 * `bool`, `int`, `float`, `str` or `any`.
 */
kind: string,
/**
 * Its value now, as JSON; what JSON cannot hold is its text.
 */
value: JsonValue,
/**
 * The value that the class has by itself.
 */
default: JsonValue, };

/**
 * A cell of before.
 */
export type PastCell = {
/**
 * The number of the event that tells it.
 */
seq: Seq,
/**
 * Its number.
 */
cell: CellNumber,
/**
 * Its source.
 */
code: string,
/**
 * Who gave it.
 */
author: Author,
/**
 * When.
 */
time: string, };

/**
 * A netting position: one per instrument, as it stands after its last fill.
 */
export type Position = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * How much is held; negative when short, zero when flat.
 */
quantity: Quantity,
/**
 * The average entry price of what is held; none when flat.
 */
avg_price?: Price | null,
/**
 * Profit of what was closed, before fees, since the account's epoch began.
 */
realized_pnl: Money,
/**
 * Fees paid since the account's epoch began.
 */
fees: Money,
/**
 * Funding paid since the account's epoch began; negative when received.
 */
funding: Money, };

/**
 * An open position at the last quotes.
 */
export type PositionMark = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * The price at which it is valued: the middle of the last quote; none before the first quote.
 */
last_price?: Price | null,
/**
 * Profit at that price, before fees.
 */
unrealized_pnl?: Money | null,
/**
 * Signed value at that price.
 */
market_value?: Money | null, };

/**
 * Somebody's attached screens of one role.
 */
export type Presence = {
/**
 * Who.
 */
identity: Author,
/**
 * Whether this is the command that started the session.
 */
owner: boolean,
/**
 * What it may do.
 */
role: Role,
/**
 * Since when: the first of them.
 */
since: string,
/**
 * How many there are.
 */
screens?: number, };

/**
 * A price of one unit of an instrument, in the account's currency.
 */
export type Price = string;

/**
 * Something that a strategy published under a name.
 */
export type Published = {
/**
 * The name.
 */
name: string,
/**
 * The instrument whose chart it belongs to; none for what belongs to none.
 */
instrument?: InstrumentId | null,
/**
 * When it was published last, by the engine's clock.
 */
time: string,
/**
 * What.
 */
content: PublishedContent, };

/**
 * What a strategy published.
 */
export type PublishedContent = { "value": JsonValue } | { "table": {
/**
 * The names of the columns.
 */
columns: Array<string>,
/**
 * The rows, each with a value for each column.
 */
rows: Array<Array<JsonValue>>, } } | { "series": {
/**
 * The newest value; none where the line is broken.
 */
value?: number | null,
/**
 * How many points there are.
 */
points: number, } };

/**
 * An amount of an instrument. Signed where it is a position (a short is negative), unsigned in orders and fills.
 */
export type Quantity = string;

/**
 * The best bid and ask of an instrument at one moment.
 */
export type Quote = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * When the market said so.
 */
time: string,
/**
 * The highest price at which somebody buys.
 */
bid: Price,
/**
 * The lowest price at which somebody sells.
 */
ask: Price,
/**
 * How much is wanted at the bid.
 */
bid_size: Quantity,
/**
 * How much is offered at the ask.
 */
ask_size: Quantity, };

/**
 * A command that was not taken.
 */
export type Refusal = {
/**
 * The command.
 */
command: CommandId,
/**
 * Why, and what to do about it.
 */
message: string, };

/**
 * Why an order, or a change of one, was refused: one name for each reason, so that a program can branch on it.
 */
export type Rejection = "unknown_instrument" | "bad_quantity" | "bad_price" | "bad_option" | "no_quote" | "paused" | "min_notional" | "too_many_orders" | "order_notional" | "position_notional" | "gross_leverage" | "margin" | "order_rate" | "daily_loss" | "would_take" | "would_increase" | "would_trigger" | "not_open" | "not_stored" | "not_sent" | "liquidation";

/**
 * How far a replay is.
 */
export type ReplayProgress = {
/**
 * The part of the files that was read, 0 to 1.
 */
fraction: number,
/**
 * How fast it goes: `1`, `60` or `max`.
 */
speed: string,
/**
 * Whether every file is at its end.
 */
finished: boolean, };

/**
 * A question that never waits for a running cell.
 */
export type Request = {
/**
 * Made by the client; the answer names it.
 */
id: RequestId,
/**
 * What is asked.
 */
kind: RequestKind, };

/**
 * The id of a question (a completion, say), made by the client that asks.
 */
export type RequestId = string;

/**
 * What is asked.
 */
export type RequestKind = { "complete": {
/**
 * The source.
 */
code: string,
/**
 * The cursor, in Unicode characters from the beginning.
 */
cursor: number, } } | { "is_complete": {
/**
 * The source.
 */
code: string, } } | { "inspect": {
/**
 * The source.
 */
code: string,
/**
 * The cursor, in Unicode characters from the beginning.
 */
cursor: number, } } | { "history": {
/**
 * Entries before this number.
 */
before: Seq,
/**
 * Of which kind; none for all.
 */
kind?: HistoryKind | null,
/**
 * How many entries at most; a cell with its output is one. A service gives no more than 1,000.
 */
limit: number, } } | { "cells": {
/**
 * Cells before this number.
 */
before: Seq,
/**
 * Only those whose source has this text, in whatever letters when it has no capital one; none for all.
 */
contains?: string | null,
/**
 * Only those of this author, or of this user wherever they are when it has no `@`; none for all.
 */
author?: Author | null,
/**
 * How many at most. A service gives no more than 1,000.
 */
limit: number, } } | { "equity": {
/**
 * Only points after this time; none for all.
 */
after?: string | null, } } | { "bars": {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * The length of a bar: one of those in [`crate::SessionInfo::timeframes`].
 */
timeframe: Timeframe,
/**
 * Only bars that end after this time; none for all. With the beginning of the newest bar that a chart has, it gets
 * that one as it is now, and those after it.
 */
after?: string | null,
/**
 * How many at most, the newest ones.
 */
limit: number, } } | { "series": {
/**
 * Its name.
 */
name: string,
/**
 * The instrument whose chart it belongs to, if it belongs to one.
 */
instrument?: InstrumentId | null,
/**
 * Only points after this time; none for all.
 */
after?: string | null, } };

/**
 * What came of a replay.
 */
export type Results = {
/**
 * The time of the first event of the market.
 */
from: string,
/**
 * The time of the last one.
 */
to: string,
/**
 * How many events of the market there were.
 */
events: number,
/**
 * Each account, in the order of the config.
 */
accounts: Array<AccountResults>, };

/**
 * What a client may do; each role may do what the ones before it may. A role can only be lowered on the way to a
 * service, never raised.
 */
export type Role = "viewer" | "trader" | "admin";

/**
 * Who runs the strategy.
 */
export type Runtime = "native" | "qubx";

/**
 * The number of an event in a session's log. The first event is 1; 0 means "nothing yet".
 */
export type Seq = number;

/**
 * One point of a line over time.
 */
export type SeriesPoint = {
/**
 * When, by the engine's clock.
 */
time: string,
/**
 * The value; none where the line is broken.
 */
value?: number | null, };

/**
 * What a service sends.
 */
export type ServerMessage = { "welcome": Welcome } | { "error": ErrorMessage } | { "event": Event } | { "latest": Latest } | { "answer": Answer } | { "refused": Refusal } | { "pong": {
/**
 * The ping's number.
 */
nonce: number, } };

/**
 * What does not change while a service lives.
 */
export type SessionInfo = {
/**
 * The session's name.
 */
name: string,
/**
 * The name as a path component: what `--name`, else the config, else the file's stem says.
 */
strategy_name: string,
/**
 * The strategy, `module.Class`.
 */
strategy: string,
/**
 * Whether orders are simulated or real.
 */
mode: Mode,
/**
 * Who runs the strategy.
 */
runtime: Runtime,
/**
 * The config file, absolute.
 */
config: string,
/**
 * The connection file, absolute.
 */
connection_file: string,
/**
 * The folder that outlives runs.
 */
session_dir: string,
/**
 * The service's process.
 */
pid: number,
/**
 * When the service started.
 */
started_at: string,
/**
 * What the strategy may trade.
 */
instruments: Array<Instrument>,
/**
 * The exchanges, in the order of the config.
 */
exchanges: Array<ExchangeInfo>,
/**
 * What no order may exceed.
 */
limits: Limits,
/**
 * The lengths of the bars that a chart may ask for, the shortest first.
 */
timeframes: Array<Timeframe>,
/**
 * The version of the program that serves the session.
 */
version: string, };

/**
 * The state of a session after the event numbered [`SessionState::head`]. It is also the snapshot that a new screen gets.
 */
export type SessionState = {
/**
 * The log whose numbers are meant.
 */
log: LogId,
/**
 * The number of the last event applied.
 */
head: Seq,
/**
 * The life of the account.
 */
epoch: Epoch,
/**
 * What the session is and how it is; none before the first status.
 */
status?: SessionStatus | null,
/**
 * The cell that runs.
 */
running?: CellView | null,
/**
 * The cells that wait, next first.
 */
queue: Array<CellView>,
/**
 * The line that a cell waits for.
 */
input?: InputView | null,
/**
 * The orders that can still be filled.
 */
orders: { [key in OrderId]: Order },
/**
 * The positions that were ever held in this epoch, also those that are flat now.
 */
positions: { [key in InstrumentId]: Position },
/**
 * The last entries.
 */
history: History, };

/**
 * What a session is and how it is.
 */
export type SessionStatus = {
/**
 * What does not change.
 */
info: SessionInfo,
/**
 * The Python process.
 */
kernel: KernelStatus,
/**
 * The strategy.
 */
strategy: StrategyStatus,
/**
 * Whether orders that would increase a position are refused.
 */
paused: boolean,
/**
 * Who holds its life.
 */
ownership: Ownership, } & ({ "phase": "running" } | { "phase": "stopping",
/**
 * Who asked.
 */
by: Author,
/**
 * Why, in words.
 */
reason: string, });

/**
 * Whether an order buys or sells.
 */
export type Side = "buy" | "sell";

/**
 * An instrument that gets no quotes though the feed should give some: what is known of its market is old.
 */
export type Stale = {
/**
 * The instrument.
 */
instrument: InstrumentId,
/**
 * When its last quote came, or the feed began: time of the wall, also in a replay.
 */
since: string, };

/**
 * Where a strategy is in its life.
 */
export type StrategyState = "starting" | "running" | "failed" | "stopped";

/**
 * The strategy.
 */
export type StrategyStatus = {
/**
 * Where it is in its life.
 */
state: StrategyState,
/**
 * What went wrong, one line; none while nothing did.
 */
error?: string | null,
/**
 * How many callbacks raised since it started.
 */
callback_errors: number,
/**
 * Its parameters and their values now.
 */
parameters: Array<Parameter>,
/**
 * What it can be told to do.
 */
actions: Array<Action>, };

/**
 * What the strategy shows of itself.
 */
export type StrategyView = {
/**
 * What it published, in the order in which it first did.
 */
published: Array<Published>,
/**
 * How long its callbacks take, by name.
 */
callbacks: Array<CallbackTime>,
/**
 * How many inputs wait for it.
 */
backlog: number,
/**
 * Since when it works on the batch of inputs that it has; none while it waits for the market.
 */
busy_since?: string | null, };

/**
 * A stream of text.
 */
export type StreamName = "stdout" | "stderr";

/**
 * How long an order stays.
 */
export type TimeInForce = "gtc" | "ioc";

/**
 * The length of a bar: a whole number of seconds, minutes, hours or days, written `1s`, `15m`, `4h`, `1d`.
 */
export type Timeframe = string;

/**
 * How far a verb is.
 */
export type VerbOutcome = "started" | "done" | "failed";

/**
 * How far a verb is.
 */
export type VerbProgress = {
/**
 * The command that asked for it; none when the session did it by itself.
 */
command?: CommandId | null,
/**
 * Who asked.
 */
author: Author,
/**
 * The verb's name, for example `flatten`.
 */
verb: string,
/**
 * What it acts on; empty when there is nothing to name.
 */
target: string,
/**
 * How far it is.
 */
outcome: VerbOutcome,
/**
 * The result in words, for example `3/3 flat, 2 cancelled`.
 */
text: string, };

/**
 * The beginning of a connection.
 */
export type Welcome = {
/**
 * The log.
 */
log: LogId,
/**
 * The life of the account.
 */
epoch: Epoch,
/**
 * The number of the newest event.
 */
head: Seq,
/**
 * The state to begin with; none when the events after `after` follow.
 */
snapshot?: SessionState | null, };

/**
 * An exchange whose clock differs from the engine's, which is the machine's.
 */
export type WrongClock = {
/**
 * The exchange.
 */
exchange: string,
/**
 * By how many milliseconds the engine's clock is ahead; negative when it is behind.
 */
ahead_ms: number, };
