// Colours for Python that stands in the session: enough to read by, without a parser. No I/O.

export type Token = { text: string; kind: 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'call' };

const KEYWORDS =
  'and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|case|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False';

const TOKEN = new RegExp(
  [
    '(?<comment>#[^\\n]*)',
    '(?<string>[rbfuRBFU]{0,2}(?:"""[\\s\\S]*?(?:"""|$)|\'\'\'[\\s\\S]*?(?:\'\'\'|$)|"(?:\\\\.|[^"\\\\\\n])*"?|\'(?:\\\\.|[^\'\\\\\\n])*\'?))',
    `(?<keyword>\\b(?:${KEYWORDS})\\b)`,
    '(?<number>\\b\\d[\\d_]*(?:\\.[\\d_]*)?(?:[eE][+-]?\\d+)?\\b)',
    '(?<call>\\b[A-Za-z_]\\w*(?=\\())',
    '(?<plain>[A-Za-z_]\\w*)',
  ].join('|'),
  'g',
);

/** Longer code is shown without colours. */
const LONGEST = 20_000;

/** Returns the parts of a source; put together they are the source. */
export function tokens(code: string): Token[] {
  if (code.length > LONGEST) return [{ text: code, kind: 'plain' }];
  const found: Token[] = [];
  let from = 0;
  const put = (text: string, kind: Token['kind']) => {
    const last = found.at(-1);
    if (text === '') return;
    if (last?.kind === kind) last.text += text;
    else found.push({ text, kind });
  };
  for (const match of code.matchAll(TOKEN)) {
    put(code.slice(from, match.index), 'plain');
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? 'plain';
    put(match[0], kind as Token['kind']);
    from = match.index + match[0].length;
  }
  put(code.slice(from), 'plain');
  return found;
}
