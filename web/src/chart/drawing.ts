// A chart of candles on the page: it is told what there is, and changes only what is different.

import type {
  CandlestickData,
  IChartApi,
  IPriceLine,
  ISeriesApi,
  ISeriesMarkersPluginApi,
  MouseEventParams,
  Time,
  UTCTimestamp,
} from 'lightweight-charts';
import type { LinePoint } from '../actions/series';
import type { Zone } from '../figures/format';
import type { Candle } from './candles';
import { type Colours, type Library, colours, grouped, options } from './library';
import type { FillMark, PriceMark } from './marks';

/** A line that the strategy published. */
export type NamedLine = { name: string; points: readonly LinePoint[] };

/** What the crosshair is at; null when it is nowhere. */
export type Under = { time: number; candle: Candle | null; lines: { name: string; value: number }[] } | null;

/** Pixels of a pane below the candles. */
const PANE = 84;

export class Drawing {
  readonly #library: Library;
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<'Candlestick'>;
  readonly #markers: ISeriesMarkersPluginApi<Time>;
  readonly #lines = new Map<string, ISeriesApi<'Line'>>();
  readonly #marks = new Map<string, { line: IPriceLine; said: string }>();
  #volume: ISeriesApi<'Histogram'> | null = null;
  #colours: Colours = colours();
  #volumes: readonly Candle[] = [];
  #shownPrices: readonly PriceMark[] = [];
  #shownFills: readonly FillMark[] = [];

  constructor(library: Library, place: HTMLElement, zone: Zone) {
    this.#library = library;
    this.#chart = library.createChart(place, options(this.#colours, zone));
    this.#candles = this.#chart.addSeries(library.CandlestickSeries, this.#candleLook());
    this.#markers = library.createSeriesMarkers(this.#candles, []);
  }

  #candleLook() {
    const { good, bad } = this.#colours;
    return { upColor: good, borderUpColor: good, wickUpColor: good, downColor: bad, borderDownColor: bad, wickDownColor: bad };
  }

  /** Takes the page's look anew. */
  restyle(zone: Zone): void {
    this.#colours = colours();
    this.#chart.applyOptions(options(this.#colours, zone));
    this.#candles.applyOptions(this.#candleLook());
    this.#volume?.setData(this.#volumes.map((candle) => this.#bar(candle)));
    for (const series of this.#lines.values()) series.applyOptions({ color: this.#colours.accent });
    const [prices, fills] = [this.#shownPrices, this.#shownFills];
    this.prices([]);
    this.prices(prices);
    this.fills(fills);
  }

  /** Shows prices with the digits of their instrument. */
  precise(decimals: number): void {
    this.#candles.applyOptions({ priceFormat: grouped(decimals) });
  }

  /** Shows these candles in place of all. */
  set(candles: readonly Candle[]): void {
    this.#candles.setData(candles.map(point));
    this.#volumes = candles;
    const hasVolume = candles.some((candle) => candle.volume > 0);
    if (hasVolume && !this.#volume) this.#addVolume();
    this.#volume?.setData(candles.map((candle) => this.#bar(candle)));
  }

  /** Shows the end of the candles as it is now; all of them where a candle before the last one changed. */
  update(end: readonly Candle[], all: readonly Candle[]): void {
    const last = this.#candles.data().at(-1)?.time;
    if (end[0] && last !== undefined && end[0].time < Number(last)) return this.set(all);
    for (const candle of end) {
      this.#candles.update(point(candle));
      this.#volume?.update(this.#bar(candle));
    }
  }

  #addVolume(): void {
    const pane = this.#chart.panes().length;
    const series = this.#chart.addSeries(this.#library.HistogramSeries, { priceFormat: { type: 'volume' }, priceLineVisible: false, lastValueVisible: false }, pane);
    this.#volume = series;
    this.#chart.panes()[pane]?.setHeight(PANE * 0.7);
  }

  #bar(candle: Candle) {
    const { good, bad } = this.#colours;
    return { time: candle.time as UTCTimestamp, value: candle.volume, color: `${candle.close >= candle.open ? good : bad}80` };
  }

  /** Shows the newest candles, at a width that can be read. */
  showEnd(count: number): void {
    const visible = Math.max(40, Math.floor(this.#chart.timeScale().width() / 7));
    this.#chart.timeScale().setVisibleLogicalRange({ from: count - visible, to: count + 4 });
  }

  fills(marks: readonly FillMark[]): void {
    const { text } = this.#colours;
    this.#shownFills = marks;
    this.#markers.setMarkers(
      marks.map((mark) => ({
        time: mark.time as UTCTimestamp,
        position: mark.side === 'buy' ? ('belowBar' as const) : ('aboveBar' as const),
        shape: mark.side === 'buy' ? ('arrowUp' as const) : ('arrowDown' as const),
        color: text,
        size: 0.8,
      })),
    );
  }

  prices(marks: readonly PriceMark[]): void {
    const { accent, warn } = this.#colours;
    this.#shownPrices = marks;
    const now = new Map(marks.map((mark) => [mark.key, mark]));
    for (const [key, known] of this.#marks) {
      const mark = now.get(key);
      if (mark && known.said === said(mark)) continue;
      this.#candles.removePriceLine(known.line);
      this.#marks.delete(key);
    }
    for (const mark of marks) {
      if (this.#marks.has(mark.key)) continue;
      const line = this.#candles.createPriceLine({
        price: mark.price,
        title: mark.title,
        color: mark.kind === 'average' ? accent : warn,
        lineWidth: 1,
        lineStyle: mark.kind === 'average' ? 0 : 2,
        axisLabelVisible: true,
      });
      this.#marks.set(mark.key, { line, said: said(mark) });
    }
  }

  /** Shows lines of the strategy, each in a pane of its own. */
  lines(lines: readonly NamedLine[], length: number, from: number): void {
    const names = new Set(lines.map((line) => line.name));
    for (const [name, series] of this.#lines) {
      if (names.has(name)) continue;
      this.#chart.removeSeries(series);
      this.#lines.delete(name);
    }
    for (const { name, points } of lines) {
      let series = this.#lines.get(name);
      if (!series) {
        const pane = this.#chart.panes().length;
        series = this.#chart.addSeries(this.#library.LineSeries, { color: this.#colours.accent, lineWidth: 1, priceLineVisible: false, title: name }, pane);
        this.#chart.panes()[pane]?.setHeight(PANE);
        this.#lines.set(name, series);
      }
      series.setData(lineData(points, length, from));
    }
  }

  /** Tells what the crosshair is at. */
  crosshair(heard: (under: Under) => void): void {
    this.#chart.subscribeCrosshairMove((event: MouseEventParams) => {
      if (event.time === undefined || !event.point) return heard(null);
      const shown = event.seriesData.get(this.#candles) as CandlestickData | undefined;
      const volume = this.#volume && (event.seriesData.get(this.#volume) as { value?: number } | undefined)?.value;
      const candle = shown && 'open' in shown ? { ...shown, time: Number(shown.time), volume: volume ?? 0 } : null;
      const lines = [...this.#lines].flatMap(([name, series]) => {
        const value = (event.seriesData.get(series) as { value?: number } | undefined)?.value;
        return value === undefined ? [] : [{ name, value }];
      });
      heard({ time: Number(event.time) * 1_000, candle, lines });
    });
  }

  remove(): void {
    this.#chart.remove();
  }
}

function point(candle: Candle): CandlestickData<UTCTimestamp> {
  const { open, high, low, close } = candle;
  return { time: candle.time as UTCTimestamp, open, high, low, close };
}

function said(mark: PriceMark): string {
  return `${mark.price} ${mark.title} ${mark.kind}`;
}

/**
 * Returns points as the library takes them: the last of each candle, so that no time is there that has no candle, from the
 * first candle on, and a gap where the line is broken. Lengths and times are in seconds.
 */
export function lineData(points: readonly LinePoint[], length: number, from: number) {
  const data: ({ time: UTCTimestamp; value: number } | { time: UTCTimestamp })[] = [];
  for (const { time, value } of points) {
    const at = (Math.floor(time / 1_000 / length) * length) as UTCTimestamp;
    if (at < from) continue;
    if (data.at(-1)?.time === at) data.pop();
    data.push(value === null ? { time: at } : { time: at, value });
  }
  return data;
}
