// What an act does, in numbers: orders that go, positions that are closed, and about what that costs. No I/O.

import type { Command, InstrumentId, Order, Position } from '../protocol';
import { type Decimal, decimal, isNegative, maybe } from '../figures/decimal';
import { type Facts, exchangeOf, spread } from '../figures/facts';
import { UNKNOWN, count, maybeNumber, number } from '../figures/format';
import { quantity, sideWord } from '../figures/words';

/** What a verb is about to do, part by part, so that its progress can be told. */
export type Legs = { orders: Order[]; positions: Position[] };

/** One position that is closed, in words. */
export type Leg = { label: string; side: string; quantity: string; value: string; spread: string; old: boolean };

/** Returns what a command is about to do, as it stands now. */
export function legsOf(command: Command, facts: Facts): Legs {
  const none: Legs = { orders: [], positions: [] };
  const everything: Legs = { orders: facts.orders, positions: facts.positions };
  if (command === 'flatten') return everything;
  if (typeof command === 'string') return none;
  if ('cancel_orders' in command) {
    const { instrument } = command.cancel_orders;
    return { ...none, orders: ordersOf(instrument ?? null, facts) };
  }
  if ('close' in command) {
    const { instrument } = command.close;
    return { ...none, positions: facts.positions.filter((position) => position.instrument === instrument) };
  }
  if ('stop' in command) {
    if (command.stop.flatten) return everything;
    return command.stop.keep_orders ? none : { ...none, orders: facts.orders };
  }
  return none;
}

/** Returns the open orders of an instrument; all when none is named. */
export function ordersOf(instrument: InstrumentId | null, facts: Facts): Order[] {
  return facts.orders.filter((order) => instrument === null || order.instrument === instrument);
}

/** Returns what cancelling everything and closing everything does. */
export function flattening(facts: Facts): string {
  return `cancels ${count(facts.orders.length, 'order')}, then closes ${count(facts.positions.length, 'position')} at market`;
}

/** Returns what closing one position does: side, quantity, about how much money, and how wide the market is. */
export function leg(position: Position, facts: Facts): Leg {
  const id = position.instrument;
  const held = decimal(position.quantity);
  const quote = facts.quote(id);
  const wide = quote && spread(quote);
  return {
    label: facts.label(id),
    side: sideWord(isNegative(held) ? 'buy' : 'sell'),
    quantity: quantity(facts, id, held.abs()),
    value: maybeNumber(valueOf(position, facts), 0),
    spread: wide ? `${number(wide, 2)}%` : UNKNOWN,
    old: facts.isOld(id),
  };
}

function valueOf(position: Position, facts: Facts): Decimal | null {
  return maybe(facts.mark(position.instrument)?.market_value)?.abs() ?? null;
}

/** Returns about what it costs to close positions, by currency: the takers' fee, and half the spread. */
export function cost(positions: readonly Position[], facts: Facts): string {
  const costs = new Map<string, { fees: Decimal | null; spread: Decimal | null }>();
  const sum = (a: Decimal | null, b: Decimal | null) => (a && b ? a.plus(b) : null);
  for (const position of positions) {
    const id = position.instrument;
    const value = valueOf(position, facts);
    const taker = maybe(facts.exchange(exchangeOf(id))?.taker_bps);
    const quote = facts.quote(id);
    const fees = value && taker ? value.times(taker).div(10_000) : null;
    const half = quote ? decimal(quote.ask).minus(quote.bid).div(2) : null;
    const spread = half && half.times(decimal(position.quantity).abs()).times(facts.multiplier(id));
    const known = costs.get(facts.currency(id));
    costs.set(facts.currency(id), known ? { fees: sum(known.fees, fees), spread: sum(known.spread, spread) } : { fees, spread });
  }
  const texts = [...costs].map(([currency, { fees, spread }]) =>
    `fees ${maybeNumber(fees, 2)} + spread ${maybeNumber(spread, 2)} ${currency}`.trimEnd(),
  );
  return `est. cost: ${texts.join(', ')}`;
}
