// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { clean } from './clean';
import { latex, markdown } from './markdown';

function shown(html: string): HTMLElement {
  const holder = document.createElement('div');
  holder.append(clean(html));
  return holder;
}

test('markdown has its tables, and formulas are MathML without their source', () => {
  const holder = shown(markdown('# Title\n\n|a|b|\n|-|-|\n|1|2|\n\nis $x^2$ and costs $5 or $6\n\n$$\\frac{a}{b}$$\n'));
  expect(holder.querySelectorAll('table td')).toHaveLength(2);
  expect(holder.querySelectorAll('math')).toHaveLength(2);
  expect(holder.querySelector('msup')).not.toBeNull();
  expect(holder.textContent).toContain('costs $5 or $6');
  expect(holder.textContent).not.toContain('frac');
});

test('what is written in markdown is cleaned as HTML is', () => {
  expect(shown(markdown('<img src=x onerror=alert(1)> [x](javascript:alert(1))')).innerHTML).not.toMatch(/onerror|javascript/);
  expect(shown(latex('\\href{javascript:alert(1)}{x}')).innerHTML).not.toMatch(/href=/);
});

test('LaTeX stands between dollars or not', () => {
  for (const text of ['$\\displaystyle x^2$', '$$x^2$$', 'x^2', '\\[x^2\\]']) {
    expect(shown(latex(text)).querySelector('msup'), text).not.toBeNull();
  }
  expect(shown(latex('\\undefined{x')).textContent).toContain('undefined');
});
