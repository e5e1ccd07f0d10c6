// History from before the oldest entry that the page has: where a snapshot begins to have everything. No I/O.

import type { Event, History, List } from '../protocol';
import { HISTORY_KINDS } from '../session/history';

/** A list of a snapshot with this much may have dropped its oldest entries; it drops them from 4 MiB on. */
const FULL_LIST_BYTES = 3 * 1024 * 1024;

/**
 * Returns the number from which on a snapshot has everything, of each kind. What it has from before is left to the pages:
 * shown without what was between, it would be another story.
 */
export function seam(history: History): number {
  const begins = HISTORY_KINDS.flatMap((kind) => {
    const first = history[kind].events[0];
    return first && isFull(history[kind], history.limit) ? [first.seq] : [];
  });
  return Math.max(0, ...begins);
}

function isFull(list: List, limit: number): boolean {
  return list.entries >= limit || list.bytes >= FULL_LIST_BYTES;
}

/** Returns the cell that an event begins or continues; null when it is of none. */
export function cellOf({ fact }: Event): number | null {
  if ('cell' in fact) return fact.cell.cell;
  if ('cell_started' in fact) return fact.cell_started.cell;
  if ('cell_finished' in fact) return fact.cell_finished.cell;
  if ('input_requested' in fact) return fact.input_requested.cell;
  if ('output' in fact) return fact.output.cell ?? null;
  if ('error' in fact) return fact.error.cell ?? null;
  return null;
}

