// The equity as a baseline chart, with a pane below for how far it is under its highest value.

import type { IChartApi, ISeriesApi } from 'lightweight-charts';
import { type Library, colours, grouped, options, seconds } from '../chart/library';
import type { Zone } from '../figures/format';
import { type Point, thinned, underWater } from './line';

/** Points that are drawn: more than any screen has pixels. */
const MOST_DRAWN = 3_000;

export class EquityDrawing {
  readonly #chart: IChartApi;
  readonly #line: ISeriesApi<'Baseline'>;
  readonly #fall: ISeriesApi<'Area'>;
  #first: number | null = null;

  constructor(library: Library, place: HTMLElement, zone: Zone) {
    this.#chart = library.createChart(place, options(colours(), zone));
    this.#line = this.#chart.addSeries(library.BaselineSeries, { lineWidth: 2, priceLineVisible: false, priceFormat: grouped(2) });
    this.#fall = this.#chart.addSeries(
      library.AreaSeries,
      { lineWidth: 1, priceLineVisible: false, lastValueVisible: false, priceFormat: { type: 'percent' } },
      1,
    );
    this.#chart.panes()[0]?.setStretchFactor(3);
    this.#chart.panes()[1]?.setStretchFactor(1);
    this.restyle(zone);
  }

  restyle(zone: Zone): void {
    const look = colours();
    this.#chart.applyOptions(options(look, zone));
    this.#line.applyOptions({
      topLineColor: look.good,
      topFillColor1: `${look.good}40`,
      topFillColor2: `${look.good}08`,
      bottomLineColor: look.bad,
      bottomFillColor1: `${look.bad}08`,
      bottomFillColor2: `${look.bad}40`,
    });
    this.#fall.applyOptions({ lineColor: look.bad, topColor: `${look.bad}08`, bottomColor: `${look.bad}40`, invertFilledArea: true });
  }

  /** Shows these points; what is above the first one is a gain. */
  set(points: readonly Point[]): void {
    const drawn = unique(thinned(points, MOST_DRAWN));
    const first = drawn[0];
    this.#line.applyOptions({ baseValue: { type: 'price', price: first?.value ?? 0 } });
    this.#line.setData(drawn.map(({ time, value }) => ({ time: seconds(time), value })));
    this.#fall.setData(underWater(drawn).map(({ time, value }) => ({ time: seconds(time), value })));
    // Another stretch is shown whole; a longer one is not moved under the hand.
    if (first?.time !== this.#first) this.#chart.timeScale().fitContent();
    this.#first = first?.time ?? null;
  }

  remove(): void {
    this.#chart.remove();
  }
}

/** Returns the last point of each second, in order: the library takes no other points, and draws nothing any more if it gets them. */
export function unique(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    while (kept.length > 0 && seconds(kept.at(-1)!.time) >= seconds(point.time)) kept.pop();
    kept.push(point);
  }
  return kept;
}
