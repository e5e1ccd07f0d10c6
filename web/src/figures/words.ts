// Orders, fills and instruments in the words of a line: names as the session gives them, numbers with their digits. No I/O.

import type { InstrumentId, NewOrder, Order, OrderStatus, OrderType, Side } from '../protocol';
import { type Decimal, maybe, scale } from './decimal';
import { type Facts, remaining, symbolOf } from './facts';
import { UNKNOWN, number } from './format';

export function sideWord(side: Side): string {
  return side === 'buy' ? 'BUY' : 'SELL';
}

const TYPES: Record<OrderType, string> = { market: 'MARKET', limit: 'LIMIT', stop: 'STOP', stop_limit: 'STOP LIMIT' };

export function typeWord(type: OrderType): string {
  return TYPES[type] ?? String(type).toUpperCase();
}

const STATES: Record<OrderStatus, string> = {
  intended: 'SENT',
  new: 'NEW',
  partially_filled: 'PART',
  filled: 'FILLED',
  cancelled: 'CANCELLED',
  rejected: 'REJECTED',
};

export function stateWord(status: OrderStatus): string {
  return STATES[status] ?? String(status).toUpperCase();
}

/** Returns whether a quantity is long or short, as a word. */
export function directionWord(quantity: Decimal): string {
  return quantity.eq(0) ? 'FLAT' : quantity.lt(0) ? 'SHORT' : 'LONG';
}

/** Returns what an order is bound to, in a word. */
export function onlyWord(order: Order): string {
  return [order.post_only && 'post', order.reduce_only && 'reduce'].filter(Boolean).join('+');
}

/** Returns a price with the digits of its instrument. */
export function price(facts: Facts, id: InstrumentId, value: Decimal | string | null | undefined): string {
  const known = maybe(value?.toString());
  return known === null ? UNKNOWN : number(known, facts.priceDecimals(id, scale(known)));
}

/** Returns a quantity with the digits of its instrument. */
export function quantity(facts: Facts, id: InstrumentId, value: Decimal | string | null | undefined): string {
  const known = maybe(value?.toString());
  return known === null ? UNKNOWN : number(known, facts.quantityDecimals(id, scale(known)));
}

/** Returns an order as a line: what it trades, how much of it is left, and whose it is. */
export function describeOrder(order: Order, facts: Facts): string {
  const left = quantity(facts, order.instrument, remaining(order));
  const stop = order.stop_price ? ` stop ${price(facts, order.instrument, order.stop_price)}` : '';
  const limit = order.price ? ` @ ${price(facts, order.instrument, order.price)}` : '';
  return `${facts.label(order.instrument)} ${sideWord(order.side)} ${typeWord(order.type)} ${left}${stop}${limit}  (${order.author})`;
}

/** Returns the type that an order's prices make it. */
export function typeOf(order: Pick<NewOrder, 'price' | 'stop_price'>): OrderType {
  if (order.price) return order.stop_price ? 'stop_limit' : 'limit';
  return order.stop_price ? 'stop' : 'market';
}

/** Returns a new order as people say it: `BUY 0.5 BTCUSDT STOP LIMIT 61000, stop 60900, IOC, reduce-only`. */
export function sayOrder(order: NewOrder): string {
  const prices =
    order.price && order.stop_price ? ` ${order.price}, stop ${order.stop_price}` : ` ${order.price ?? order.stop_price ?? ''}`;
  const options = [order.time_in_force === 'ioc' && 'IOC', order.post_only && 'post-only', order.reduce_only && 'reduce-only'];
  const head = `${sideWord(order.side)} ${order.quantity} ${symbolOf(order.instrument)} ${typeWord(typeOf(order))}`;
  return [(head + prices).trimEnd(), ...options.filter(Boolean)].join(', ');
}
