// The payloads: known ways to have a page run a script, fetch from elsewhere, go elsewhere or be covered, by their classes.
//
// In `corpus.json`, CANARY stands for a call of the page's canary, and EVIL for what tells one payload from the other; every
// address of another place is at `evil.test`.

import corpus from './corpus.json';

export type Payload = { id: number; kind: string; text: string };

export const PAYLOADS: readonly Payload[] = Object.entries(corpus)
  .flatMap(([kind, texts]) => texts.map((text) => ({ kind, text })))
  .map(({ kind, text }, id) => ({
    id,
    kind,
    // In capitals or in small letters, as a payload's own script may have it.
    text: text.replace(/CANARY/g, `top.canary(${id})`).replace(/\bcanary\(EVIL/g, `canary(${id}`).replace(/EVIL/g, String(id)),
  }));

/** The classes whose payloads are HTML. */
export const IS_HTML = (kind: string) => !['markdown', 'latex', 'svg documents', 'terminal'].includes(kind);
