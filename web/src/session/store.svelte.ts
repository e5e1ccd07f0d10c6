// The page's copy of one session, as components see it.
//
// Events are applied as they come, and shown once per frame: what changed between two frames is drawn once. Everything here
// is replaced, never changed in place, but for the lists of the history, which grow at their end (and are cut at their
// beginning): `versions` counts the changes of each.

import { Connection, type Listener } from '../connection/connection';
import type { Link } from '../connection/link';
import { openSocket, whyRefused } from '../connection/socket';
import type {
  Alarm,
  AnswerResult,
  Command,
  Event,
  HistoryKind,
  Latest,
  MarketView,
  Order,
  Position,
  Presence,
  RequestKind,
  Role,
  SessionState,
  StrategyView,
} from '../protocol';
import { apply } from './apply';
import { runningCountAfter, runningCountOf } from './count';
import { HISTORY_KINDS, historyKind } from './history';
import { randomId } from './id';
import { Pending, type CommandResult, type Progress } from './pending';

export type { CommandResult, Progress };

/** Who wants to hear of events one by one, in order, before they are shown. */
export type Hearer = {
  /** The state begins anew. */
  snapshot(state: SessionState): void;
  events(events: readonly Event[], state: SessionState): void;
};

/** While nobody looks at the page there are no frames. */
const HIDDEN_MS = 250;

const NONE: readonly never[] = [];

export class Session {
  /** The connection file's stem, by which the gateway knows it. */
  readonly id: string;
  /** The numbered state; null before the first snapshot. Another object whenever it changed. */
  state = $state.raw<SessionState | null>(null);
  market = $state.raw<MarketView | null>(null);
  strategy = $state.raw<StrategyView | null>(null);
  presence = $state.raw<readonly Presence[]>(NONE);
  alarms = $state.raw<readonly Alarm[]>(NONE);
  link = $state.raw<Link>({ kind: 'connecting', since: new Date() });
  /** When the newest values came last; null before the first. */
  receivedAt = $state.raw<Date | null>(null);
  /** What came with the connection that is back: so many events, or a snapshot; null when none was lost. */
  back = $state.raw<{ at: Date; after: number; missed: number | 'snapshot' } | null>(null);
  /** How often each list of the history changed. */
  versions = $state.raw<Record<HistoryKind, number>>({ session: 0, trading: 0, log: 0 });
  /** The number that the kernel gave to the cell that runs. */
  runningCount = $state.raw<number | null>(null);

  readonly status = $derived(this.state?.status ?? null);
  readonly info = $derived(this.status?.info ?? null);
  readonly running = $derived(this.state?.running ?? null);
  readonly queue = $derived(this.state?.queue ?? NONE);
  readonly input = $derived(this.state?.input ?? null);
  /** The open orders by id, and the positions of this life of the account by instrument. */
  readonly orders: Readonly<Record<string, Order>> = $derived(this.state?.orders ?? {});
  readonly positions: Readonly<Record<string, Position>> = $derived(this.state?.positions ?? {});
  readonly isConnected = $derived(this.link.kind === 'connected');

  #now: SessionState | null = null;
  #runningCount: number | null = null;
  #latest: Latest = {};
  #heard: Event[] = [];
  #touched = new Set<HistoryKind>();
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #hearers = new Set<Hearer>();
  readonly #pending = new Pending();
  readonly #asked = new Map<string, (result: AnswerResult) => void>();
  readonly #connection: Connection;

  constructor(id: string, identity: string, role: Role) {
    this.id = id;
    this.#connection = new Connection({
      open: () => openSocket(id),
      why: () => whyRefused(id),
      identity,
      role,
      listener: this.#listener(),
    });
  }

  /** Gives a command, under an id that names it in the events it causes, and returns what came of it, once it is over. */
  command(command: Command, onProgress?: Progress, id = randomId()): Promise<CommandResult> {
    if (this.link.kind === 'closed') return Promise.resolve({ outcome: 'refused', text: 'the session is over' });
    const result = this.#pending.wait(id, onProgress);
    this.#connection.command(id, command);
    return result;
  }

  /** Asks a question. Without a link the answer is that there is none. */
  ask(kind: RequestKind): Promise<AnswerResult> {
    const id = randomId();
    return new Promise((resolve) => {
      if (this.#connection.request({ id, kind })) this.#asked.set(id, resolve);
      else resolve(failed('there is no connection'));
    });
  }

  /** Hears of every event from now on, after the state as it is; returns how to stop. */
  hear(hearer: Hearer): () => void {
    this.#flush();
    this.#hearers.add(hearer);
    if (this.#now) hearer.snapshot(this.#now);
    return () => this.#hearers.delete(hearer);
  }

  reconnectNow(): void {
    this.#connection.reconnectNow();
  }

  close(): void {
    this.#connection.close();
    this.#over();
  }

  #listener(): Listener {
    return {
      link: (link) => this.#linkChanged(link),
      snapshot: (state) => {
        this.#flush();
        this.#now = state;
        this.#runningCount = runningCountOf(state);
        HISTORY_KINDS.forEach((kind) => this.#touched.add(kind));
        this.#pending.snapshot(state);
        for (const hearer of this.#hearers) hearer.snapshot(state);
        this.#schedule();
      },
      event: (event) => {
        if (!this.#now) return;
        apply(this.#now, event);
        this.#runningCount = runningCountAfter(this.#runningCount, event);
        const kind = historyKind(event.fact);
        if (kind) this.#touched.add(kind);
        this.#heard.push(event);
        this.#pending.event(event);
        this.#schedule();
      },
      latest: (latest) => {
        this.#latest = { ...this.#latest, ...latest };
        this.#schedule();
      },
      answer: ({ request, result }) => {
        this.#asked.get(request)?.(result);
        this.#asked.delete(request);
      },
      refused: ({ command, message }) => this.#pending.refused(command, message),
      back: (lostSince, missed) => {
        const at = new Date();
        this.back = { at, after: at.getTime() - lostSince.getTime(), missed };
      },
    };
  }

  #linkChanged(link: Link): void {
    if (link.kind === 'lost' || link.kind === 'closed') {
      // Questions are forgotten with the connection.
      for (const answer of this.#asked.values()) answer(failed('the connection was lost'));
      this.#asked.clear();
    }
    if (link.kind === 'closed') this.#over();
    this.link = link;
  }

  #over(): void {
    this.#pending.over();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), HIDDEN_MS);
    this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** Shows what came since it was shown last. */
  #flush(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = undefined;
    if (this.#now && (this.#heard.length > 0 || this.#touched.size > 0)) {
      const events = this.#heard;
      this.#heard = [];
      if (events.length > 0) for (const hearer of this.#hearers) hearer.events(events, this.#now);
      if (this.#touched.size > 0) {
        const versions = { ...this.versions };
        for (const kind of this.#touched) versions[kind] += 1;
        this.#touched.clear();
        this.versions = versions;
      }
      this.runningCount = this.#runningCount;
      this.state = { ...this.#now };
    }
    const { market, strategy, presence, alarms } = this.#latest;
    this.#latest = {};
    if (market) this.market = market;
    if (strategy) this.strategy = strategy;
    if (presence) this.presence = presence;
    if (alarms) this.alarms = alarms;
    if (market ?? strategy ?? presence ?? alarms) this.receivedAt = new Date();
  }
}

function failed(message: string): AnswerResult {
  return { failed: { message } };
}
