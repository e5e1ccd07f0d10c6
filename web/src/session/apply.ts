// The reducer: what a session looks like after a row of events, as the service's own reducer has it. No I/O.
//
// A state is changed in place, but what hangs on it is not: who holds the orders, the positions or the queue of a moment
// keeps them as they were, and sees by another reference that they changed.

import type { CellView, Event, Fact, InputView, SessionState } from '../protocol';
import { emptyHistory, push } from './history';

/** What became of an event: the state has it now, had it already, or misses what was before it. */
export type Applied = 'applied' | 'duplicate' | 'gap';

/** Returns the state of an empty log that keeps `limit` entries of each kind. */
export function emptyState(log: string, limit: number): SessionState {
  return {
    log,
    head: 0,
    epoch: 0,
    status: null,
    running: null,
    queue: [],
    input: null,
    orders: {},
    positions: {},
    history: emptyHistory(limit),
  };
}

/** Applies one event. The next number applies, an old one is ignored, a gap is told. */
export function apply(state: SessionState, event: Event): Applied {
  if (event.seq <= state.head) return 'duplicate';
  if (event.seq !== state.head + 1) return 'gap';
  state.head = event.seq;
  reduce(state, event);
  push(state.history, event);
  return 'applied';
}

function reduce(state: SessionState, { fact, time }: Event): void {
  if ('started' in fact) {
    state.epoch = fact.started.epoch;
    state.status = null;
    state.running = null;
    state.queue = [];
    state.input = null;
    if (!fact.started.restored) {
      state.orders = {};
      state.positions = {};
    }
  } else if ('cell' in fact) {
    const { cell, author, command } = fact.cell;
    state.queue = [...state.queue, { cell, author, command: command ?? null, since: time }];
  } else if ('cell_started' in fact) {
    start(state, fact.cell_started.cell, time);
  } else if ('cell_finished' in fact) {
    finish(state, fact.cell_finished.cell);
  } else if ('input_requested' in fact) {
    state.input = { ...fact.input_requested, since: time } satisfies InputView;
  } else if ('input_ended' in fact) {
    if (state.input?.input === fact.input_ended.input) state.input = null;
  } else if ('order' in fact) {
    const { order } = fact.order;
    if (isOpen(order.status)) {
      state.orders = { ...state.orders, [order.id]: order };
    } else if (order.id in state.orders) {
      const { [order.id]: _, ...others } = state.orders;
      state.orders = others;
    }
  } else if ('fill' in fact || 'funding' in fact) {
    const { position } = 'fill' in fact ? fact.fill : fact.funding;
    state.positions = { ...state.positions, [position.instrument]: position };
  } else if ('status' in fact) {
    state.status = fact.status;
  }
}

function start(state: SessionState, cell: number, time: string): void {
  const waiting: CellView | undefined = state.queue.find((view) => view.cell === cell);
  if (!waiting) return;
  state.queue = state.queue.filter((view) => view !== waiting);
  state.running = { ...waiting, since: time };
}

function finish(state: SessionState, cell: number): void {
  if (state.queue.some((view) => view.cell === cell)) {
    state.queue = state.queue.filter((view) => view.cell !== cell);
  }
  if (state.running?.cell === cell) state.running = null;
  if (state.input?.cell === cell) state.input = null;
}

/** Tells whether an order can still be filled. */
export function isOpen(status: string): boolean {
  return status === 'intended' || status === 'new' || status === 'partially_filled';
}

/** Returns the command that a fact answers; null when it answers none. */
export function answers(fact: Fact): string | null {
  if ('cell' in fact) return fact.cell.command ?? null;
  if ('input_ended' in fact) return fact.input_ended.command ?? null;
  if ('verb' in fact) return fact.verb.verb.command ?? null;
  return null;
}
