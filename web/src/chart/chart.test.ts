import { expect, test } from 'vitest';
import type { Bar } from '../protocol';
import { BTC, facts, order, position } from '../figures/fixture';
import type { KnownFill } from '../tables/fills';
import { Candles, secondsOf, timeframesOf } from './candles';
import { lineData } from './drawing';
import { fillMarks, priceMarks } from './marks';

const bar = (second: number, close: string): Bar => ({
  instrument: BTC,
  timeframe: '1m',
  time: new Date(second * 1_000).toISOString(),
  open: close,
  high: close,
  low: close,
  close,
  volume: '0',
  quotes: 1,
});

test('only new bars are asked for, and the last one is replaced', () => {
  const candles = new Candles(BTC, '1m');
  expect(candles.after).toBeNull();
  expect(candles.take([bar(0, '1'), bar(60, '2')])).toBe(0);
  expect(candles.after).toBe(new Date(60_000).toISOString());
  expect(candles.take([bar(60, '3'), bar(120, '4')])).toBe(1);
  expect(candles.all.map((candle) => candle.close)).toEqual([1, 3, 4]);
  expect(candles.take([])).toBe(3);
});

test('the last bar moves with the price, and a new one begins when it is time', () => {
  const candles = new Candles(BTC, '1m');
  expect(candles.quote(new Date(60_000), 1)).toBeNull();
  candles.take([bar(60, '10')]);
  const quote = (second: number, price: number) => candles.quote(new Date(second * 1_000), price);
  expect(quote(119, 12)).toMatchObject({ time: 60, high: 12, low: 10, close: 12 });
  expect(quote(120, 9)).toMatchObject({ time: 120, open: 9 });
  expect(quote(30, 1)).toBeNull();
  expect(candles.all.length).toBe(2);
});

test('timeframes are those that the service has', () => {
  expect(timeframesOf(['1m', '4h'])).toEqual(['1m', '4h']);
  expect(timeframesOf([])[0]).toBe('1m');
  expect(['1m', '15m', '4h', '1d'].map(secondsOf)).toEqual([60, 900, 14_400, 86_400]);
});

test('fills of one candle are one mark, and orders and the average price are lines', () => {
  const fill = (second: number, side: 'buy' | 'sell'): KnownFill => ({
    seq: second,
    fill: {
      trade_id: `t${second}`, order: 'q', instrument: BTC, side, quantity: '0.05', price: '64000', fee: '0', liquidity: 'maker',
      time: new Date(second * 1_000).toISOString(), author: 'strategy',
    },
    position: position(BTC, '1', '1'),
    realized: null,
  });
  const candles = new Candles(BTC, '1m');
  candles.take([bar(0, '1'), bar(60, '2')]);
  const fills = [fill(1, 'buy'), fill(61, 'sell'), fill(62, 'sell'), fill(600, 'buy')];
  expect(fillMarks(fills, BTC, '1m', candles.all, facts())).toEqual([
    { time: 0, side: 'buy', text: '0.050 @ 64,000.0' },
    { time: 60, side: 'sell', text: '2 fills' },
  ]);
  const orders = [order('q1'), order('q2', { type: 'stop', price: null, stop_price: '60000', side: 'sell' })];
  expect(priceMarks(BTC, facts({ orders }), true).map((mark) => `${mark.title} ${mark.price} ${mark.kind}`)).toEqual([
    'avg 63001 average',
    'BUY 0.100 63900 buy',
    'stop SELL 0.100 60000 sell',
  ]);
});

test('a line has a point for each candle, and a gap where it is broken', () => {
  const points = [[30, 1], [61, 2], [119, 3], [125, null], [181, 4]].map(([second, value]) => ({ time: second! * 1_000, value: value ?? null }));
  expect(lineData(points, 60, 60)).toEqual([{ time: 60, value: 3 }, { time: 120 }, { time: 180, value: 4 }]);
});
