import { expect, test } from 'vitest';
import { formOf } from './form';

test('the richest form that can be shown safely is shown', () => {
  const html = '<table></table>';
  for (const [forms, kind] of [
    [{ 'text/plain': 'x', 'text/html': html }, 'html'],
    [{ 'text/plain': 'x', 'text/html': '<div></div><script>1</script>' }, 'frame'],
    [{ 'text/plain': '<Figure>', 'image/png': 'aGk=' }, 'image'],
    [{ 'text/plain': '<Figure>', 'image/png': '"><script>' }, 'text'],
    [{ 'image/svg+xml': '<svg/>', 'image/png': 'aGk=' }, 'svg'],
    [{ 'text/markdown': '# x', 'text/plain': 'x' }, 'markdown'],
    [{ 'text/latex': '$x$', 'text/plain': 'x' }, 'latex'],
    [{ 'application/json': { a: 1 } }, 'text'],
    [{}, 'text'],
  ] as const) {
    expect(formOf(forms).kind, JSON.stringify(forms)).toBe(kind);
  }
  expect(formOf({ 'application/vnd.x': 1 })).toEqual({ kind: 'text', text: '[application/vnd.x]' });
  expect(formOf({ 'image/png': 'aG\nk=' })).toMatchObject({ address: 'data:image/png;base64,aGk=' });
});

test('the same output has the same form, by which what is known of it is kept', () => {
  const forms = { 'text/html': '<script>1</script>' };
  expect(formOf(forms)).toBe(formOf(forms));
  expect(formOf({ ...forms })).not.toBe(formOf(forms));
});
