import { expect, test } from 'vitest';
import type { Account } from '../protocol';
import { BTC, ETH, facts, market, position } from '../figures/fixture';
import { unique } from './drawing';
import { EquityLine, drawdown, thinned, underWater, within } from './line';
import { byDay, byInstrument } from './profits';

const account = (exchange: string, equity: string): Account => ({ ...market().accounts[0]!, exchange, equity });
const at = (millisecond: number) => new Date(millisecond);
const sample = (time: number, equity: string) => ({ time: at(time).toISOString(), equity: { A: equity } });

test('accounts are summed from when all are known, and a second has one point', () => {
  const line = new EquityLine();
  line.tell([account('A', '100')], at(1_000));
  line.tell([account('A', '101'), account('B', '50')], at(2_100));
  line.tell([account('A', '102'), account('B', '50')], at(2_900));
  line.tell([account('A', '90')], at(4_000));
  expect(line.points()).toEqual([{ time: 2_000, value: 152 }, { time: 4_000, value: 140 }]);
});

test('what the service remembers comes before what it has told since', () => {
  const line = new EquityLine();
  line.tell([account('A', '103')], at(3_000));
  line.remember([sample(1_000, '100'), sample(3_000, '102')]);
  line.tell([account('A', '104')], at(5_000));
  line.remember([sample(3_000, '7'), sample(4_000, '105')]);
  expect(line.rememberedUntil).toBe(at(4_000).toISOString());
  expect(line.points().map((point) => point.value)).toEqual([100, 102, 105, 104]);
});

test('what was told just before the service remembered does not come after it', () => {
  const line = new EquityLine();
  line.remember([sample(1_000, '100'), sample(5_800, '105')]);
  line.tell([account('A', '104')], at(4_900));
  line.tell([account('A', '106')], at(6_100));
  const times = line.points().map((point) => point.time);
  expect(times).toEqual([1_000, 5_800, 6_000]);
});

test('a drawing gets one point of a second, and never an earlier one after a later', () => {
  const points = [1_000, 2_000, 2_500, 4_000, 3_000, 5_000].map((time, value) => ({ time, value }));
  expect(unique(points).map(({ value }) => value)).toEqual([0, 2, 4, 5]);
});

test('a fall is told from the top before it', () => {
  const points = [100, 110, 99, 120].map((value, place) => ({ time: place * 3_600_000, value }));
  expect(drawdown(points)).toBeCloseTo(-10);
  expect(underWater(points).map((point) => Math.round(point.value))).toEqual([0, 0, -10, 0]);
  expect(drawdown([])).toBeNull();
  expect(within(points, '1h').map((point) => point.value)).toEqual([99, 120]);
  expect(thinned(points, 2).map((point) => point.value)).toEqual([110, 120]);
});

test('each instrument has its profit, less what it cost', () => {
  const held = [{ ...position(BTC, '0.150', '63001'), realized_pnl: '10', fees: '3', funding: '-1' }, { ...position(ETH, '0', '0'), realized_pnl: '5' }];
  expect(byInstrument(facts({ positions: held })).map((profit) => [profit.instrument, profit.total?.toString()])).toEqual([
    [BTC, '158'],
    [ETH, '5'],
  ]);
  const unknown = byInstrument(facts({ positions: held, market: { ...market(), marks: [] } }));
  expect(unknown.find((profit) => profit.instrument === BTC)?.total).toBeNull();
});

test('each day has its profit, from the end of the day before', () => {
  const point = (time: string, value: number) => ({ time: Date.parse(time), value });
  const points = [point('2026-03-01T22:00:00Z', 100), point('2026-03-01T23:59:00Z', 110), point('2026-03-02T01:00:00Z', 99)];
  expect(byDay(points, 'utc').map((day) => [day.day, day.profit, day.percent])).toEqual([
    ['2026-03-02', -11, -10],
    ['2026-03-01', 10, 10],
  ]);
});
