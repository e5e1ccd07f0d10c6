import { expect, test } from 'vitest';
import { Recall } from './recall';
import { has } from './search.svelte';

test('a walk meets what begins alike once and comes back', () => {
  const recall = new Recall('f', ['f(1)', 'g(2)', 'f(3)', 'f(1)']);
  expect(['f(1)', 'f(3)', null, null].map(() => recall.older())).toEqual(['f(1)', 'f(3)', null, null]);
  expect([recall.newer(), recall.newer(), recall.newer()]).toEqual(['f(1)', 'f', null]);
});

test('capitals matter when they are asked for', () => {
  for (const [text, query, expected] of [
    ['Portfolio()', 'port', true],
    ['portfolio()', 'Port', false],
    ['abc', '', true],
  ] as const) {
    expect(has(text, query), `${text} ${query}`).toBe(expected);
  }
});
