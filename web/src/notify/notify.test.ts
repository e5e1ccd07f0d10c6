import { expect, test } from 'vitest';
import type { Event } from '../protocol';
import { facts, market, status } from '../figures/fixture';
import { badge, picture, title } from './badge';
import { Notifier } from './notifier';

const error = (text: string): Event => ({ seq: 1, time: '2026-03-02T14:00:00Z', fact: { log: { level: 'error', source: 'engine', text } } });
const all = { fills: true, errors: true };

test('who does not look is called once for a burst, and not too often', () => {
  const notifier = new Notifier();
  expect(notifier.take(true, 0)).toBeNull();
  notifier.event(error('one'), all, 0);
  notifier.event(error('two\nmore'), all, 0);
  expect(notifier.take(true, 500)).toBeNull();
  expect(notifier.take(true, 1_000)).toBe('2 errors; engine: two');
  notifier.event(error('three'), all, 2_000);
  expect([notifier.take(true, 10_000), notifier.take(true, 11_000)]).toEqual([null, 'engine: three']);
  notifier.event(error('four'), all, 20_000);
  expect([notifier.take(false, 40_000), notifier.due]).toEqual([null, null]);
  notifier.event(error('five'), { ...all, errors: false }, 50_000);
  expect(notifier.due).toBeNull();
});

test('the title says mode, open profit and name', () => {
  expect(title(facts({ status: status('live') }), 0)).toBe('● LIVE +149.00 momentum');
  expect(title(facts({ positions: [] }), 3)).toBe('(3) PAPER momentum');
  expect(title(facts({ status: null }), 0)).toBe('qubx');
  const unknown = { ...market(), accounts: [{ ...market().accounts[0]!, unrealized_pnl: null }] };
  expect(title(facts({ market: unknown }), 0)).toBe('PAPER momentum');
});

test('the picture shows a gain and a loss in another shape', () => {
  expect(badge(facts(), 0)).toEqual({ mode: 'paper', profit: 'good', unread: false });
  const shapes = (['good', 'bad', 'plain'] as const).map((profit) => picture({ mode: 'live', profit, unread: true }));
  expect(new Set(shapes).size).toBe(3);
});
