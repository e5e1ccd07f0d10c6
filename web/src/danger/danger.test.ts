import { expect, test } from 'vitest';
import type { Command } from '../protocol';
import { BTC, ETH, facts, order, position, status } from '../figures/fixture';
import { mayGive, verbOf } from './command';
import { legsOf } from './effect';
import { finish, follow, partsOf } from './progress';
import { effect, label, title } from './subject';
import { actionTier, orderTier, tier } from './tier';

test('on paper one step less is asked', () => {
  const cases: [Command, string, string][] = [
    ['flatten', 'press', 'flat'],
    ['restart_kernel', 'press', 'restart'],
    [{ stop: { flatten: true, keep_orders: false } }, 'press', 'stop'],
    [{ close: { instrument: BTC } }, 'press', 'close'],
    [{ cancel_orders: { instrument: null } }, 'nothing', 'press'],
    ['pause', 'nothing', 'press'],
    [{ set_parameter: { name: 'fast', value: 10 } }, 'nothing', 'press'],
    [{ interrupt: { cell: null } }, 'nothing', 'nothing'],
  ];
  const say = (of: ReturnType<typeof tier>) => (of.kind === 'word' ? of.word : of.kind);
  for (const [command, paper, live] of cases) {
    expect([say(tier(command, false)), say(tier(command, true))]).toEqual([paper, live]);
  }
  expect([orderTier([], false), orderTier(['x'], false), orderTier([], true), orderTier(['x'], true), actionTier(true)].map(say)).toEqual([
    'nothing', 'press', 'press', 'send', 'act',
  ]);
});

test('flattening is read back in numbers', () => {
  const said = effect('flatten', facts());
  expect(said.lines).toEqual(['cancels 2 orders, then closes 2 positions at market']);
  expect(said.legs.map((leg) => `${leg.label} ${leg.side} ${leg.quantity} ~${leg.value} spread ${leg.spread}`)).toEqual([
    'BTCUSDT SELL 0.150 ~9,600 spread 0.00%',
    'ETHUSDT BUY 2.000 ~6,401 spread 0.03%',
  ]);
  // 16,001.15 at five hundredths of a percent; 0.15 times 1 and 2 times a half.
  expect(said.cost).toBe('est. cost: fees 8.00 + spread 1.15 USDT');
  expect(said.after).toEqual(['strategy will be PAUSED afterwards, until it is resumed']);
  expect(title('flatten', facts({ status: status('live') }))).toBe('FLATTEN ALL — LIVE — momentum');
});

test('an unknown price makes the cost unknown, not smaller', () => {
  const market = { ...facts().market!, marks: [], quotes: [] };
  expect(effect('flatten', facts({ market })).cost).toBe('est. cost: fees – + spread – USDT');
});

test('every other verb says what it leads to', () => {
  const cases: [Command, string[]][] = [
    [{ cancel_order: { order: 'gone' } }, ['the order is not open any more']],
    [{ cancel_orders: { instrument: ETH } }, ['cancels 1 order of ETHUSDT', 'ETHUSDT SELL LIMIT 2.000 @ 3,300.00  (op1@pts/0)']],
    [{ close: { instrument: 'SIM:X' } }, ['X is flat by now']],
    [{ modify: { order: 'q1', price: '63950', stop_price: null, quantity: null } }, ['BTCUSDT BUY LIMIT 0.100 @ 63,900.0  (strategy)', 'price → 63950']],
    [{ stop: { flatten: false, keep_orders: true } }, ['2 orders and 2 positions stay as they are']],
    [{ stop: { flatten: false, keep_orders: false } }, ['cancels 2 orders; 2 positions stay as they are']],
  ];
  for (const [command, lines] of cases) expect(effect(command, facts()).lines).toEqual(lines);
  expect(label({ stop: { flatten: true, keep_orders: false } })).toBe('Flatten and stop');
  expect([verbOf('restart_kernel'), verbOf({ cancel_orders: { instrument: null } })]).toEqual(['restart', 'cancel orders']);
  expect([mayGive('viewer', 'pause'), mayGive('trader', 'flatten'), mayGive('trader', 'stop'), mayGive('admin', 'stop')]).toEqual([
    false, true, false, true,
  ]);
});

test('the parts of a flatten are followed until each is over', () => {
  const now = facts();
  let parts: ReturnType<typeof follow> = partsOf(legsOf('flatten', now), now);
  expect(parts.map((part) => `${part.label}: ${part.text}`)).toEqual([
    'cancel BTCUSDT BUY 0.100: waiting',
    'cancel ETHUSDT SELL 2.000: waiting',
    'close BTCUSDT: 0.150 to close',
    'close ETHUSDT: 2.000 to close',
  ]);
  parts = follow(parts, 'c1', { order: { row: 1, order: order('q1', { status: 'cancelled' }) } }, now);
  const fill = {
    trade_id: 't', order: 'q9', instrument: BTC, side: 'sell' as const, quantity: '0.15', price: '64000', fee: '0', liquidity: 'taker' as const,
    time: '2026-03-02T14:00:01Z', author: 'op1',
  };
  parts = follow(parts, 'c1', { fill: { row: 2, fill, position: position(BTC, '0', '0') } }, now);
  const refused = order('q8', { instrument: ETH, status: 'rejected', cause: 'c1', reason: 'no quote' });
  parts = follow(parts, 'c1', { order: { row: 3, order: refused } }, now);
  parts = finish(parts, 'failed');
  expect(parts.map((part) => `${part.state} ${part.text}`)).toEqual([
    'done cancelled',
    'failed not done (waiting)',
    'done flat @ 64,000.0',
    'failed no quote',
  ]);
});
