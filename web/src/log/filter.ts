// What a view of the log leaves out: by level and by words. It is one page's own, and changes no fact. No I/O.
//
// All words must be there, in any order and whatever their case; `-word` must not be there, and `@name` asks for the source.

import type { LogLevel } from '../protocol';

/** The levels from the one with the most lines to the one with the fewest. */
export const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

type Term = { kind: 'has' | 'lacks' | 'from'; word: string };

/** Returns the terms of what was typed. A lone sign is the beginning of a term that is being typed. */
function termsOf(typed: string): Term[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const terms = words.map((word): Term => {
    if (word.startsWith('-')) return { kind: 'lacks', word: word.slice(1) };
    return word.startsWith('@') ? { kind: 'from', word: word.slice(1) } : { kind: 'has', word };
  });
  return terms.filter((term) => term.word !== '');
}

/** A text with its source, and a level where it has one. */
export type Filtered = { text: string; source: string; level?: LogLevel };

/** Returns the test for what is shown. */
export function filter(typed: string, least: LogLevel): (entry: Filtered) => boolean {
  const terms = termsOf(typed);
  const rank = LEVELS.indexOf(least);
  return ({ text, source, level }) => {
    if (level && LEVELS.indexOf(level) < rank) return false;
    if (terms.length === 0) return true;
    const [lower, from] = [text.toLowerCase(), source.toLowerCase()];
    return terms.every(({ kind, word }) =>
      kind === 'from' ? from.includes(word) : lower.includes(word) === (kind === 'has'),
    );
  };
}
