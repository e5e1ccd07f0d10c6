import { expect, test } from 'vitest';
import type { Event, Fact, LogLevel, Order, OrderStatus, OutputContent } from '../protocol';
import { apply, emptyState } from '../session/apply';
import { allEvents } from '../session/history';
import { hasWords, shows } from './filter';
import { cameSince } from './left';
import { seam } from './older';
import { rowsOf } from './rows';
import { Entries } from './take';

/** A session whose events are taken one by one, and kept as a service keeps them. */
class Live {
  readonly state;
  readonly entries = new Entries();
  readonly log: Event[] = [];

  constructor(limit = 100) {
    this.state = emptyState('log', limit);
  }
  event(fact: Fact): void {
    const event: Event = { seq: this.state.head + 1, time: '2026-03-02T12:00:00Z', fact };
    apply(this.state, event);
    this.entries.take(event);
    this.entries.placeInQueue(this.state);
    this.log.push(event);
  }
  cell(cell: number): void {
    this.event({ cell: { cell, code: `cell_${cell}()`, author: 'op1' } });
    this.event({ cell_started: { cell, execution_count: cell } });
  }
  show(cell: number | null, content: OutputContent): void {
    this.event({ output: { cell, content } });
  }
  print(cell: number | null, text: string): void {
    this.show(cell, { stream: { stream: 'stdout', text } });
  }
  finish(cell: number): void {
    this.event({ cell_finished: { cell, status: 'ok', duration_ms: 5 } });
  }
}

/** Returns what is shown, in words. */
function shown(entries: Entries): string[] {
  return entries.list.flatMap((entry) =>
    rowsOf(entry).map((row) => {
      if (row.kind === 'text') return row.piece.text.split('\n').slice(row.from, row.to ?? undefined).join('\n').trimEnd();
      if (row.kind === 'line' && entry.body.kind === 'line') return `${entry.body.label} ${entry.body.text}`;
      if (row.kind === 'more') return `more ${row.hidden}`;
      if (row.kind === 'head' && entry.body.kind === 'cell') return `${entry.body.code} ${entry.body.phase.kind}`;
      if (row.kind === 'result') return `result ${row.form?.kind === 'text' ? row.form.text : ''}`;
      return row.kind;
    }),
  );
}

function snapshotOf(live: Live): Entries {
  const entries = new Entries();
  for (const event of allEvents(live.state.history)) entries.take(event);
  entries.placeInQueue(live.state);
  return entries;
}

const ORDER: Order = {
  id: 'o1',
  instrument: 'binance:BTCUSDT',
  side: 'buy',
  type: 'limit',
  quantity: '0.1',
  filled: '0',
  price: '63900',
  time_in_force: 'gtc',
  status: 'new',
  author: 'strategy',
  created_at: '2026-03-02T12:00:00Z',
};

const value = (text: string, display: string | null = null, update = false, result = false): OutputContent => ({
  data: { data: { 'text/plain': text }, result, display, update },
});

test('the same events show the same, one by one and in a snapshot', () => {
  const live = new Live();
  live.cell(1);
  live.print(1, 'a');
  live.print(1, 'b\n');
  live.show(1, { clear: { wait: true } });
  live.print(1, 'c\n');
  live.show(1, value('first', 'd'));
  live.event({ cell: { cell: 2, code: 'x', author: 'op2' } });
  live.event({ log: { level: 'warning', source: 'okx', text: 'book stale' } });
  live.show(2, value('second', 'd', true));
  live.print(null, 'strategy\n');
  live.show(1, value('4', null, false, true));
  live.finish(1);
  const expected = ['cell_1() finished', 'c', 'second', 'result 4', 'x queued', 'WARN okx  book stale', 'out', 'strategy'];
  expect(shown(live.entries)).toEqual(expected);
  expect(shown(snapshotOf(live))).toEqual(expected);
  expect(live.entries.counts.warning).toBe(1);
});

test('long output shows its two ends until it is unfolded', () => {
  const live = new Live();
  live.cell(1);
  live.print(1, Array.from({ length: 1_000 }, (_, line) => `line ${line}\n`).join(''));
  live.finish(1);
  const [entry] = live.entries.list;
  const rows = shown(live.entries);
  expect(rows[1]).toMatch(/^line 0\n[^]*line 19$/);
  expect(rows).toContain('more 960');
  expect(rows.at(-2)).toMatch(/line 999$/);
  entry!.open = true;
  entry!.changed();
  expect(shown(live.entries).join('\n').match(/line \d+/g)).toHaveLength(1_000);
});

test('a page of older history goes before the rest, and nothing is shown twice', () => {
  const live = new Live();
  for (const cell of [1, 2, 3]) {
    live.cell(cell);
    live.print(cell, `${cell}\n`);
    live.finish(cell);
  }
  const entries = new Entries();
  // The newest cell alone, as a snapshot would have it, and then a page that has a part of it.
  for (const event of live.log.slice(8)) entries.take(event);
  entries.prepend(live.log.slice(0, 9));
  expect(shown(entries)).toEqual(shown(live.entries));
});

test('a snapshot whose lists are full is shown from where it has everything', () => {
  const live = new Live(3);
  live.cell(1);
  for (let line = 0; line < 5; line += 1) live.event({ log: { level: 'info', source: 'engine', text: String(line) } });
  expect(seam(live.state.history)).toBe(5);
});

test('a filter asks for words, their absence, and a source', () => {
  const live = new Live();
  live.event({ log: { level: 'info', source: 'okx', text: 'Timeout of the book' } });
  live.event({ log: { level: 'debug', source: 'engine', text: 'timeout' } });
  live.cell(1);
  for (const [text, least, expected] of [
    ['timeout', 'info', 1],
    ['timeout', 'debug', 2],
    ['-book', 'info', 1],
    ['@okx', 'debug', 1],
    ['@op1', 'info', 1],
    ['- @', 'info', 2],
    ['', 'error', 1],
  ] as const) {
    const isShown = shows({ text, least });
    expect(live.entries.list.filter(isShown), text).toHaveLength(expected);
  }
  expect([hasWords({ text: '-', least: 'info' }), hasWords({ text: 'x', least: 'info' })]).toEqual([false, true]);
});

test('orders that the strategy gives by itself are of the lowest level', () => {
  const live = new Live();
  const order = (status: OrderStatus, author: string, cause: string | null = null) =>
    live.event({ order: { row: 1, order: { ...ORDER, status, author, cause } } });
  order('new', 'strategy');
  order('cancelled', 'strategy');
  order('rejected', 'strategy');
  // The order of an action that somebody has chosen.
  order('new', 'strategy', 'c1');
  order('cancelled', 'op1');
  const shown = (least: LogLevel) => live.entries.list.filter(shows({ text: '', least })).map(({ seq }) => seq);
  expect(shown('info')).toEqual([3, 4, 5]);
  expect(shown('error')).toEqual([3, 4, 5]);
  expect(shown('debug')).toEqual([1, 2, 3, 4, 5]);
  expect(live.entries.counts.debug).toBe(2);
  expect(cameSince(live.entries.list, 0, 99)).toBe('3 lines · 1 error');
});

test('what came while somebody was away is counted', () => {
  const live = new Live();
  live.cell(1);
  live.finish(1);
  live.event({ log: { level: 'error', source: 'engine', text: 'x' } });
  live.event({ log: { level: 'info', source: 'engine', text: 'x' } });
  expect(cameSince(live.entries.list, 0, 4)).toBe('1 line · 1 cell · 1 error');
  expect(cameSince(live.entries.list, 4, 99)).toBe('1 line');
  expect(cameSince(live.entries.list, 5, 99)).toBe('');
});
