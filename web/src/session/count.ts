// The number that the kernel gave to the cell that runs: found once in a snapshot, then told by the events. No I/O.

import type { Event, SessionState } from '../protocol';

/** Returns the number of the cell that runs in a snapshot; null when none does, or none was given to it. */
export function runningCountOf({ running, history }: SessionState): number | null {
  if (!running) return null;
  const isIt = ({ fact }: Event) => 'cell_started' in fact && fact.cell_started.cell === running.cell;
  const begun = history.session.events.findLast(isIt)?.fact;
  return begun && 'cell_started' in begun ? (begun.cell_started.execution_count ?? null) : null;
}

/** Returns the number after an event, which was `count` before it. */
export function runningCountAfter(count: number | null, { fact }: Event): number | null {
  return 'cell_started' in fact ? (fact.cell_started.execution_count ?? null) : count;
}
