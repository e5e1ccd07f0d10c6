// The equity over time: what the service remembers, and what it has told since. For drawing, so in floats. No I/O.

import type { Account, EquitySample } from '../protocol';

/** A time in milliseconds, and a value then. */
export type Point = { time: number; value: number };

/** The stretches of time that can be looked at, in milliseconds; the last one is everything. */
export const RANGES = [
  ['1h', 3_600_000],
  ['4h', 14_400_000],
  ['1d', 86_400_000],
  ['7d', 604_800_000],
  ['all', null],
] as const;

export type Range = (typeof RANGES)[number][0];

/** Points that are kept of one account; the oldest go first. */
const MOST_POINTS = 50_000;

type Line = { remembered: Point[]; told: Point[] };

export class EquityLine {
  readonly #accounts = new Map<string, Line>();
  /** Until when what the service remembers is known, as it said it. */
  #until: string | null = null;

  get rememberedUntil(): string | null {
    return this.#until;
  }

  /** Takes in what the accounts are worth now. Returns whether a line got another point. */
  tell(accounts: readonly Account[], time: Date): boolean {
    // A point a second is more than an eye can tell apart.
    const second = Math.floor(time.getTime() / 1_000) * 1_000;
    let grew = false;
    for (const account of accounts) {
      const { told, remembered } = this.#line(account.exchange);
      const last = told.at(-1);
      const value = Number(account.equity);
      // What is remembered ends with the moment of the question, which what was told just before it may be older than.
      if (!last && second <= (remembered.at(-1)?.time ?? -Infinity)) continue;
      if (last && last.time >= second) last.value = value;
      else {
        told.push({ time: second, value });
        grew = true;
      }
      if (told.length > MOST_POINTS) told.splice(0, told.length - MOST_POINTS);
    }
    return grew;
  }

  /** Takes in what the service remembers. */
  remember(samples: readonly EquitySample[]): void {
    const until = this.#until === null ? -Infinity : Date.parse(this.#until);
    for (const sample of samples) {
      const time = Date.parse(sample.time);
      if (time <= until) continue;
      for (const [exchange, equity] of Object.entries(sample.equity)) {
        if (equity !== undefined) this.#line(exchange).remembered.push({ time, value: Number(equity) });
      }
    }
    const last = samples.at(-1)?.time;
    if (last && Date.parse(last) > until) this.#until = last;
    for (const line of this.#accounts.values()) {
      // What was told up to there is remembered now.
      const end = line.remembered.at(-1)?.time ?? -Infinity;
      line.told = line.told.filter((point) => point.time > end);
      if (line.remembered.length > MOST_POINTS) line.remembered.splice(0, line.remembered.length - MOST_POINTS);
    }
  }

  /** Returns the points of all accounts together, oldest first. Before all accounts are known there is no sum. */
  points(): Point[] {
    const lines = [...this.#accounts.values()];
    const changes = lines.flatMap((line, place) => [...line.remembered, ...line.told].map((point) => ({ ...point, place })));
    if (lines.length > 1) changes.sort((a, b) => a.time - b.time);
    const now: (number | undefined)[] = lines.map(() => undefined);
    const points: Point[] = [];
    for (const { time, value, place } of changes) {
      now[place] = value;
      if (now.includes(undefined)) continue;
      const sum = now.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      const last = points.at(-1);
      if (last && last.time === time) last.value = sum;
      else points.push({ time, value: sum });
    }
    return points;
  }

  #line(exchange: string): Line {
    let line = this.#accounts.get(exchange);
    if (!line) this.#accounts.set(exchange, (line = { remembered: [], told: [] }));
    return line;
  }
}

/** Returns the part of the points in a stretch of time that ends with the last one. */
export function within(points: readonly Point[], range: Range): readonly Point[] {
  const length = RANGES.find(([name]) => name === range)?.[1];
  const last = points.at(-1);
  if (!last || length == null) return points;
  const first = points.findIndex((point) => point.time >= last.time - length);
  return points.slice(Math.max(0, first));
}

/** Returns how far below its highest value before each point is, in percent: zero or negative. */
export function underWater(points: readonly Point[]): Point[] {
  let top = -Infinity;
  return points.map(({ time, value }) => {
    top = Math.max(top, value);
    return { time, value: top > 0 ? (value / top - 1) * 100 : 0 };
  });
}

/** Returns the deepest fall from a top, in percent; null where there is nothing to fall from. */
export function drawdown(points: readonly Point[]): number | null {
  return points.length === 0 ? null : underWater(points).reduce((deepest, point) => Math.min(deepest, point.value), 0);
}

/** Returns at most so many points, the last of each stretch of equal length, for a small drawing. */
export function thinned(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  const step = points.length / most;
  return Array.from({ length: most }, (_, place) => points[Math.min(points.length - 1, Math.ceil((place + 1) * step) - 1)]!);
}
