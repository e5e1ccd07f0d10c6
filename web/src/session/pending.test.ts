import { expect, test } from 'vitest';
import type { Fact } from '../protocol';
import { apply, emptyState } from './apply';
import { Pending } from './pending';

function events(...facts: Fact[]) {
  return facts.map((fact, place) => ({ seq: place + 1, time: '2026-01-01T00:00:00Z', fact }));
}

function verb(command: string, outcome: 'started' | 'done' | 'failed', text: string): Fact {
  return { verb: { row: 1, verb: { command, author: 'me', verb: 'flatten', target: '', outcome, text } } };
}

test('a verb ends with its last word', async () => {
  const pending = new Pending();
  const said: string[] = [];
  const result = pending.wait('c1', (text) => said.push(text));
  for (const event of events(verb('c1', 'started', '1/3 flat'), verb('c2', 'failed', 'x'), verb('c1', 'done', '3/3 flat'))) {
    pending.event(event);
  }
  expect(await result).toEqual({ outcome: 'done', text: '3/3 flat' });
  expect(said).toEqual(['1/3 flat']);
});

test('a cell ends when it is finished, also one that a snapshot tells of', async () => {
  const state = emptyState('x', 10);
  const pending = new Pending();
  const [first, second] = [pending.wait('c1'), pending.wait('c2')];
  const all = events(
    { cell: { cell: 1, code: '', author: 'me', command: 'c1' } },
    { cell: { cell: 2, code: '', author: 'me', command: 'c2' } },
    { cell_finished: { cell: 1, status: 'error', duration_ms: 1 } },
  );
  for (const event of all) apply(state, event);
  pending.snapshot(state);
  expect(await first).toEqual({ outcome: 'failed', text: 'failed' });
  pending.event({ seq: 4, time: '', fact: { cell_finished: { cell: 2, status: 'ok', duration_ms: 1 } } });
  expect(await second).toEqual({ outcome: 'done', text: 'done' });
});

test('who waits is told when there is nothing to wait for', async () => {
  const pending = new Pending();
  const [refused, over] = [pending.wait('c1'), pending.wait('c2')];
  pending.refused('c1', 'the session is stopping');
  pending.over();
  expect(await refused).toEqual({ outcome: 'refused', text: 'the session is stopping' });
  expect((await over).outcome).toBe('failed');
});
