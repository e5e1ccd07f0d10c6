// The fills of a session as components see them: what its history has, what comes, and older ones as they are wanted.

import type { Event, SessionState } from '../protocol';
import type { Session } from '../session/store.svelte';
import { FillReader, type KnownFill, MOST_FILLS, restartsOf } from './fills';

/** Entries that are asked for at once. */
const PAGE = 1_000;
/** Pages that are asked for at once when fills of a time are wanted. */
const MOST_PAGES = 8;
/** How long a new fill is seen to be new, in milliseconds. One that is older when it comes has been missed, and is history. */
const FRESH = 1_000;

export class FillBook {
  /** The fills, oldest first. */
  all = $state.raw<readonly KnownFill[]>([]);
  /** The numbers of the fills that have just come. */
  fresh = $state.raw<ReadonlySet<number>>(new Set());
  /** Whether nothing is before the first one. */
  complete = $state(false);

  readonly #session: Session;
  #reader = new FillReader();
  #events: Event[] = [];
  #restarts: number[] = [];
  /** The number from which on nothing is missing; null while there is no entry at all. */
  #since: number | null = null;
  /** When that was. */
  #from = Infinity;
  #loading = false;

  constructor(session: Session) {
    this.#session = session;
    session.hear({ snapshot: (state) => this.#begin(state), events: (events) => this.#take(events) });
  }

  #begin(state: SessionState): void {
    const { trading, log } = state.history;
    this.#events = trading.events.filter(isFill);
    this.#restarts = restartsOf(log.events);
    this.#since = trading.events[0]?.seq ?? null;
    this.#from = timeOf(trading.events[0]);
    this.complete = trading.events.length === 0;
    this.fresh = new Set();
    this.#read();
  }

  #take(events: readonly Event[]): void {
    if (this.#since === null) {
      this.#since = events[0]?.seq ?? null;
      this.#from = timeOf(events[0]);
    }
    const restarts = restartsOf(events);
    const fills = events.filter(isFill);
    if (fills.length === 0 && restarts.length === 0) return;
    this.#restarts.push(...restarts);
    this.#events.push(...fills);
    if (this.#events.length > 2 * MOST_FILLS) this.#events = this.#events.slice(-MOST_FILLS);
    const known = this.#reader.read(fills, restarts);
    if (known.length > 0) this.all = [...this.all, ...known].slice(-MOST_FILLS);
    const now = Date.now();
    const fresh = fills.filter((event) => now - Date.parse(event.time) < FRESH).map((event) => event.seq);
    if (fresh.length === 0) return;
    this.fresh = new Set([...this.fresh, ...fresh]);
    setTimeout(() => (this.fresh = new Set([...this.fresh].filter((seq) => !fresh.includes(seq)))), FRESH);
  }

  /** Reads everything anew: what was before the first fills decides what they realized. */
  #read(): void {
    this.#reader = new FillReader();
    this.all = this.#reader.read(this.#events, this.#restarts).slice(-MOST_FILLS);
  }

  /** Asks for what was before until fills are known from a time on, in milliseconds, as far as a few pages go. */
  async reachBack(time: number): Promise<void> {
    for (let page = 0; page < MOST_PAGES && this.#from > time && !this.complete; page += 1) {
      const before = this.#since;
      await this.wantOlder();
      if (this.#since === before) return;
    }
  }

  /** Asks for what was before the first entry, unless that is known or there is enough. */
  async wantOlder(): Promise<void> {
    if (this.#loading || this.complete || this.#since === null || this.all.length >= MOST_FILLS) return;
    this.#loading = true;
    const before = this.#since;
    const answer = await this.#session.ask({ history: { before, kind: 'trading', limit: PAGE } });
    this.#loading = false;
    if (!('history' in answer) || this.#since !== before) return;
    const { events, complete } = answer.history;
    this.#since = events[0]?.seq ?? this.#since;
    this.#from = Math.min(this.#from, timeOf(events[0]));
    this.complete = complete || events.length === 0;
    this.#events = [...events.filter(isFill), ...this.#events];
    this.#read();
  }
}

/** Returns when an event was written down; infinity without one. */
function timeOf(event: Event | undefined): number {
  return event ? Date.parse(event.time) : Infinity;
}

function isFill({ fact }: Event): boolean {
  return 'fill' in fact || 'funding' in fact;
}
