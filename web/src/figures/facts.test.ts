import { expect, test } from 'vitest';
import { engineTime, gain, spread } from './facts';
import { BTC, ETH, facts, market, order } from './fixture';
import { describeOrder, price, quantity, sayOrder } from './words';

test('a number has the digits of its instrument', () => {
  expect(price(facts(), BTC, '64000')).toBe('64,000.0');
  expect(price(facts(), ETH, '3200.128897')).toBe('3,200.13');
  expect(price(facts(), 'SIM:OTHER', '0.0125')).toBe('0.0125');
  expect(quantity(facts(), ETH, '2')).toBe('2.000');
  expect(price(facts(), BTC, null)).toBe('–');
});

test('an order is said as people say it', () => {
  const base = { instrument: 'X:BTCUSDT', side: 'buy' as const, quantity: '0.50' };
  expect(sayOrder(base)).toBe('BUY 0.50 BTCUSDT MARKET');
  expect(sayOrder({ ...base, side: 'sell', price: '101.5', post_only: true })).toBe('SELL 0.50 BTCUSDT LIMIT 101.5, post-only');
  expect(sayOrder({ ...base, price: '102', stop_price: '101', time_in_force: 'ioc' })).toBe(
    'BUY 0.50 BTCUSDT STOP LIMIT 102, stop 101, IOC',
  );
  expect(describeOrder(order('q', { filled: '0.04' }), facts())).toBe('BTCUSDT BUY LIMIT 0.060 @ 63,900.0  (strategy)');
});

test('a name is as short as it may be', () => {
  expect(facts().label(BTC)).toBe('BTCUSDT');
  const status = facts().status!;
  const twice = { ...status, info: { ...status.info, instruments: [...status.info.instruments, { ...status.info.instruments[0]!, id: 'OKX:BTCUSDT' }] } };
  expect(facts({ status: twice }).label(BTC)).toBe(BTC);
});

test('what is stale or comes over a lost link is old', () => {
  expect(facts().isOld(BTC)).toBe(false);
  expect(facts({ connected: false }).isOld(BTC)).toBe(true);
  const stale = { ...market(), stale: [{ instrument: BTC, since: '2026-03-02T13:59:00Z' }] };
  expect([BTC, ETH].map((id) => facts({ market: stale }).isOld(id))).toEqual([true, false]);
});

test('the day has its gain, and a quote its spread', () => {
  const { money, percent, today } = gain(market().accounts[0]!);
  expect([money.toString(), percent?.toString(), today]).toEqual(['1000', '1', true]);
  expect(spread(market().quotes[0]!)?.toFixed(4)).toBe('0.0031');
});

test('the engine goes on between two words of it, but not in a replay', () => {
  const [received, now] = [new Date('2026-03-02T15:00:00Z'), new Date('2026-03-02T15:00:03Z')];
  expect(engineTime(market(), received, now).toISOString()).toBe('2026-03-02T14:00:03.000Z');
  const replay = { ...market(), replay: { fraction: 0.5, speed: '1', finished: false } };
  expect(engineTime(replay, received, now).toISOString()).toBe('2026-03-02T14:00:00.000Z');
});
