// Where the user of this device left a session the last time, and what came since.

import { count } from '../figures/format';
import type { Entry } from './entry';

/** The last event that was seen of a log, and when. */
export type Left = { log: string; seq: number; time: string };

const KEY = 'qubx.left';
/** Logs that are remembered; of more the oldest is forgotten. */
const MOST = 20;

function read(): Left[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as Left[]) : [];
  } catch {
    return [];
  }
}

/** Returns where a log was left; null when it was never looked at here. */
export function leftAt(log: string): Left | null {
  return read().find((left) => left.log === log) ?? null;
}

/** Remembers how far a log was seen. */
export function leave(left: Left): void {
  try {
    const others = read().filter(({ log }) => log !== left.log);
    localStorage.setItem(KEY, JSON.stringify([left, ...others].slice(0, MOST)));
  } catch {
    // A browser that keeps nothing knows no place either.
  }
}

/** Returns what came after one event up to another, in words: `3 lines · 2 fills`; empty when nothing did. */
export function cameSince(entries: readonly Entry[], after: number, until: number): string {
  let [lines, cells, fills, errors] = [0, 0, 0, 0];
  for (const entry of entries) {
    if (entry.seq <= after || entry.seq > until) continue;
    if (entry.body.kind === 'cell') cells += 1;
    else if (entry.body.kind === 'line' && entry.body.label === 'FILL') fills += 1;
    // Nobody is told of lines that they would not see.
    else if (entry.level !== 'debug' && (entry.body.kind === 'line' || entry.level !== 'error')) lines += 1;
    if (entry.isError) errors += 1;
  }
  const counts: [number, string][] = [[lines, 'line'], [cells, 'cell'], [fills, 'fill'], [errors, 'error']];
  return counts.flatMap(([number, noun]) => (number > 0 ? [count(number, noun)] : [])).join(' · ');
}
