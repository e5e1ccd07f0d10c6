// The order ticket: what is filled in, and which order that makes. No I/O.

import type { Command, InstrumentId, Order, OrderType, Position, Side, TimeInForce } from '../protocol';
import { type Decimal, ZERO, decimal, digits, isNegative, maybe, typed, wholeSteps } from '../figures/decimal';
import { type Facts, exchangeOf } from '../figures/facts';

/** What an amount counts: the instrument, money, times the equity, hundredths of the equity. */
export type Unit = 'quantity' | 'notional' | 'leverage' | 'percent';

export const UNITS: [Unit, string][] = [
  ['quantity', 'quantity'],
  ['notional', 'notional'],
  ['percent', '% of equity'],
  ['leverage', '× leverage'],
];

export const TYPES: [OrderType, string][] = [
  ['market', 'Market'],
  ['limit', 'Limit'],
  ['stop', 'Stop'],
  ['stop_limit', 'Stop limit'],
];

/** An order that is being written, or a change of one that rests. Amounts and prices are as they were typed. */
export type Ticket = {
  /** The order that is changed; null for a new one. */
  changes: Order | null;
  instrument: InstrumentId;
  side: Side;
  type: OrderType;
  amount: string;
  unit: Unit;
  price: string;
  stopPrice: string;
  timeInForce: TimeInForce;
  postOnly: boolean;
  reduceOnly: boolean;
};

export type Field = 'amount' | 'price' | 'stopPrice';

/** Why a ticket makes no order yet. */
export type Problem = { field: Field; text: string };

export type Result<T> = { ok: T } | { problem: Problem };

/** Returns an empty ticket for an instrument: a limit order at the best bid. */
export function fresh(instrument: InstrumentId, facts: Facts): Ticket {
  return priced(
    {
      changes: null,
      instrument,
      side: 'buy',
      type: 'limit',
      amount: '',
      unit: 'quantity',
      price: '',
      stopPrice: '',
      timeInForce: 'gtc',
      postOnly: false,
      reduceOnly: false,
    },
    facts,
  );
}

/** Returns a ticket that reduces a position: all of it, at the best price on the side where it would rest. */
export function reducing(position: Position, facts: Facts): Ticket {
  const held = decimal(position.quantity);
  const side: Side = isNegative(held) ? 'buy' : 'sell';
  return priced({ ...fresh(position.instrument, facts), side, reduceOnly: true, amount: digits(held.abs()) }, facts);
}

/** Returns a ticket like an order, to be given again. */
export function like(order: Order): Ticket {
  return {
    changes: null,
    instrument: order.instrument,
    side: order.side,
    type: order.type,
    amount: order.quantity,
    unit: 'quantity',
    price: order.price ?? '',
    stopPrice: order.stop_price ?? '',
    timeInForce: order.time_in_force,
    postOnly: order.post_only ?? false,
    reduceOnly: order.reduce_only ?? false,
  };
}

/** Returns a ticket that changes an order. */
export function changing(order: Order): Ticket {
  return { ...like(order), changes: order };
}

/** Returns a ticket whose limit is the best price on the side where the order would rest. */
export function priced(ticket: Ticket, facts: Facts): Ticket {
  const quote = facts.quote(ticket.instrument);
  const price = quote && (ticket.side === 'buy' ? quote.bid : quote.ask);
  return { ...ticket, price: price ? digits(decimal(price)) : '' };
}

export function hasLimit(type: OrderType): boolean {
  return type === 'limit' || type === 'stop_limit';
}

export function hasStop(type: OrderType): boolean {
  return type === 'stop' || type === 'stop_limit';
}

/** Returns the order that is changed as it stands now; null for a new order, and when it is not open any more. */
export function changed(ticket: Ticket, facts: Facts): Order | null {
  return ticket.changes && facts.order(ticket.changes.id);
}

/** Returns the command that sends it, or what is missing or cannot be read, with the field that it is in. */
export function commandOf(ticket: Ticket, facts: Facts): Result<Command> {
  const quantity = quantityOf(ticket, facts);
  if ('problem' in quantity) return quantity;
  const price = limitOf(ticket);
  if ('problem' in price) return price;
  const stop = stopOf(ticket);
  if ('problem' in stop) return stop;
  const text = (value: Decimal | null) => value && digits(value);
  if (!ticket.changes) {
    const { instrument, side, timeInForce, postOnly, reduceOnly } = ticket;
    return {
      ok: {
        place: {
          instrument,
          side,
          quantity: digits(quantity.ok),
          price: text(price.ok),
          stop_price: text(stop.ok),
          time_in_force: timeInForce,
          post_only: postOnly && hasLimit(ticket.type),
          reduce_only: reduceOnly,
        },
      },
    };
  }
  const order = changed(ticket, facts);
  if (!order) return problem('amount', 'the order is not open any more');
  const differs = (value: Decimal | null, now: string | null | undefined) => (value && !maybe(now)?.eq(value) ? digits(value) : null);
  const change = {
    order: order.id,
    price: differs(price.ok, order.price),
    stop_price: differs(stop.ok, order.stop_price),
    quantity: differs(quantity.ok, order.quantity),
  };
  if (!change.price && !change.stop_price && !change.quantity) return problem('amount', 'nothing is changed yet');
  return { ok: { modify: change } };
}

function problem(field: Field, text: string): { problem: Problem } {
  return { problem: { field, text } };
}

/** Returns the limit; null for an order that has none. */
export function limitOf(ticket: Ticket): Result<Decimal | null> {
  return hasLimit(ticket.type) ? positive(ticket.price, 'price') : { ok: null };
}

/** Returns the stop price; null for an order that has none. */
export function stopOf(ticket: Ticket): Result<Decimal | null> {
  return hasStop(ticket.type) ? positive(ticket.stopPrice, 'stopPrice') : { ok: null };
}

/** Returns the quantity, from whatever unit it is typed in, rounded down to whole lots. */
export function quantityOf(ticket: Ticket, facts: Facts): Result<Decimal> {
  const amount = positive(ticket.amount, 'amount');
  if ('problem' in amount || ticket.unit === 'quantity') return amount;
  const price = referencePrice(ticket, facts);
  if (!price) return problem('amount', 'needs a price, and there is none');
  const notional = inMoney(amount.ok, ticket, facts);
  if (!notional) return problem('amount', "needs the account's equity, which is not known");
  const lot = maybe(facts.instrument(ticket.instrument)?.lot_size) ?? ZERO;
  const lots = wholeSteps(notional.div(price.times(facts.multiplier(ticket.instrument))), lot);
  return lots.gt(0) ? { ok: lots } : problem('amount', 'is less than one lot');
}

function inMoney(amount: Decimal, ticket: Ticket, facts: Facts): Decimal | null {
  if (ticket.unit === 'notional') return amount;
  const equity = maybe(facts.account(exchangeOf(ticket.instrument))?.equity);
  if (!equity) return null;
  return ticket.unit === 'leverage' ? amount.times(equity) : amount.times(equity).div(100);
}

/** Returns the price that the order is valued at: its own, else what the market asks of it now. */
export function referencePrice(ticket: Ticket, facts: Facts): Decimal | null {
  const [limit, stop] = [limitOf(ticket), stopOf(ticket)];
  const own = ('ok' in limit ? limit.ok : null) ?? ('ok' in stop ? stop.ok : null);
  return own ?? marketPrice(ticket, facts);
}

/** Returns what a market order would pay or get now. */
export function marketPrice(ticket: Ticket, facts: Facts): Decimal | null {
  const quote = facts.quote(ticket.instrument);
  return quote && decimal(ticket.side === 'buy' ? quote.ask : quote.bid);
}

function positive(text: string, field: Field): Result<Decimal> {
  if (text.trim() === '') return problem(field, 'is missing');
  const value = typed(text.trim());
  if (!value) return problem(field, 'is not a number');
  return value.gt(0) ? { ok: value } : problem(field, 'must be more than zero');
}
