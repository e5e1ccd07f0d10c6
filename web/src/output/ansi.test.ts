import { expect, test } from 'vitest';
import { PLAIN_PEN, lines, penAfter, printable } from './ansi';

const texts = (text: string) => lines(text).map((line) => line.map((span) => span.text).join(''));

test('only printable text survives', () => {
  for (const [text, expected] of [
    ['plain', 'plain'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['a\x1b[2Jb\x1b[10;10Hc', 'abc'],
    ['a\x1b]0;title\x07b', 'ab'],
    ['a\x1b]52;c;ZXZpbA==\x1b\\b', 'ab'],
    ['a\u009d52;c;x\u009cb\u009b2Jc', 'abc'],
    ['a\x1bPq#0\x1b\\b', 'ab'],
    ['a\x1b(0b\x1b7c\x1b=d', 'abcd'],
    ['a\x07\x08\x7f\u0085b', 'ab'],
    ['a\u202eb\u2066c\u200fd', 'abcd'],
    ['a\x1b', 'a'],
    ['a\x1b[', 'a'],
    ['a\x1b[31', 'a'],
    ['a\x1b\x1b[31mb', 'ab'],
    ['\u{e0041}x', 'x'],
  ] as const) {
    expect(printable(text), JSON.stringify(text)).toBe(expected);
    expect(texts(text), JSON.stringify(text)).toEqual([expected]);
  }
  expect(texts('a\x1b]unterminated\nb')).toEqual(['a', 'b']);
});

test('a progress bar shows its last state', () => {
  expect(texts('10%\r20%\r30%\r\nnext\r')).toEqual(['30%', 'next']);
  expect(texts('a\n\nb\n')).toEqual(['a', '', 'b']);
  expect(printable('10%\r20%\n')).toBe('20%\n');
});

test('colours are classes, and those without a name are styles', () => {
  const [first] = lines('\x1b[1;38;5;9mx\x1b[39;22my\x1b[48;2;1;2;3mz\x1b[38;5;196mw');
  expect(first).toEqual([
    { text: 'x', classes: 'ansi-bold ansi-fg-9', style: '' },
    { text: 'y', classes: '', style: '' },
    { text: 'z', classes: '', style: 'background-color:rgb(1 2 3)' },
    { text: 'w', classes: '', style: 'color:color-mix(in oklab, rgb(255 0 0) 55%, var(--text));background-color:rgb(1 2 3)' },
  ]);
});

test('a colour goes on in the next piece', () => {
  const pen = penAfter('\x1b[31mred\n', { ...PLAIN_PEN });
  expect(lines('still', pen)[0]?.[0]?.classes).toBe('ansi-fg-1');
});

test('whatever comes, no control character is shown', () => {
  let seed = 7;
  const next = (most: number) => (seed = (seed * 48271) % 2147483647) % most;
  const alphabet = ['a', '\x1b', '[', ']', ';', 'm', '3', '\x07', '\u009b', '\u009d', '\u202e', '\n', '\r', '\t', 'ä'];
  for (let round = 0; round < 5_000; round += 1) {
    const text = Array.from({ length: next(30) }, () => alphabet[next(alphabet.length)]).join('');
    expect(texts(text).join('')).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202e]/);
  }
});
