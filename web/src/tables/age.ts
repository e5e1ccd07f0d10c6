// How old what is known of an instrument is, as a table says it. No I/O.

import type { Workspace } from '../workspace/workspace.svelte';
import type { InstrumentId } from '../protocol';
import { UNKNOWN, age } from '../figures/format';

/** An age in milliseconds, in words, and whether it should not be that old. */
export type Age = { milliseconds: number | null; text: string; stale: boolean };

/** Returns how old the last quote of an instrument is, with a mark when it should not be that old. */
export function ageOf(workspace: Workspace, id: InstrumentId): Age {
  const { facts } = workspace;
  const since = facts.staleSince(id);
  if (since) {
    const silence = Math.max(0, workspace.app.clock.now.getTime() - since.getTime());
    return { milliseconds: silence, text: `⚠ ${silence < 10_000 ? `${Math.floor(silence / 1_000)}s` : age(silence)}`, stale: true };
  }
  const quote = facts.quote(id);
  const old = quote && facts.quoteAge(quote, workspace.engineNow);
  return old === null ? { milliseconds: null, text: UNKNOWN, stale: false } : { milliseconds: old, text: age(old), stale: false };
}
