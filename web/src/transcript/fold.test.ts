import { expect, test } from 'vitest';
import { aroundTraceback, beforeException, lastFrame } from './fold';

const IPYTHON =
  '-----\nKeyError    Traceback (most recent call last)\nCell In[3], line 2\n      1 a\n----> 2 f()\n\nFile ~/s.py:7, in f()\n      6 def f():\n----> 7     return d[1]\n      8';
const PYTHON =
  'Traceback (most recent call last):\n  File "a.py", line 1, in g\n    f()\n  File "b.py", line 2, in f\n    d[1]';

test('of a traceback the last frame and its line stay', () => {
  for (const [text, expected] of [
    [IPYTHON, [6, 8]],
    [PYTHON, [3, 4]],
    ['Traceback\nCell In[1], line 1\n----> 1 1 / 0', null],
    ['a\nb\nc', [2]],
    ['File x', null],
  ] as const) {
    expect(lastFrame(text.split('\n')), text).toEqual(expected);
  }
});

test('a text keeps what is around its traceback', () => {
  const text = `strategy  on_bar failed\n${PYTHON}\nKeyError: 1\nafter`.split('\n');
  expect(aroundTraceback(text)).toEqual({ shown: [0, 4, 5, 6, 7], markAt: 3, hidden: 3 });
  expect(aroundTraceback(['a', 'b'])).toBeNull();
});

test('the exception itself is said apart', () => {
  expect(beforeException(['KeyError   Traceback', 'File x', '  1', '', 'KeyError: 1'], 'KeyError')).toBe(3);
});
