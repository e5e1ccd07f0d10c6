import { expect, test } from 'vitest';
import { formOf } from './form';
import { documentOf } from './plotly';

test('a figure comes before the HTML that plotly makes of it', () => {
  const figure = { data: [{ y: [1, 2] }], layout: {} };
  const forms = { 'application/vnd.plotly.v1+json': figure, 'text/html': '<div><script>1</script></div>' };
  expect(formOf(forms)).toEqual({ kind: 'plotly', figure });
  expect(formOf({ 'application/vnd.plotly.v1+json': '[too large]', 'text/plain': 'Figure()' })).toEqual({ kind: 'text', text: 'Figure()' });
});

test('no text of a figure ends its script', () => {
  const figure = { data: [{ name: '</script><script>alert(1)</script><!--' }], layout: { title: { text: '\u2028' } } };
  const html = documentOf(figure, 'library()');
  expect(html.match(/<\/?script/g)).toEqual(['<script', '</script', '<script', '</script']);
  const value = /= (\{.*\}); Plotly/s.exec(html)?.[1] ?? '';
  expect(JSON.parse(value)).toEqual(figure);
});
