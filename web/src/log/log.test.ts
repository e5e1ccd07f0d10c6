import { expect, test } from 'vitest';
import type { Event, LogLevel } from '../protocol';
import { filter } from './filter';
import { counts, linesOf, nextError } from './lines';

test('words, missing words, sources and levels', () => {
  const entry = { text: 'Timeout of OKX', source: 'engine', level: 'warning' as const };
  const cases: [string, LogLevel, boolean][] = [
    ['', 'info', true],
    ['okx time', 'info', true],
    ['okx -time', 'info', false],
    ['@engine', 'info', true],
    ['@strategy', 'info', false],
    ['- @', 'info', true],
    ['', 'error', false],
  ];
  for (const [typed, least, expected] of cases) expect(filter(typed, least)(entry)).toBe(expected);
});

const log = (seq: number, level: LogLevel): Event => ({ seq, time: '2026-03-02T14:00:00Z', fact: { log: { level, source: 'engine', text: `line ${seq}` } } });

test('what the strategy raised is a line of the log, without colours', () => {
  const error: Event = {
    seq: 3,
    time: '2026-03-02T14:00:00Z',
    fact: { error: { cell: null, ename: 'ValueError', evalue: 'no', traceback: ['\u001b[31mFile\u001b[0m'] } },
  };
  const lines = linesOf([log(1, 'info'), error, { seq: 4, time: '2026-03-02T14:00:00Z', fact: { started: { epoch: 2, restored: false } } }]);
  expect(lines.map((line) => `${line.level} ${line.source} ${line.text}`)).toEqual([
    'info engine line 1',
    'error strategy ValueError: no\nFile',
    'info session run begins with a new account (life 2)',
  ]);
  expect(counts(lines)).toEqual({ debug: 0, info: 2, warning: 0, error: 1 });
});

test('the next error is found around the end', () => {
  const lines = linesOf([log(1, 'error'), log(2, 'info'), log(3, 'error'), log(4, 'info')]);
  expect([nextError(lines, 0, 1), nextError(lines, 2, 1), nextError(lines, 0, -1), nextError(lines.slice(1, 2), 0, 1)]).toEqual([2, 0, 2, null]);
});
