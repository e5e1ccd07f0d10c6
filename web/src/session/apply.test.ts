import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Event, Fact, ServerMessage, SessionState } from '../protocol';
import { apply, emptyState } from './apply';
import { allEvents, continuesAnEntry } from './history';

function golden<T>(name: string): T[] {
  const path = new URL(`../../../crates/qubx-protocol/golden/${name}`, import.meta.url);
  return readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as T);
}

/** Leaves out what is null: absent and null are the same. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, field: unknown) => field ?? undefined));
}

const events = golden<ServerMessage>('server.jsonl').flatMap((message) => ('event' in message ? [message.event] : []));

test('the reducer makes of the events what the service makes of them', () => {
  const state = emptyState('a1b2', 1_000);
  for (const event of events) expect(apply(state, event)).toBe('applied');
  expect(plain(state)).toEqual(plain(golden<SessionState>('reducer_state.jsonl')[0]));
});

test('a recorded session is read and its events follow its state', () => {
  const [first, ...rest] = golden<ServerMessage>('live.jsonl');
  if (!first || !('welcome' in first) || !first.welcome.snapshot) throw new Error('no snapshot');
  const state = first.welcome.snapshot;
  for (const message of rest) if ('event' in message) expect(apply(state, message.event)).toBe('applied');
  expect(state.status?.info.mode).toBe('live');
});

test('the next number applies, an old one is ignored, a gap is told', () => {
  const state = emptyState('x', 10);
  expect(apply(state, event(1, log('a')))).toBe('applied');
  expect(apply(state, event(1, log('a')))).toBe('duplicate');
  expect(apply(state, event(3, log('c')))).toBe('gap');
  expect(state.head).toBe(1);
});

test('a kind of a newer version counts, and is kept', () => {
  const state = emptyState('x', 10);
  apply(state, event(1, { weather: { rain: 3 } } as unknown as Fact));
  expect(allEvents(state.history)).toHaveLength(1);
});

test('the oldest entries go whole', () => {
  const state = emptyState('x', 2);
  let seq = 0;
  for (const cell of [1, 2, 3]) {
    apply(state, event((seq += 1), { cell: { cell, code: 'ä', author: 'me', command: null } }));
    apply(state, event((seq += 1), output(cell, 'one\n')));
  }
  expect(allEvents(state.history).map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
  expect(state.history.session.entries).toBe(2);
  expect(state.history.session.bytes).toBe(4 * 200 + 2 * 2 + 2 * 4);
});

test('a large entry stays until there is a newer one', () => {
  const state = emptyState('x', 10);
  apply(state, event(1, { cell: { cell: 1, code: '', author: 'me' } }));
  apply(state, event(2, output(1, 'x'.repeat(5 << 20))));
  expect(state.history.session.events).toHaveLength(2);
  apply(state, event(3, { cell: { cell: 2, code: '', author: 'me' } }));
  expect(state.history.session.events.map(({ seq }) => seq)).toEqual([3]);
});

test('what was cleared is gone at once, or when something new is shown', () => {
  const state = emptyState('x', 10);
  const clear = (wait: boolean): Fact => ({ output: { cell: 1, content: { clear: { wait } } } });
  const facts = [output(1, 'a'), clear(true), output(1, 'b'), output(1, 'c'), clear(false)];
  const shown = facts.map((fact, place) => {
    apply(state, event(place + 1, fact));
    return allEvents(state.history).filter(({ fact }) => continuesAnEntry(fact)).length;
  });
  expect(shown).toEqual([1, 2, 1, 2, 0]);
});

function event(seq: number, fact: Fact): Event {
  return { seq, time: '2026-01-01T00:00:00Z', fact };
}

function log(text: string): Fact {
  return { log: { level: 'info', source: 'engine', text } };
}

function output(cell: number, text: string): Fact {
  return { output: { cell, content: { stream: { stream: 'stdout', text } } } };
}
