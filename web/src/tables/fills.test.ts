import { expect, test } from 'vitest';
import type { Event } from '../protocol';
import { BTC, position } from '../figures/fixture';
import { FillReader, restartsOf } from './fills';

function fill(seq: number, side: 'buy' | 'sell', quantity: string, after: string, realized: string): Event {
  const time = '2026-03-02T14:00:00Z';
  return {
    seq,
    time,
    fact: {
      fill: {
        row: seq,
        fill: { trade_id: `t${seq}`, order: 'q', instrument: BTC, side, quantity, price: '1', fee: '0', liquidity: 'taker', time, author: 'strategy' },
        position: { ...position(BTC, after, '1'), realized_pnl: realized },
      },
    },
  };
}

const realizedOf = (events: Event[], restarts: number[] = []) =>
  new FillReader().read(events, restarts).map((known) => known.realized?.toString() ?? null);

test('what a fill realized is the difference to what came before it', () => {
  expect(realizedOf([fill(5, 'buy', '2', '2', '10'), fill(6, 'sell', '1', '1', '14'), fill(7, 'sell', '3', '-2', '12')])).toEqual(['0', '4', '-2']);
});

test('what closed something before anything is known realized an unknown sum', () => {
  expect(realizedOf([fill(5, 'sell', '1', '1', '14')])).toEqual([null]);
  expect(realizedOf([fill(5, 'sell', '1', '0', '14')], [2])).toEqual(['14']);
});

test('an account that begins anew has realized nothing', () => {
  const started = (restored: boolean): Event => ({ seq: 6, time: '2026-03-02T14:00:00Z', fact: { started: { epoch: 2, restored } } });
  expect(restartsOf([started(true)])).toEqual([]);
  expect(realizedOf([fill(5, 'buy', '1', '1', '9'), fill(7, 'sell', '1', '0', '3')], restartsOf([started(false)]))).toEqual(['0', '3']);
});

test('it goes on where it stopped', () => {
  const reader = new FillReader();
  const realized = (events: Event[], restarts: number[] = []) => reader.read(events, restarts).map((known) => known.realized?.toString() ?? null);
  expect(realized([fill(5, 'buy', '1', '1', '9')], [8])).toEqual(['0']);
  expect(realized([fill(7, 'sell', '1', '0', '12'), fill(9, 'sell', '1', '0', '3')])).toEqual(['3', '3']);
});
