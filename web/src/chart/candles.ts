// The bars of one instrument as far as this page has asked for them, and how the last one moves with the quotes. No I/O.

import type { Bar, InstrumentId, Timeframe } from '../protocol';

/** Bars that are asked for at once and kept. */
export const MOST_BARS = 2_000;

/** What a service of an older version, which does not say what it has, is asked for. */
const USUAL = ['1m', '5m', '15m', '1h', '4h', '1d'];

export function timeframesOf(told: readonly Timeframe[] | undefined): readonly Timeframe[] {
  return told && told.length > 0 ? told : USUAL;
}

const UNIT: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Returns the length of a timeframe in seconds. */
export function secondsOf(timeframe: Timeframe): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(timeframe) ?? [];
  return Number(count ?? 1) * (UNIT[unit ?? 'm'] ?? 60);
}

/** A candle: its beginning in seconds, and prices as floats, for drawing alone. */
export type Candle = { time: number; open: number; high: number; low: number; close: number; volume: number };

function candle(bar: Bar): Candle {
  return {
    time: Math.floor(Date.parse(bar.time) / 1_000),
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
    volume: Number(bar.volume),
  };
}

export class Candles {
  readonly instrument: InstrumentId;
  readonly timeframe: Timeframe;
  #bars: Candle[] = [];
  /** The beginning of the newest bar that the service told; what is after it is made from quotes. */
  #told: string | null = null;

  constructor(instrument: InstrumentId, timeframe: Timeframe) {
    this.instrument = instrument;
    this.timeframe = timeframe;
  }

  get all(): readonly Candle[] {
    return this.#bars;
  }

  /** After which time bars are to be asked for: the last one may not have been whole, so it comes again. */
  get after(): string | null {
    return this.#told;
  }

  /** Takes bars in. Returns the place of the first one that changed. */
  take(bars: readonly Bar[]): number {
    const first = bars[0];
    if (!first) return this.#bars.length;
    const from = Math.floor(Date.parse(first.time) / 1_000);
    const kept = this.#bars.findIndex((known) => known.time >= from);
    const place = kept < 0 ? this.#bars.length : kept;
    this.#bars = [...this.#bars.slice(0, place), ...bars.map(candle)];
    this.#told = bars.at(-1)?.time ?? this.#told;
    const surplus = this.#bars.length - MOST_BARS;
    if (surplus > 0) this.#bars = this.#bars.slice(surplus);
    return surplus > 0 ? 0 : place;
  }

  /** Moves the last bar to a price of now, or begins the next one. Returns the bar; null when it moves nothing. */
  quote(time: Date, price: number): Candle | null {
    const length = secondsOf(this.timeframe);
    const start = Math.floor(time.getTime() / 1_000 / length) * length;
    const last = this.#bars.at(-1);
    if (!last || last.time > start) return null;
    if (last.time === start) {
      if (last.close === price) return null;
      const moved = { ...last, close: price, high: Math.max(last.high, price), low: Math.min(last.low, price) };
      this.#bars[this.#bars.length - 1] = moved;
      return moved;
    }
    const next = { time: start, open: price, high: price, low: price, close: price, volume: 0 };
    this.#bars.push(next);
    return next;
  }
}
