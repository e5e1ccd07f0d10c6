// Questions to the page's copy of the session: what is held, what it is worth, how old that is. No I/O.
//
// Everything here is made from what the session told; nothing is remembered but indexes.

import type {
  Account,
  CellView,
  ExchangeInfo,
  Instrument,
  InstrumentId,
  MarketView,
  Order,
  Position,
  PositionMark,
  Presence,
  Quote,
  SessionInfo,
  SessionStatus,
  StrategyView,
} from '../protocol';
import { type Decimal, decimal, isZero, maybe, quotient, scale } from './decimal';

/** What the session told, as it is now. */
export type Told = {
  status: SessionStatus | null;
  market: MarketView | null;
  strategy: StrategyView | null;
  presence: readonly Presence[] | null;
  orders: readonly Order[];
  positions: readonly Position[];
  running?: CellView | null;
  /** Whether commands get through. */
  connected: boolean;
};

/** The parts of a market by name; made once for each market that is told. */
type Index = {
  quotes: Map<InstrumentId, Quote>;
  marks: Map<InstrumentId, PositionMark>;
  accounts: Map<string, Account>;
  stale: Map<InstrumentId, Date>;
};

const indexes = new WeakMap<MarketView, Index>();
const rules = new WeakMap<readonly Instrument[], Map<InstrumentId, Instrument>>();

function index(market: MarketView): Index {
  let found = indexes.get(market);
  if (!found) {
    found = {
      quotes: new Map(market.quotes.map((quote) => [quote.instrument, quote])),
      marks: new Map(market.marks.map((mark) => [mark.instrument, mark])),
      accounts: new Map(market.accounts.map((account) => [account.exchange, account])),
      stale: new Map((market.stale ?? []).map((stale) => [stale.instrument, new Date(stale.since)])),
    };
    indexes.set(market, found);
  }
  return found;
}

/** Returns the exchange of an instrument. */
export function exchangeOf(id: InstrumentId): string {
  return id.slice(0, Math.max(0, id.indexOf(':')));
}

/** Returns the symbol of an instrument. */
export function symbolOf(id: InstrumentId): string {
  return id.slice(id.indexOf(':') + 1);
}

/** Returns what is left of an order. */
export function remaining(order: Order): Decimal {
  return decimal(order.quantity).minus(order.filled);
}

/** Returns the user that an author is, wherever they are. */
export function user(author: string): string {
  return author.split('@')[0] ?? author;
}

/** The answers, for one moment. */
export class Facts {
  readonly #told: Told;

  constructor(told: Told) {
    this.#told = told;
  }

  get status(): SessionStatus | null {
    return this.#told.status;
  }
  get info(): SessionInfo | null {
    return this.#told.status?.info ?? null;
  }
  get market(): MarketView | null {
    return this.#told.market;
  }
  get strategy(): StrategyView | null {
    return this.#told.strategy;
  }
  get presence(): readonly Presence[] | null {
    return this.#told.presence;
  }
  /** How many screens are attached; 0 when that is not known. */
  get screens(): number {
    return (this.presence ?? []).reduce((sum, peer) => sum + (peer.screens ?? 1), 0);
  }
  get running(): CellView | null {
    return this.#told.running ?? null;
  }
  get isConnected(): boolean {
    return this.#told.connected;
  }
  /** Whether orders are real. Unknown counts as real. */
  get isLive(): boolean {
    return this.info?.mode !== 'paper';
  }
  get isPaused(): boolean {
    return this.status?.paused ?? false;
  }

  /** The open orders, by instrument and then by id. */
  get orders(): Order[] {
    const key = (order: Order) => `${order.instrument} ${order.id}`;
    return [...this.#told.orders].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
  /** The open positions; their place follows from the instrument alone, so rows never jump. */
  get positions(): Position[] {
    const open = this.#told.positions.filter((position) => !isZero(decimal(position.quantity)));
    return open.sort((a, b) => (a.instrument < b.instrument ? -1 : 1));
  }
  /** What was ever held in this life of the account, also what is flat now. */
  get everHeld(): readonly Position[] {
    return this.#told.positions;
  }

  order(id: string): Order | null {
    return this.#told.orders.find((order) => order.id === id) ?? null;
  }
  /** Returns the open position in an instrument. */
  position(id: InstrumentId): Position | null {
    return this.positions.find((position) => position.instrument === id) ?? null;
  }
  /** Returns what is held of an instrument; negative when short. */
  held(id: InstrumentId): Decimal {
    return decimal(this.position(id)?.quantity ?? '0');
  }

  instrument(id: InstrumentId): Instrument | null {
    const all = this.info?.instruments;
    if (!all) return null;
    let found = rules.get(all);
    if (!found) rules.set(all, (found = new Map(all.map((instrument) => [instrument.id, instrument]))));
    return found.get(id) ?? null;
  }
  /** Returns the shortest name of an instrument that nothing else in the session has. */
  label(id: InstrumentId): string {
    const symbol = symbolOf(id);
    const others = this.info?.instruments.some((other) => other.id !== id && symbolOf(other.id) === symbol);
    return others ? id : symbol;
  }
  /** What may be traded: with a quote or without. */
  get instruments(): InstrumentId[] {
    const known = (this.info?.instruments ?? []).map((instrument) => instrument.id);
    const quoted = (this.market?.quotes ?? []).map((quote) => quote.instrument);
    return [...new Set([...known, ...quoted])];
  }

  quote(id: InstrumentId): Quote | null {
    return (this.market && index(this.market).quotes.get(id)) ?? null;
  }
  mark(id: InstrumentId): PositionMark | null {
    return (this.market && index(this.market).marks.get(id)) ?? null;
  }
  account(exchange: string): Account | null {
    return (this.market && index(this.market).accounts.get(exchange)) ?? null;
  }
  exchange(name: string): ExchangeInfo | null {
    return this.info?.exchanges?.find((exchange) => exchange.name === name) ?? null;
  }
  multiplier(id: InstrumentId): Decimal {
    return decimal(this.instrument(id)?.multiplier ?? '1');
  }
  currency(id: InstrumentId): string {
    return this.instrument(id)?.currency ?? '';
  }

  /** Returns the digits that prices of an instrument have; `seen` when its rules are not known. */
  priceDecimals(id: InstrumentId, seen = 0): number {
    const instrument = this.instrument(id);
    return instrument ? scale(decimal(instrument.tick_size)) : seen;
  }
  /** Returns the digits that quantities of an instrument have; `seen` when its rules are not known. */
  quantityDecimals(id: InstrumentId, seen = 0): number {
    const instrument = this.instrument(id);
    return instrument ? scale(decimal(instrument.lot_size)) : seen;
  }

  /** Returns since when an instrument gets no quotes though it should; null while all is well. */
  staleSince(id: InstrumentId): Date | null {
    return (this.market && index(this.market).stale.get(id)) ?? null;
  }
  /** Whether what is shown of an instrument's market may be old: it is stale, or nothing comes over the link. */
  isOld(id: InstrumentId): boolean {
    return !this.isConnected || this.staleSince(id) !== null;
  }
  /** Returns how old a quote is in milliseconds; null in a replay, whose quotes are as old as its clock says. */
  quoteAge(quote: Quote, engineTime: Date): number | null {
    return this.market?.replay ? null : Math.max(0, engineTime.getTime() - Date.parse(quote.time));
  }

  /** Returns the signed value of a position over the equity of its account; null while it cannot be known. */
  leverage(position: Position): Decimal | null {
    const value = maybe(this.mark(position.instrument)?.market_value);
    return quotient(value, maybe(this.account(exchangeOf(position.instrument))?.equity));
  }
}

/** Returns the engine's time now: what it last said, and the time since; in a replay, what it last said. */
export function engineTime(market: MarketView | null, receivedAt: Date | null, now: Date): Date {
  if (!market?.time) return now;
  const told = Date.parse(market.time);
  const since = market.replay || !receivedAt ? 0 : Math.max(0, now.getTime() - receivedAt.getTime());
  return new Date(told + since);
}

/** Returns what was gained today, in money and in percent; since the start where the day's beginning is not told. */
export function gain(account: Account): { money: Decimal; percent: Decimal | null; today: boolean } {
  const base = decimal(account.day_start_equity ?? account.capital);
  const money = decimal(account.equity).minus(base);
  return { money, percent: quotient(money.times(100), base), today: account.day_start_equity != null };
}

/** Returns the spread of a quote in percent of its middle. */
export function spread(quote: Quote): Decimal | null {
  const [bid, ask] = [decimal(quote.bid), decimal(quote.ask)];
  return quotient(ask.minus(bid).times(100), bid.plus(ask).div(2));
}
