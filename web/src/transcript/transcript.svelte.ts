// The session view's own state: the entries, what is left out of them, and how far back they go.

import type { Session } from '../session/store.svelte';
import type { Event, LogLevel, SessionState } from '../protocol';
import type { Entry } from './entry';
import { NO_FILTER, LEVELS, shows, type Filter } from './filter';
import { cameSince, leftAt, type Left } from './left';
import { seam } from './older';
import { rowsOf, type Row } from './rows';
import { Entries } from './take';

/** Entries kept here; the oldest are dropped for new ones while the end is followed. */
const MOST_ENTRIES = 10_000;
const MOST_LENGTH = 64 * 1024 * 1024;
/** Entries of one page of older history. */
const PAGE = 200;

export type Older = 'unasked' | 'loading' | 'beginning' | 'full' | { failed: string };

/** What the list draws: rows of entries, and rows between them. */
export type Item = Row | { kind: 'older'; key: string } | { kind: 'left'; key: string; text: string; time: string };

export class Transcript {
  filter = $state.raw<Filter>(NO_FILTER);
  older = $state.raw<Older>('unasked');
  counts = $state.raw<Record<LogLevel, number>>({ debug: 0, info: 0, warning: 0, error: 0 });
  hasCells = $state(false);
  lastCount = $state<number | null>(null);
  /** Whether the end is in view and stays there. */
  following = $state(true);
  /** Whether the last change put rows before the first one. */
  shifted = false;

  #entries = new Entries();
  #version = $state(0);
  #log = '';
  #left: Left | null = null;
  #attachedAt = 0;
  /** The last event when the end was followed last. */
  #followed = $state(0);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Hears of the session's events; returns how to stop. */
  start(): () => void {
    return this.#session.hear({
      snapshot: (state) => this.#rebuild(state),
      events: (events, state) => {
        for (const event of events) this.#entries.take(event);
        this.#taken(state);
      },
    });
  }

  readonly #isShown = $derived(shows(this.filter));
  readonly #shown: readonly Entry[] = $derived.by(() => {
    void this.#version;
    const isShown = this.#isShown;
    return this.#entries.list.filter((entry) => isShown(entry));
  });

  /** Returns everything that is to be drawn, from top to bottom. */
  readonly items: readonly Item[] = $derived.by(() => {
    void this.#version;
    const items: Item[] = this.older === 'unasked' ? [] : [{ kind: 'older', key: 'older' }];
    const left = this.#leftMark();
    let isPlaced = left === null;
    for (const entry of this.#shown) {
      if (!isPlaced && left && entry.seq > left.seq) {
        items.push({ kind: 'left', key: 'left', text: left.text, time: left.time });
        isPlaced = true;
      }
      const rows = rowsOf(entry);
      // A call with ten thousand arguments is more than an engine takes.
      for (const row of rows) items.push(row);
    }
    return items;
  });

  /** How many entries are shown, and how many there would be without the filter. */
  readonly numbers = $derived.by(() => {
    void this.#version;
    return { shown: this.#shown.length, all: this.#entries.list.length };
  });

  /** How many entries came since the end was followed last. */
  readonly unseen = $derived.by(() => {
    if (this.following) return 0;
    let unseen = 0;
    for (let place = this.#shown.length - 1; place >= 0 && this.#shown[place]!.seq > this.#followed; place -= 1) unseen += 1;
    return unseen;
  });

  /** Takes in whether the end is in view. */
  follow(following: boolean): void {
    if (following === this.following) return;
    if (this.following) this.#followed = this.#session.state?.head ?? 0;
    this.following = following;
    if (following) this.#trim();
  }

  /** Folds an entry, or unfolds it. */
  toggle(entry: Entry): void {
    entry.open = !entry.open;
    entry.changed();
    this.#version += 1;
  }

  /** Leaves out one level more; after the last, none. */
  raiseLeast(): void {
    const next = LEVELS[(LEVELS.indexOf(this.filter.least) + 1) % LEVELS.length]!;
    this.filter = { ...this.filter, least: next };
  }

  /** Asks for what is before the first entry, if that is known to be missing. */
  async loadOlder(): Promise<void> {
    if (this.older === 'loading' || this.older === 'beginning' || this.older === 'full') return;
    const before = this.#entries.list[0]?.seq;
    if (before === undefined) return;
    if (before <= 1) {
      this.older = 'beginning';
      return;
    }
    if (this.#entries.list.length >= MOST_ENTRIES) {
      this.older = 'full';
      return;
    }
    this.older = 'loading';
    const log = this.#log;
    const answer = await this.#session.ask({ history: { before, kind: null, limit: PAGE } });
    if (log !== this.#log) return;
    if ('history' in answer) {
      const { events, complete } = answer.history;
      this.#entries.prepend(events);
      this.shifted = true;
      this.older = complete ? 'beginning' : 'unasked';
      this.#version += 1;
    } else {
      this.older = { failed: 'failed' in answer ? answer.failed.message : 'no answer' };
    }
  }

  #rebuild(state: SessionState): void {
    if (this.#log !== state.log) {
      this.#log = state.log;
      this.#left = leftAt(state.log);
      this.#attachedAt = state.head;
    }
    const open = new Set(this.#entries.list.filter((entry) => entry.open).map((entry) => entry.seq));
    this.#entries = new Entries();
    this.#entries.name(state.status ?? null);
    const from = seam(state.history);
    const { session, trading, log } = state.history;
    const events = [...session.events, ...trading.events, ...log.events].filter((event) => event.seq >= from);
    for (const event of events.sort((a, b) => a.seq - b.seq)) this.#entries.take(event);
    this.#entries.lastCount ??= lastCountOf(session.events);
    for (const entry of this.#entries.list) entry.open = open.has(entry.seq);
    this.older = 'unasked';
    this.#taken(state);
  }

  #taken(state: SessionState): void {
    this.#entries.placeInQueue(state);
    if (this.following) this.#trim();
    this.counts = { ...this.#entries.counts };
    this.hasCells = this.#entries.hasCells || state.history.session.entries > 0;
    this.lastCount = this.#entries.lastCount;
    this.shifted = false;
    this.#version += 1;
  }

  #trim(): void {
    const { list } = this.#entries;
    let drop = Math.max(0, list.length - MOST_ENTRIES);
    let length = list.reduce((sum, entry) => sum + entry.length, 0);
    while (length > MOST_LENGTH && drop < list.length - 1) length -= list[drop++]!.length;
    if (drop === 0) return;
    this.#entries.dropOldest(drop);
    this.older = 'unasked';
    this.#version += 1;
  }

  /** Returns where this device left the session, with what came since before the page opened; null when there is nothing to say. */
  #leftMark(): { seq: number; time: string; text: string } | null {
    const [left, { list }] = [this.#left, this.#entries];
    // It is that place only if something from before it is here too.
    if (!left || left.seq >= this.#attachedAt || !list[0] || list[0].seq > left.seq) return null;
    const text = cameSince(list, left.seq, this.#attachedAt);
    return text === '' ? null : { seq: left.seq, time: left.time, text };
  }
}

/** Returns the number that the kernel gave to the last cell that ran; null when none did. */
function lastCountOf(events: readonly Event[]): number | null {
  const counts = events.flatMap(({ fact }) => ('cell_started' in fact ? [fact.cell_started.execution_count ?? null] : []));
  return counts.findLast((count) => count !== null) ?? null;
}
