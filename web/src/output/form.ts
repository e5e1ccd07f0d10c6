// Which of the forms of an output is shown, and how: the richest that the page can show safely. No I/O.

export type Form =
  /** To be cleaned and shown in the page. */
  | { kind: 'html'; html: string }
  /** With scripts: shown in a frame that has nothing of the page. */
  | { kind: 'frame'; html: string }
  /** A figure of plotly: its data and its layout, which plotly.js draws in such a frame. */
  | { kind: 'plotly'; figure: object }
  | { kind: 'markdown'; text: string }
  | { kind: 'latex'; text: string }
  /** An address with the image in it, and what it shows in words. */
  | { kind: 'image'; address: string; words: string }
  | { kind: 'svg'; text: string; words: string }
  | { kind: 'text'; text: string };

const PLOTLY = 'application/vnd.plotly.v1+json';
const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
/** What only works with scripts or in a document of its own. */
const SCRIPTED = /<script[\s>]|<iframe[\s>]|<object[\s>]|<embed[\s>]|<canvas[\s>]|<link[\s>]/i;

const made = new WeakMap<object, Form>();

/** Returns the form that is shown: of the same forms always the same object. */
export function formOf(forms: Readonly<Record<string, unknown>>): Form {
  const known = made.get(forms);
  if (known) return known;
  const form = choose(forms);
  made.set(forms, form);
  return form;
}

function choose(forms: Readonly<Record<string, unknown>>): Form {
  const text = (kind: string) => {
    const form = forms[kind];
    // Older notebooks cut texts into lines.
    if (Array.isArray(form)) return form.join('');
    return typeof form === 'string' ? form : null;
  };
  const plain = text('text/plain');
  // What Python says of an object that has no words, `<Figure size 640x480>`, says little.
  const words = plain !== null && plain.trim() !== '' && !plain.startsWith('<') ? plain : 'a picture';
  const figure = forms[PLOTLY];
  // Before HTML, in which plotly itself brings all of plotly.js with each figure.
  if (typeof figure === 'object' && figure !== null) return { kind: 'plotly', figure };
  const html = text('text/html');
  if (html !== null && html.trim() !== '') return { kind: SCRIPTED.test(html) ? 'frame' : 'html', html };
  const markdown = text('text/markdown');
  if (markdown !== null) return { kind: 'markdown', text: markdown };
  const svg = text('image/svg+xml');
  if (svg !== null) return { kind: 'svg', text: svg, words };
  const latex = text('text/latex');
  if (latex !== null) return { kind: 'latex', text: latex };
  for (const kind of IMAGES) {
    const image = text(kind)?.replace(/\s/g, '');
    // What is no base64 could end the address and begin something else.
    if (image && /^[A-Za-z0-9+/]+=*$/.test(image)) return { kind: 'image', address: `data:${kind};base64,${image}`, words };
  }
  const json = forms['application/json'];
  if (plain === null && json !== undefined) return { kind: 'text', text: JSON.stringify(json, null, 2) };
  return { kind: 'text', text: plain ?? `[${Object.keys(forms).join(', ')}]` };
}
