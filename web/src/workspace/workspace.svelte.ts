// What the panels of one session share: its facts, its fills and equity, the instrument that is looked at, the ticket that is
// being written, the verbs, and which dialog is open.

import { untrack } from 'svelte';
import { MediaQuery } from 'svelte/reactivity';
import { type App, getApp } from '../app/context';
import { Verbs } from '../danger/verbs.svelte';
import { EquityRecord } from '../equity/record.svelte';
import { Facts, engineTime } from '../figures/facts';
import { TypedAhead } from '../palette/ahead';
import type { InstrumentId, Order, Position } from '../protocol';
import type { Session } from '../session/store.svelte';
import { FillBook } from '../tables/book.svelte';
import { type Ticket, changing, fresh, like, reducing } from '../ticket/ticket';
import { Remembered } from './remembered.svelte';

export type DialogName = 'palette' | 'help' | 'people' | 'access' | 'stop' | 'about';

export class Workspace {
  readonly app: App;
  readonly session: Session;
  readonly verbs: Verbs;
  readonly fills: FillBook;
  readonly equity: EquityRecord;
  /** Whether the page is narrow. */
  readonly phone = new MediaQuery('max-width: 699px');

  readonly facts: Facts = $derived.by(() => {
    const { status, market, strategy, presence, orders, positions, running, isConnected, receivedAt } = this.session;
    return new Facts({
      status,
      market,
      strategy,
      presence: receivedAt ? presence : null,
      orders: Object.values(orders),
      positions: Object.values(positions),
      running,
      connected: isConnected,
    });
  });
  /** The engine's time now; it goes on with the page's clock. */
  readonly engineNow: Date = $derived.by(() => engineTime(this.session.market, this.session.receivedAt, this.app.clock.now));

  /** The instrument whose chart is shown: what was chosen, else what is held, else the first. */
  readonly instrument: InstrumentId | null = $derived.by(() => {
    const all = this.facts.instruments;
    if (this.#chosen && all.includes(this.#chosen)) return this.#chosen;
    return this.#first && all.includes(this.#first) ? this.#first : (all[0] ?? null);
  });
  #chosen = $state<InstrumentId | null>(null);
  #first = $state<InstrumentId | null>(null);

  ticket = $state.raw<Ticket | null>(null);
  dialog = $state<DialogName | null>(null);
  /** What is typed for the palette before it is there. */
  readonly ahead = new TypedAhead();

  constructor(app: App) {
    this.app = app;
    this.session = app.session;
    this.verbs = new Verbs(app, () => this.facts);
    this.fills = new FillBook(app.session);
    this.equity = new EquityRecord(app.session);
    app.session.hear({ snapshot: () => (this.#first = this.facts.positions[0]?.instrument ?? null), events: () => undefined });
  }

  /** Returns a choice that this device remembers. */
  remembered<T>(name: string, usual: T): Remembered<T> {
    return new Remembered(this.app.settings, name, usual);
  }

  /** Whether this page may give orders. */
  get trades(): boolean {
    return this.verbs.may('place');
  }

  choose(instrument: InstrumentId): void {
    this.#chosen = instrument;
  }

  chart(instrument: InstrumentId): void {
    this.choose(instrument);
    this.app.show('chart');
  }

  /** Opens a ticket: for an instrument, to reduce a position, like an order, or to change one. */
  write(from: { instrument: InstrumentId } | { position: Position } | { order: Order } | { change: Order }): void {
    const { facts } = this;
    if ('instrument' in from) this.ticket = fresh(from.instrument, facts);
    else if ('position' in from) this.ticket = reducing(from.position, facts);
    else this.ticket = 'order' in from ? like(from.order) : changing(from.change);
    this.choose(this.ticket.instrument);
    this.app.show('ticket');
  }
}

const workspaces = new WeakMap<Session, Workspace>();

/** Returns the workspace of the session of this page. */
export function getWorkspace(): Workspace {
  const app = getApp();
  const known = workspaces.get(app.session);
  if (known) return known;
  // It outlives the panel that asks for it first.
  let made: Workspace | undefined;
  $effect.root(() => {
    made = untrack(() => new Workspace(app));
  });
  const workspace = made!;
  workspaces.set(app.session, workspace);
  return workspace;
}
