// The one place that names the charting library, so that it is loaded when a chart is first shown and not before.

import type { DeepPartial, ChartOptions, Time, UTCTimestamp } from 'lightweight-charts';
import type { Zone } from '../figures/format';
import { decimal } from '../figures/decimal';
import { clock, moment, number } from '../figures/format';

export type Library = typeof import('lightweight-charts');

let library: Promise<Library> | null = null;

/** Loads the library, once. */
export async function loadLibrary(): Promise<Library> {
  library ??= import('lightweight-charts');
  try {
    return await library;
  } catch (error) {
    // The next chart tries again.
    library = null;
    throw error;
  }
}

export type Colours = Record<'text' | 'dim' | 'line' | 'panel' | 'accent' | 'good' | 'bad' | 'warn', string>;

/** Returns the page's colours as they are now. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'),
    dim: read('dim'),
    line: read('line'),
    panel: read('panel'),
    accent: read('accent'),
    good: read('good'),
    bad: read('bad'),
    warn: read('warn'),
  };
}

/** Returns how values are written on an axis: with so many digits after the point, and thousands grouped. */
export function grouped(decimals: number) {
  const formatter = (value: number) => number(decimal(value.toFixed(decimals)), decimals);
  return { type: 'custom' as const, formatter, minMove: 10 ** -decimals };
}

export function seconds(milliseconds: number): UTCTimestamp {
  return Math.floor(milliseconds / 1_000) as UTCTimestamp;
}

/** Returns the looks that all charts share. Times stand in the chosen zone, and the crosshair's in full. */
export function options(colours: Colours, zone: Zone): DeepPartial<ChartOptions> {
  const date = (time: Time) => new Date(Number(time) * 1_000);
  return {
    autoSize: true,
    layout: {
      background: { color: 'transparent' },
      textColor: colours.dim,
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
      // The attribution stands in the dialog about the page.
      attributionLogo: false,
      panes: { separatorColor: colours.line, separatorHoverColor: colours.line },
    },
    grid: { vertLines: { color: `${colours.line}55` }, horzLines: { color: `${colours.line}55` } },
    rightPriceScale: { borderColor: colours.line },
    timeScale: {
      borderColor: colours.line,
      timeVisible: true,
      // Where the marks are that close.
      secondsVisible: true,
      rightOffset: 4,
      tickMarkFormatter: (time: Time, kind: number) => {
        const text = moment(date(time), zone);
        if (kind <= 0) return text.slice(0, 4);
        return kind <= 2 ? text.slice(5, 10) : clock(date(time), zone).replace(/^(\d+:\d+):00$/, '$1');
      },
    },
    localization: { timeFormatter: (time: Time) => moment(date(time), zone) },
    crosshair: { mode: 0, vertLine: { color: colours.dim, labelBackgroundColor: colours.line }, horzLine: { color: colours.dim, labelBackgroundColor: colours.line } },
  };
}
