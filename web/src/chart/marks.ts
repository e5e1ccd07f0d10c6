// What is drawn over the candles: fills of ours, open orders and the average price. No I/O.

import type { InstrumentId, Side } from '../protocol';
import { type Facts, remaining } from '../figures/facts';
import { price, quantity, sideWord } from '../figures/words';
import type { KnownFill } from '../tables/fills';
import { type Candle, secondsOf } from './candles';

/** Fills of ours in one candle and on one side. */
export type FillMark = { time: number; side: Side; text: string };

/** Fills that are marked at most: a chart with more is a thicket. */
const MOST_MARKS = 500;

/** Returns the marks of fills, in the order of time: one for each candle and side. */
export function fillMarks(fills: readonly KnownFill[], id: InstrumentId, timeframe: string, candles: readonly Candle[], facts: Facts): FillMark[] {
  const length = secondsOf(timeframe);
  const times = new Set(candles.map((candle) => candle.time));
  const marks = new Map<string, { time: number; side: Side; quantity: KnownFill['fill'][] }>();
  for (const { fill } of fills.slice(-10 * MOST_MARKS)) {
    if (fill.instrument !== id) continue;
    const time = Math.floor(Date.parse(fill.time) / 1_000 / length) * length;
    if (!times.has(time)) continue;
    const key = `${time} ${fill.side}`;
    const mark = marks.get(key) ?? { time, side: fill.side, quantity: [] };
    mark.quantity.push(fill);
    marks.set(key, mark);
  }
  const sorted = [...marks.values()].sort((a, b) => a.time - b.time).slice(-MOST_MARKS);
  return sorted.map(({ time, side, quantity: of }) => ({
    time,
    side,
    text: of.length === 1 ? `${quantity(facts, id, of[0]!.quantity)} @ ${price(facts, id, of[0]!.price)}` : `${of.length} fills`,
  }));
}

/** A price that is marked by a line across the chart. */
export type PriceMark = { key: string; price: number; title: string; kind: 'average' | 'buy' | 'sell' };

/** Returns the open orders and the average price of an instrument. */
export function priceMarks(id: InstrumentId, facts: Facts, orders: boolean): PriceMark[] {
  const marks: PriceMark[] = [];
  const average = facts.position(id)?.avg_price;
  if (average) marks.push({ key: 'average', price: Number(average), title: 'avg', kind: 'average' });
  if (!orders) return marks;
  for (const order of facts.orders.filter((order) => order.instrument === id)) {
    // While it waits for its stop price, that is what matters.
    const stop = order.triggered ? null : order.stop_price;
    const at = stop ?? order.price;
    if (!at) continue;
    const title = `${stop ? 'stop ' : ''}${sideWord(order.side)} ${quantity(facts, id, remaining(order))}`;
    marks.push({ key: order.id, price: Number(at), title, kind: order.side });
  }
  return marks;
}
