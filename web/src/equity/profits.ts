// Profit by instrument and by day. No I/O.
//
// By instrument it is exact: realized and unrealized, less fees and funding. By day it is the change of the equity, as far
// back as the service remembers it.

import type { InstrumentId } from '../protocol';
import { type Decimal, ZERO, decimal, maybe } from '../figures/decimal';
import type { Facts } from '../figures/facts';
import { type Zone, day } from '../figures/format';
import type { Point } from './line';

export type InstrumentProfit = {
  instrument: InstrumentId;
  realized: Decimal;
  /** Null while it cannot be known; zero when flat. */
  unrealized: Decimal | null;
  fees: Decimal;
  funding: Decimal;
  /** All of it together; null while a part is not known. */
  total: Decimal | null;
};

/** Returns what each instrument brought since the account's life began, the best first. */
export function byInstrument(facts: Facts): InstrumentProfit[] {
  const profits = facts.everHeld.map((position) => {
    const isFlat = decimal(position.quantity).eq(0);
    const unrealized = isFlat ? ZERO : maybe(facts.mark(position.instrument)?.unrealized_pnl);
    const [realized, fees, funding] = [decimal(position.realized_pnl), decimal(position.fees), decimal(position.funding ?? '0')];
    const total = unrealized && realized.plus(unrealized).minus(fees).minus(funding);
    return { instrument: position.instrument, realized, unrealized, fees, funding, total };
  });
  return profits.sort((a, b) => (b.total ?? ZERO).cmp(a.total ?? ZERO) || (a.instrument < b.instrument ? -1 : 1));
}

export type DayProfit = { day: string; profit: number; percent: number | null; equity: number };

/** Returns the change of the equity on each day, the newest first. The first day counts from its first point. */
export function byDay(points: readonly Point[], zone: Zone): DayProfit[] {
  const days: DayProfit[] = [];
  let before = points[0]?.value ?? 0;
  let name = '';
  for (const point of points) {
    const today = day(new Date(point.time), zone);
    const last = days.at(-1);
    if (!last || today !== name) {
      before = last ? last.equity : before;
      name = today;
      days.push({ day: today, profit: 0, percent: null, equity: point.value });
    }
    const now = days.at(-1)!;
    now.equity = point.value;
    now.profit = point.value - before;
    now.percent = before === 0 ? null : (now.profit / before) * 100;
  }
  return days.reverse();
}
