import { expect, test } from 'vitest';
import { decimal } from './decimal';
import * as format from './format';

test('numbers are grouped and signed', () => {
  const cases: [string, number, format.Sign, string][] = [
    ['1234567.891', 2, 'minus', '1,234,567.89'],
    ['-0.001', 2, 'both', '0.00'],
    ['-42.1', 2, 'both', '−42.10'],
    ['42.1', 2, 'both', '+42.10'],
    ['999', 0, 'minus', '999'],
    ['1000', 1, 'minus', '1,000.0'],
    ['0.125', 2, 'minus', '0.12'],
    ['123456789012345678.5', 1, 'minus', '123,456,789,012,345,678.5'],
  ];
  for (const [value, decimals, sign, expected] of cases) expect(format.number(decimal(value), decimals, sign)).toBe(expected);
});

test('numbers have the digits of their step and lose none', () => {
  const cases: [string, number, string][] = [
    ['64102.1', 2, '64,102.10'],
    ['64102.12345', 2, '64,102.12345'],
    ['1.500', 0, '1.5'],
    ['-0.25', 0, '−0.25'],
  ];
  for (const [value, least, expected] of cases) expect(format.exact(decimal(value), least)).toBe(expected);
});

test('a profit has a sign and a glyph, and less than half a cent is none', () => {
  expect(format.profit(decimal('19.65'))).toBe('▲+19.65');
  expect(format.profit(decimal('-16'))).toBe('▼−16.00');
  expect(format.profit(decimal('0.004'))).toBe('0.00');
  expect(format.profit(null)).toBe('–');
});

test('a time of another day has its date', () => {
  const now = new Date('2026-03-02T14:00:00Z');
  const stamp = (time: string) => format.stamp(new Date(time), now);
  expect(stamp('2026-03-02T23:59:59Z')).toBe('23:59:59');
  expect(stamp('2026-03-01T23:59:59Z')).toBe('03-01 23:59:59');
  expect(stamp('2024-03-02T08:00:00Z')).toBe('2024-03-02 08:00:00');
});

test('durations are short', () => {
  expect([7_000, 3_723_000].map(format.stopwatch)).toEqual(['00:07', '1:02:03']);
  expect([120, 9_000, 59_000, 3_599_000, 90_000_000].map(format.age)).toEqual(['0.1s', '9.0s', '59s', '59m', '1d']);
  expect([312, 4_000, 3_200_000].map(format.bytes)).toEqual(['312 B', '4.0 KB', '3.2 MB']);
  expect([0.012, 3.14, 12, 3_400, 130_000].map(format.runTime)).toEqual(['12 µs', '3.1 ms', '12 ms', '3.4 s', '02:10']);
  expect([1, 2, 3, 11, 22].map(format.ordinal)).toEqual(['1st', '2nd', '3rd', '11th', '22nd']);
});

test('values are read as people write them', () => {
  const cases: [unknown, string][] = [
    [null, '–'],
    [true, 'yes'],
    [12345, '12,345'],
    [0.5, '0.5'],
    [-1.25, '−1.25'],
    [64102.123456, '64,102.12'],
    [0.000012, '1.200e−5'],
    ['a', 'a'],
    [[1, 2], '[1,2]'],
  ];
  for (const [value, expected] of cases) expect(format.json(value)).toBe(expected);
});
