import { expect, test } from 'vitest';
import { TypedAhead } from './ahead';
import { find, fit } from './fuzzy';
import { ACTIONS, Keyboard, keyLabel } from './keys';

test('the beginnings of words and runs fit best', () => {
  const items = ['cancel the selected order', 'clear my view', 'close the selected position', 'flatten'].map((title) => ({ title, name: title }));
  const cases: [string, string | undefined][] = [
    ['co', 'cancel the selected order'],
    ['cl', 'clear my view'],
    ['close', 'close the selected position'],
    ['csp', 'close the selected position'],
    ['FLAT', 'flatten'],
    ['zebra', undefined],
  ];
  for (const [typed, expected] of cases) expect(find(typed, items)[0]?.item.title).toBe(expected);
  expect(fit('ord', 'cancel order')?.places).toEqual([7, 8, 9]);
  expect(find('', items).length).toBe(4);
});

test('no key is bound twice, and none is a key of the browser', () => {
  const keys = ACTIONS.flatMap((spec) => spec.keys);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^(mod\+k|\?|[a-z] [a-z])$/);
  expect(new Set(ACTIONS.map((spec) => spec.name)).size).toBe(ACTIONS.length);
});

test('jumps are two keys soon after each other, and nothing acts while somebody types', () => {
  const keyboard = new Keyboard();
  const press = (key: string, at: number, more = {}) => keyboard.press({ key, at, mod: false, alt: false, typing: false, ...more });
  expect([press('g', 0), press('p', 100)]).toEqual([null, 'positions']);
  expect([press('g', 0), press('p', 2_000)]).toEqual([null, null]);
  expect([press('g', 0), press('x', 100), press('p', 200)]).toEqual([null, null, null]);
  expect([press('g', 0, { typing: true }), press('p', 1)]).toEqual([null, null]);
  expect(press('k', 0, { mod: true, typing: true })).toBe('palette');
  expect([press('?', 0), press('p', 0, { mod: true })]).toEqual(['help', null]);
  expect([keyLabel('mod+k', true), keyLabel('g p', false)]).toEqual(['⌘K', 'g p']);
});

test('what is typed before the palette is there is kept for it, and nothing is chosen', () => {
  const ahead = new TypedAhead();
  const plain = { ctrlKey: false, metaKey: false, altKey: false };
  const taken = ['f', 'l', 'x', 'Backspace', 'a', 'Enter', 'ArrowDown', 'Tab'].map((key) => ahead.take({ key, ...plain }));
  expect(taken).toEqual([true, true, true, true, true, true, false, false]);
  expect(ahead.take({ key: 'c', ...plain, ctrlKey: true })).toBe(false);
  expect([ahead.hand(), ahead.hand()]).toEqual(['fla', '']);
});
