// The part of the log that the page keeps: the last entries of each kind, bounded by count and by bytes. No I/O.
//
// The bounds are part of the reducer, so both ends drop the same entries at the same event. So is what a cell does to
// its own output: what it cleared is gone, and what it updated stands where it stood.

import type { Event, Fact, History, HistoryKind, List } from '../protocol';

/** The bytes that one list keeps at most. */
const LIST_BYTES = 4 * 1024 * 1024;
/** What a fact holds beside its texts, near enough. */
const FIXED_BYTES = 200;

/** The kinds in no order. */
export const HISTORY_KINDS: readonly HistoryKind[] = ['session', 'trading', 'log'];

const KIND_OF: Readonly<Record<string, HistoryKind | null>> = {
  cell: 'session',
  cell_started: 'session',
  output: 'session',
  input_requested: 'session',
  input_ended: 'session',
  error: 'session',
  cell_finished: 'session',
  order: 'trading',
  fill: 'trading',
  funding: 'trading',
  results: 'trading',
  verb: 'trading',
  log: 'log',
  started: 'log',
  status: null,
};

/** Returns an empty history that keeps `limit` entries of each kind. */
export function emptyHistory(limit: number): History {
  const list = (): List => ({ events: [], entries: 0, bytes: 0 });
  return { limit, session: list(), trading: list(), log: list() };
}

/** Returns the kind of a fact as it stands on the wire, also one of a newer version. */
export function kindOf(fact: Fact): string {
  for (const kind in fact) return kind;
  return 'unknown';
}

/** Returns the list that a fact belongs to; null for those that live in the state alone. */
export function historyKind(fact: Fact): HistoryKind | null {
  const kind = KIND_OF[kindOf(fact)];
  return kind === undefined ? 'log' : kind;
}

/** Tells whether a fact continues the entry before it: what a cell printed and how it ended. */
export function continuesAnEntry(fact: Fact): boolean {
  if ('output' in fact) return fact.output.cell != null;
  if ('error' in fact) return fact.error.cell != null;
  return 'cell_started' in fact || 'cell_finished' in fact || 'input_requested' in fact || 'input_ended' in fact;
}

/** Returns all kept events in the order of their numbers. */
export function allEvents(history: History): Event[] {
  const events = HISTORY_KINDS.flatMap((kind) => history[kind].events);
  return events.sort((a, b) => a.seq - b.seq);
}

/** Keeps an event, and drops what there is no room for. */
export function push(history: History, event: Event): void {
  const kind = historyKind(event.fact);
  if (kind) pushTo(history[kind], event, history.limit);
}

function pushTo(list: List, event: Event, limit: number): void {
  const { fact } = event;
  if ('output' in fact) {
    const { cell = null, content } = fact.output;
    if ('clear' in content) {
      if (!content.clear.wait) return clear(list, cell);
    } else if ('data' in content && content.data.update && content.data.display != null) {
      return update(list, content.data.display, content.data.data);
    } else if (waitsForNewOutput(list, cell)) {
      clear(list, cell);
    }
  }
  if (!continuesAnEntry(fact)) list.entries += 1;
  list.bytes += size(fact);
  list.events.push(event);
  // The newest entry stays, however large it is.
  while (list.entries > limit || (list.bytes > LIST_BYTES && list.entries > 1)) dropOldestEntry(list);
}

/** Drops what a cell has shown. */
function clear(list: List, cell: number | null): void {
  list.events = list.events.filter(({ fact }) => {
    const goes = 'output' in fact && (fact.output.cell ?? null) === cell;
    if (goes) {
      list.bytes -= size(fact);
      if (!continuesAnEntry(fact)) list.entries -= 1;
    }
    return !goes;
  });
}

/** Tells whether the newest thing that a cell did to its output was to clear it as soon as something new comes. */
function waitsForNewOutput(list: List, cell: number | null): boolean {
  for (let place = list.events.length - 1; place >= 0; place -= 1) {
    const fact = list.events[place]!.fact;
    if ('output' in fact && (fact.output.cell ?? null) === cell) {
      return 'clear' in fact.output.content && fact.output.content.clear.wait;
    }
    // Before its cell began nothing was shown.
    if (cell !== null && 'cell' in fact && fact.cell.cell === cell) return false;
  }
  return false;
}

/** Puts new forms in the place of what is shown under a name. There may be several places, or none any more. */
function update(list: List, name: string, forms: Record<string, unknown>): void {
  list.events = list.events.map((event) => {
    const { fact } = event;
    if (!('output' in fact) || !('data' in fact.output.content)) return event;
    const { data } = fact.output.content;
    if (data.display !== name) return event;
    const content = { data: { ...data, data: forms as typeof data.data } };
    const changed: Event = { ...event, fact: { output: { ...fact.output, content } } };
    list.bytes += size(changed.fact) - size(fact);
    return changed;
  });
}

function dropOldestEntry(list: List): void {
  let count = 0;
  for (const { fact } of list.events) {
    // What begins the next entry stays.
    if (count > 0 && !continuesAnEntry(fact)) break;
    list.bytes -= size(fact);
    if (!continuesAnEntry(fact)) list.entries -= 1;
    count += 1;
  }
  list.events.splice(0, count);
}

/** Returns the bytes that a fact holds, near enough to bound memory by, and the same as the service counts. */
export function size(fact: Fact): number {
  if ('cell' in fact) return FIXED_BYTES + utf8Bytes(fact.cell.code);
  if ('log' in fact) return FIXED_BYTES + utf8Bytes(fact.log.text);
  if ('error' in fact) {
    const { evalue, traceback } = fact.error;
    return traceback.reduce((sum, text) => sum + utf8Bytes(text), FIXED_BYTES + utf8Bytes(evalue));
  }
  if ('output' in fact) {
    const { content } = fact.output;
    if ('stream' in content) return FIXED_BYTES + utf8Bytes(content.stream.text);
    if ('data' in content) {
      const bytes = (value: unknown) => (typeof value === 'string' ? utf8Bytes(value) : FIXED_BYTES);
      return Object.values(content.data.data).reduce<number>((sum, value) => sum + bytes(value), FIXED_BYTES);
    }
  }
  return FIXED_BYTES;
}

/** Returns how long a text is in UTF-8. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    // A character outside the basic plane is two units here and four bytes there.
    if (code >= 0x800) bytes += code >= 0xd800 && code < 0xe000 ? 1 : 2;
    else if (code >= 0x80) bytes += 1;
  }
  return bytes;
}
