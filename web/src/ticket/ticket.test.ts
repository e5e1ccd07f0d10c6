import { expect, test } from 'vitest';
import { BTC, ETH, facts, order, position, status } from '../figures/fixture';
import { preview } from './preview';
import { type Ticket, changing, commandOf, fresh, like, reducing } from './ticket';

const ticket = (changes: Partial<Ticket> = {}): Ticket => ({ ...fresh(BTC, facts()), ...changes });

test('a fresh ticket rests at the best bid, and one that reduces sells all of a long', () => {
  expect(ticket()).toMatchObject({ side: 'buy', type: 'limit', price: '64000', amount: '' });
  expect(reducing(position(BTC, '0.150', '63001'), facts())).toMatchObject({ side: 'sell', price: '64002', amount: '0.15', reduceOnly: true });
});

test('an amount in any unit becomes whole lots', () => {
  const cases: [Ticket['unit'], string, string][] = [
    ['quantity', '0.5', '0.5'],
    ['notional', '6423', '0.1'],
    ['percent', '6.4', '0.101'],
    ['leverage', '0.5', '0.789'],
  ];
  for (const [unit, amount, quantity] of cases) {
    expect(commandOf(ticket({ unit, amount }), facts())).toMatchObject({ ok: { place: { quantity } } });
  }
});

test('what is missing is told with its field', () => {
  const cases: [Partial<Ticket>, string, string][] = [
    [{}, 'amount', 'is missing'],
    [{ amount: '1e5' }, 'amount', 'is not a number'],
    [{ amount: '0' }, 'amount', 'must be more than zero'],
    [{ amount: '1', price: '' }, 'price', 'is missing'],
    [{ amount: '1', type: 'stop' }, 'stopPrice', 'is missing'],
    [{ amount: '1', unit: 'notional' }, 'amount', 'is less than one lot'],
  ];
  for (const [changes, field, text] of cases) expect(commandOf(ticket(changes), facts())).toEqual({ problem: { field, text } });
});

test('only what differs is changed', () => {
  const change = changing(order('q1'));
  expect(commandOf(change, facts())).toEqual({ problem: { field: 'amount', text: 'nothing is changed yet' } });
  expect(commandOf({ ...change, price: '63950' }, facts())).toEqual({
    ok: { modify: { order: 'q1', price: '63950', stop_price: null, quantity: null } },
  });
  expect(commandOf(changing(order('gone')), facts())).toMatchObject({ problem: { text: 'the order is not open any more' } });
  expect(like(order('q1')).changes).toBeNull();
});

test('the preview says what becomes of position, leverage, fee and margin', () => {
  const made = preview(ticket({ amount: '0.1' }), facts());
  expect(made.notional?.toString()).toBe('6400');
  expect([made.position.before, made.position.after].map(String)).toEqual(['0.15', '0.25']);
  expect(made.gross.after?.toFixed(4)).toBe('0.2218');
  expect([made.rests, made.fee?.toString(), made.margin?.toFixed(2)]).toEqual([true, '1.28', '2133.33']);
  expect(made.warnings).toEqual([]);
  const market = preview(ticket({ amount: '0.1', type: 'market', side: 'sell', reduceOnly: true }), facts());
  expect([market.rests, market.fee?.toString(), market.position.after.toString(), market.margin]).toEqual([false, '3.2', '0.05', null]);
});

test('slips are warned of', () => {
  const limited = status();
  limited.info.limits = { order_notional: '5000', gross_leverage: '0.2' };
  const cases: [Partial<Ticket>, Parameters<typeof facts>[0], string[]][] = [
    [{ amount: '0.1' }, { status: limited }, ['above the limit order_notional: 6,400 of 5,000', 'above the limit gross_leverage: 0.22× of 0.20×']],
    [{ amount: '0.00005' }, {}, ['worth less than the exchange takes: 3 of 5']],
    [{ amount: '1' }, {}, ['worth 63% of the equity']],
    [{ amount: '0.01', price: '6400' }, {}, ['90.0% below the market']],
    [{ amount: '0.01' }, { connected: false }, ['the quote is old']],
    [{ amount: '0.01', reduceOnly: true }, {}, ['reduce-only, and it would reduce nothing']],
    [{ amount: '0.01' }, { status: { ...status(), paused: true } }, ['trading is paused: it would be refused']],
    [{ amount: '2', instrument: ETH, side: 'buy', price: '3200' }, {}, []],
  ];
  for (const [changes, told, expected] of cases) expect(preview(ticket(changes), facts(told)).warnings).toEqual(expected);
});
