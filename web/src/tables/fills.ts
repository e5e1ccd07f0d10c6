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

/** Reads fills out of events, oldest first, page by page. */
export class FillReader {
  /** The numbers at which accounts began anew and that no event has passed yet. */
  #restarts: number[] = [];
  /** What each position had realized when it was told of last. */
  readonly #before = new Map<InstrumentId, Decimal>();
  /** What a position had realized that nothing was told of: nothing, once an account has begun anew; else it is not known. */
  #first: Decimal | undefined;

  /** Returns the fills in the events that follow; `restarts` are the numbers at which accounts began anew. */
  read(events: readonly Event[], restarts: readonly number[]): KnownFill[] {
    this.#restarts.push(...restarts);
    return events.flatMap((event) => this.#one(event) ?? []);
  }

  #one({ seq, fact }: Event): KnownFill | null {
    while (this.#restarts[0] !== undefined && this.#restarts[0] < seq) {
      this.#restarts.shift();
      this.#before.clear();
      this.#first = ZERO;
    }
    const told = 'fill' in fact ? fact.fill : 'funding' in fact ? fact.funding : null;
    if (!told) return null;
    const { position } = told;
    const before = this.#before.get(position.instrument) ?? this.#first;
    this.#before.set(position.instrument, decimal(position.realized_pnl));
    return 'fill' in told ? { seq, fill: told.fill, position, realized: realized(told.fill, position, before) } : null;
  }
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
