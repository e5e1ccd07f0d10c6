// The points of a line that the strategy published, as far as this page has asked for them. For drawing, so in floats. No I/O.

import type { SeriesPoint } from '../protocol';

/** Points that are kept of a line; the oldest go first. */
const MOST_POINTS = 20_000;

export type LinePoint = { time: number; value: number | null };

export class SeriesLine {
  #points: LinePoint[] = [];
  #last: string | null = null;
  /** How many points there were when it was asked for last. */
  #known: number | null = null;

  get points(): readonly LinePoint[] {
    return this.#points;
  }

  /** After which time points are to be asked for. */
  get after(): string | null {
    return this.#last;
  }

  /** Returns whether there is something new, when there are `count` points; it counts as asked for then. */
  want(count: number): boolean {
    if (this.#known === count) return false;
    // A strategy that was created anew begins its lines anew.
    if (this.#known !== null && this.#known > count) {
      this.#points = [];
      this.#last = null;
    }
    this.#known = count;
    return true;
  }

  /** Notes that the question was not answered: it is asked again. */
  failed(): void {
    this.#known = null;
  }

  /** Takes points in. */
  take(points: readonly SeriesPoint[]): void {
    const last = this.#last === null ? -Infinity : Date.parse(this.#last);
    for (const point of points) {
      const time = Date.parse(point.time);
      if (time > last) this.#points.push({ time, value: point.value ?? null });
    }
    this.#last = points.at(-1)?.time ?? this.#last;
    if (this.#points.length > MOST_POINTS) this.#points = this.#points.slice(-MOST_POINTS);
  }
}
