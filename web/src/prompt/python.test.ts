import { expect, test } from 'vitest';
import { characters, indentAfter, isComplete, openCall, placeOf } from './python';

test('a text that goes on is not complete', () => {
  for (const [source, expected] of [
    ['1 + 1', true],
    ['', true],
    ['f(1,', false],
    ["'''abc", false],
    ["'abc", true],
    ['if x:', false],
    ['if x: # why', false],
    ['if x:\n    y', false],
    ['if x:\n    y\n', true],
    ['if x:\n    y\n    ', true],
    ['x = 1\ny = 2', true],
    ['a = \\', false],
    ["')'", true],
    ['x)', true],
    ["'''a\nb'''", true],
    ["'\\'('", true],
  ] as const) {
    expect(isComplete(source), JSON.stringify(source)).toBe(expected);
  }
});

test('the next line begins where the block is', () => {
  for (const [before, expected] of [
    ['x', 0],
    ['if x:', 4],
    ['    if x:  # why', 8],
    ['f(', 4],
    ['    return x', 0],
    ['    x = 1', 4],
    ["x = '('", 0],
  ] as const) {
    expect(indentAfter(before).length, before).toBe(expected);
  }
});

test('the call that is typed is the innermost open one', () => {
  for (const [before, expected] of [
    ['f(', 2],
    ['f(a, g(b), ', 2],
    ['f(a, g(', 7],
    ['f([1, ', 2],
    ['f(a)', null],
    ["'f('", null],
  ] as const) {
    expect(openCall(before), before).toBe(expected);
  }
});

test('cursors count characters, not the units of a text', () => {
  expect(characters('a😀b', 3)).toBe(2);
  expect(placeOf('a😀b', 2)).toBe(3);
  expect(placeOf('ab', 9)).toBe(2);
});
