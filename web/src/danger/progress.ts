// What became of a verb, part by part: each order that it cancels and each position that it closes. No I/O.

import type { CommandId, Fact, InstrumentId, Order, OrderId, Position } from '../protocol';
import { decimal, isZero } from '../figures/decimal';
import { type Facts, remaining } from '../figures/facts';
import { price, quantity, sideWord, stateWord } from '../figures/words';
import type { Legs } from './effect';

export type State = 'under_way' | 'done' | 'failed';

/** One part of a verb: what it is about, and how it is, in words. */
export type Part = { about: { cancel: OrderId } | { close: InstrumentId }; label: string; text: string; state: State };

/** Returns the parts of a verb that is about to be sent. */
export function partsOf(legs: Legs, facts: Facts): Part[] {
  return [...legs.orders.map((order) => cancel(order, facts)), ...legs.positions.map((position) => close(position, facts))];
}

function cancel(order: Order, facts: Facts): Part {
  const id = order.instrument;
  const label = `cancel ${facts.label(id)} ${sideWord(order.side)} ${quantity(facts, id, remaining(order))}`;
  return { about: { cancel: order.id }, label, text: 'waiting', state: 'under_way' };
}

function close(position: Position, facts: Facts): Part {
  const id = position.instrument;
  return { about: { close: id }, label: `close ${facts.label(id)}`, text: left(position, facts), state: 'under_way' };
}

function left(position: Position, facts: Facts): string {
  return `${quantity(facts, position.instrument, decimal(position.quantity).abs())} to close`;
}

/** Returns the parts after an event, for the verb that `command` is; the same array when it says nothing of them. */
export function follow(parts: readonly Part[], command: CommandId, fact: Fact, facts: Facts): readonly Part[] {
  if (typeof fact !== 'object') return parts;
  if ('order' in fact) {
    const { order } = fact.order;
    return change(parts, (part) => {
      if ('cancel' in part.about) return part.about.cancel === order.id ? ordered(part, order) : part;
      const ended = order.status === 'rejected' || order.status === 'cancelled';
      if (part.about.close !== order.instrument || order.cause !== command || !ended) return part;
      return { ...part, state: 'failed', text: order.reason ?? stateWord(order.status).toLowerCase() };
    });
  }
  if ('fill' in fact) {
    const { fill, position } = fact.fill;
    return change(parts, (part) => {
      if (!('close' in part.about) || part.about.close !== position.instrument) return part;
      if (isZero(decimal(position.quantity))) {
        return { ...part, state: 'done', text: `flat @ ${price(facts, fill.instrument, fill.price)}` };
      }
      return part.state === 'under_way' ? { ...part, text: left(position, facts) } : part;
    });
  }
  return parts;
}

function change(parts: readonly Part[], changed: (part: Part) => Part): readonly Part[] {
  const next = parts.map(changed);
  return next.some((part, place) => part !== parts[place]) ? next : parts;
}

function ordered(part: Part, order: Order): Part {
  switch (order.status) {
    case 'cancelled':
      return { ...part, text: 'cancelled', state: 'done' };
    case 'filled':
      return { ...part, text: 'filled before it was cancelled', state: 'failed' };
    case 'rejected':
      return { ...part, text: 'was rejected', state: 'done' };
    default:
      return part;
  }
}

/** Ends the parts of which nothing was heard, when the whole is over. */
export function finish(parts: readonly Part[], whole: State): readonly Part[] {
  if (whole !== 'failed') return parts;
  return parts.map((part) => (part.state === 'under_way' ? { ...part, state: 'failed', text: `not done (${part.text})` } : part));
}
