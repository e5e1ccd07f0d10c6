// Markdown and LaTeX as HTML that is still to be cleaned. Formulas become MathML, which needs no style or font of ours.

import katex from 'katex';
import { Marked, type TokenizerAndRendererExtension } from 'marked';

/** Returns a formula; one that cannot be read is shown as it was written. */
function formula(tex: string, displayMode: boolean): string {
  try {
    return katex.renderToString(tex, { output: 'mathml', displayMode, throwOnError: false, trust: false, maxExpand: 1_000 });
  } catch {
    return `<code>${tex.replace(/[&<]/g, (sign) => (sign === '&' ? '&amp;' : '&lt;'))}</code>`;
  }
}

const BLOCK = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])/;
const INLINE = /^(?:\$(?!\s)((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)|\\\(([\s\S]+?)\\\))/;

function math(name: string, level: 'block' | 'inline', pattern: RegExp, displayMode: boolean): TokenizerAndRendererExtension {
  return {
    name,
    level,
    start: (text) => {
      // A paragraph ends where a block may begin.
      const place = text.search(displayMode ? /\$\$|\\\[/ : /\$|\\\(/);
      return place < 0 ? undefined : place;
    },
    tokenizer(text) {
      const match = pattern.exec(text);
      return match ? { type: name, raw: match[0], tex: match[1] ?? match[2] ?? '' } : undefined;
    },
    renderer: (token) => formula(String(token['tex']), displayMode),
  };
}

const marked = new Marked({ gfm: true, async: false });
marked.use({ extensions: [math('formulas', 'block', BLOCK, true), math('display', 'inline', BLOCK, true), math('formula', 'inline', INLINE, false)] });

/** Returns the HTML of a text in Markdown. */
export function markdown(text: string): string {
  return marked.parse(text) as string;
}

/** Returns the HTML of LaTeX, whose formulas may stand between dollars. */
export function latex(text: string): string {
  const trimmed = text.trim();
  const inner = /^(?:\$\$([\s\S]*)\$\$|\$([\s\S]*)\$|\\\[([\s\S]*)\\\])$/.exec(trimmed);
  return formula((inner?.[1] ?? inner?.[2] ?? inner?.[3] ?? trimmed).trim(), true);
}
