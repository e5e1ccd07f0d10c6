// The fills that this page knows of, with what each of them realized. No I/O.
//
// An entry tells what the position had realized after it; what a fill realized itself is the difference to the entry
// before it of the same instrument. Where that is not known and the fill closed something, it is not known either.

import type { Event, Fill, InstrumentId, Position } from '../protocol';
import { type Decimal, ZERO, decimal, isNegative, isZero } from '../figures/decimal';

/** Fills that are kept. When they are there, no older ones are asked for, and new ones drive the oldest out. */
export const MOST_FILLS = 10_000;

export type KnownFill = {
  seq: number;
  fill: Fill;
  /** The position after it. */
  position: Position;
  /** What it realized, before fees; null where that cannot be known. */
  realized: Decimal | null;
};

/**
 * Returns the fills in some events, oldest first.
 *
 * `restarts` are the numbers at which accounts began anew; before the first of them nothing is known of what came before.
 */
export function fillsOf(events: readonly Event[], restarts: readonly number[]): KnownFill[] {
  let next = 0;
  let first: Decimal | undefined;
  const before = new Map<InstrumentId, Decimal>();
  const known: KnownFill[] = [];
  for (const event of events) {
    while (next < restarts.length && restarts[next]! < event.seq) {
      before.clear();
      first = ZERO;
      next += 1;
    }
    const { fact } = event;
    if (typeof fact !== 'object') continue;
    const told = 'fill' in fact ? fact.fill : 'funding' in fact ? fact.funding : null;
    if (!told) continue;
    const { position } = told;
    const realizedBefore = before.get(position.instrument) ?? first;
    before.set(position.instrument, decimal(position.realized_pnl));
    if ('fill' in told) {
      known.push({ seq: event.seq, fill: told.fill, position, realized: realized(told.fill, position, realizedBefore) });
    }
  }
  return known.length > MOST_FILLS ? known.slice(-MOST_FILLS) : known;
}

/** Returns the numbers of the entries at which accounts began anew. */
export function restartsOf(events: readonly Event[]): number[] {
  const isRestart = ({ fact }: Event) => typeof fact === 'object' && 'started' in fact && !fact.started.restored;
  return events.filter(isRestart).map((event) => event.seq);
}

/** Returns what a fill realized; `before` is what its position had realized before it. */
function realized(fill: Fill, position: Position, before: Decimal | undefined): Decimal | null {
  const signed = decimal(fill.quantity).times(fill.side === 'buy' ? 1 : -1);
  const held = decimal(position.quantity);
  const onlyOpened = !isZero(held) && isNegative(held) === isNegative(signed) && held.abs().gte(signed.abs());
  if (onlyOpened) return ZERO;
  return before ? decimal(position.realized_pnl).minus(before) : null;
}
