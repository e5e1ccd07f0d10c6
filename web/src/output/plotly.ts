// Figures of plotly as scripted output: plotly.js and the figure in one document, which is shown in a frame without our origin.
// The library is the page's own, so a figure is drawn without a network, and costs the session its data alone.

import address from 'plotly.js-dist-min/plotly.min.js?url';
import type { Form } from './form';

type Figure = Extract<Form, { kind: 'plotly' }>;
type Scripted = Extract<Form, { kind: 'frame' }>;

let library: Promise<string> | null = null;
const made = new WeakMap<Figure, Scripted>();

/** Returns a figure as it is shown in a frame: of the same figure always the same object. */
export async function drawn(form: Figure): Promise<Scripted> {
  const script = await load();
  const known = made.get(form);
  if (known) return known;
  // The document holds all of plotly.js: it is made when a frame takes it, and kept by none.
  const scripted: Scripted = {
    kind: 'frame',
    get html() {
      return documentOf(form.figure, script);
    },
  };
  made.set(form, scripted);
  return scripted;
}

async function load(): Promise<string> {
  library ??= fetch(address).then((response) => {
    if (!response.ok) throw new Error(`plotly.js: ${response.status}`);
    return response.text();
  });
  try {
    return await library;
  } catch (error) {
    // The next figure tries again.
    library = null;
    throw error;
  }
}

/** Returns the document of a figure. Nothing in the figure can end the script that it stands in. */
export function documentOf(figure: object, script: string): string {
  const value = JSON.stringify(figure).replaceAll('<', '\\u003c');
  return (
    `<div id="figure"></div><script>${script}</script>` +
    `<script>{ const { data, layout, frames, config } = ${value};` +
    ` Plotly.newPlot('figure', { data, layout, frames, config: { responsive: true, displaylogo: false, ...config } }); }</script>`
  );
}
