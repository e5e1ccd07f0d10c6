// What is left out of the entries: by level and by words. It is one page's own, and changes no fact. No I/O.
//
// Orders that the strategy gave by itself count as the lowest level when they are accepted, changed or cancelled: a busy
// strategy has thousands of them. Fills, rejections, and what anybody else ordered have no level and are always shown.
//
// All words must be there, in any order and whatever their case; `-word` must not be there, and `@name` asks for the source
// of a line or the author of a cell.

import type { LogLevel } from '../protocol';
import { textsOf, type Entry } from './entry';

/** The levels from the one with the most lines to the one with the fewest. */
export const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

export type Filter = {
  text: string;
  /** Lines of the log, and quiet orders, below this are left out. */
  least: LogLevel;
};

export const NO_FILTER: Filter = { text: '', least: 'info' };

/** Returns what tells whether an entry is shown. It remembers what it found until the entry changes. */
export function shows({ text, least }: Filter): (entry: Entry) => boolean {
  const terms = text.split(/\s+/).flatMap(term);
  const from = LEVELS.indexOf(least);
  const found = new WeakMap<Entry, { version: number; shown: boolean }>();
  return (entry) => {
    const { level, version } = entry;
    if (level !== null && LEVELS.indexOf(level) < from) return false;
    if (terms.length === 0) return true;
    const known = found.get(entry);
    if (known?.version === version) return known.shown;
    const shown = terms.every((holds) => holds(entry));
    found.set(entry, { version, shown });
    return shown;
  };
}

/** Tells whether any words are asked for. */
export function hasWords({ text }: Filter): boolean {
  return text.split(/\s+/).some((word) => term(word).length > 0);
}

/** Reads a term. A lone sign is the beginning of one that is being typed. */
function term(word: string): ((entry: Entry) => boolean)[] {
  const sign = word[0];
  const wanted = (sign === '-' || sign === '@' ? word.slice(1) : word).toLowerCase();
  if (wanted === '') return [];
  if (sign === '@') return [(entry) => entry.source.toLowerCase().includes(wanted)];
  if (sign === '-') return [(entry) => !has(entry, wanted)];
  return [(entry) => has(entry, wanted)];
}

function has(entry: Entry, wanted: string): boolean {
  const { body } = entry;
  const own = body.kind === 'cell' ? [body.code, body.author] : body.kind === 'line' ? [body.text, body.label] : ['strategy'];
  return own.some((text) => text.toLowerCase().includes(wanted))
    || entry.pieces.some((piece) => textsOf(piece).some((text) => text.toLowerCase().includes(wanted)));
}
