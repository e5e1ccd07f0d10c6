// The search through what was run before: newest first, each text once.
//
// It looks at a copy of the history that is taken when it begins, so nothing moves under the fingers; older cells are added
// behind it as the service finds them. One question is on its way at a time, for what is looked for then.

import { user } from '../figures/facts';
import type { PastCell, SessionState } from '../protocol';
import type { Session } from '../session/store.svelte';

/** Cells that are offered at most; nobody goes on to the next. */
const MOST_FOUND = 500;
/** Cells that the service is asked for at once. */
const PAGE = 100;
/** So near the end of what was found older cells are asked for. */
const NEAR_END = 10;

export type Past = Pick<PastCell, 'seq' | 'author' | 'code'>;
type Older = 'unknown' | 'asked' | 'none' | { failed: string };

/** Tells whether a text has what is looked for. A query without capitals finds them too. */
export function has(text: string, query: string): boolean {
  return /\p{Lu}/u.test(query) ? text.includes(query) : text.toLowerCase().includes(query);
}

/** Returns the cells of a state, newest first. */
export function cellsOf(state: SessionState | null): Past[] {
  const events = state?.history.session.events ?? [];
  const cells = events.flatMap(({ seq, fact }) => ('cell' in fact ? [{ seq, author: fact.cell.author, code: fact.cell.code }] : []));
  return cells.reverse();
}

export class Search {
  query = $state('');
  scope = $state<'mine' | 'all'>('mine');
  selected = $state(0);
  older = $state.raw<Older>('unknown');
  #cells = $state.raw<readonly Past[]>([]);
  /** The number before which older cells that are looked for were not seen yet. */
  #before: number;
  readonly #first: number;
  readonly #me: string;
  readonly #session: Session;

  readonly found: readonly Past[] = $derived.by(() => {
    const known = new Set<string>();
    const isMeant = (past: Past) => this.scope === 'all' || user(past.author) === user(this.#me);
    return this.#cells
      .filter((past) => isMeant(past) && has(past.code, this.query) && !known.has(past.code) && known.add(past.code))
      .slice(0, MOST_FOUND);
  });
  readonly chosen = $derived(this.found[this.selected] ?? null);

  constructor(session: Session, me: string) {
    this.#session = session;
    this.#me = me;
    this.#cells = cellsOf(session.state);
    this.#first = this.#cells.at(-1)?.seq ?? (session.state?.head ?? 0) + 1;
    this.#before = this.#first;
    void this.#ask();
  }

  /** Looks for something else; the newest cell that is found is selected. */
  look(query: string, scope = this.scope): void {
    this.query = query;
    this.scope = scope;
    this.selected = 0;
    this.#before = this.#first;
    if (this.older !== 'asked') this.older = 'unknown';
    void this.#ask();
  }

  /** Selects an older cell, or a newer one; there is no way around the ends. */
  step(by: number): void {
    this.selected = Math.min(Math.max(0, this.selected + by), Math.max(0, this.found.length - 1));
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.older !== 'unknown' || this.found.length - this.selected > NEAR_END) return;
    this.older = 'asked';
    const { query, scope } = this;
    const author = scope === 'mine' ? user(this.#me) : null;
    const contains = query === '' ? null : query;
    const answer = await this.#session.ask({ cells: { before: this.#before, contains, author, limit: PAGE } });
    const isWanted = query === this.query && scope === this.scope;
    if (!('cells' in answer)) {
      this.older = isWanted ? { failed: 'failed' in answer ? answer.failed.message : 'no answer' } : 'unknown';
    } else {
      const { cells, complete } = answer.cells;
      const oldest = cells.at(-1)?.seq;
      if (isWanted && oldest !== undefined) this.#before = oldest;
      // What was found for something else is a cell all the same.
      const known = new Set(this.#cells.map((cell) => cell.seq));
      const chosen = this.chosen?.seq;
      this.#cells = [...this.#cells, ...cells.filter((cell) => !known.has(cell.seq))].sort((a, b) => b.seq - a.seq);
      const place = this.found.findIndex((past) => past.seq === chosen);
      if (place >= 0) this.selected = place;
      this.older = isWanted && (complete || oldest === undefined) ? 'none' : 'unknown';
    }
    await this.#ask();
  }
}
