// The websocket to one session: hello, events in order, pings, and trying again.
//
// It hands events on without a gap or a repetition, whatever the socket does, and sends every command until it is
// answered. It knows no state but the number of the last event; what the events mean is for its listener.

import type {
  Answer,
  ClientMessage,
  Command,
  CommandId,
  Event,
  Hello,
  Latest,
  Refusal,
  Request,
  ServerMessage,
  SessionState,
} from '../protocol';
import { allEvents } from '../session/history';
import { closedBy, isFinal, type ClosedError, type Link } from './link';
import { pause } from './pace';
import { Unanswered } from './unanswered';

const VERSION = 1;
const PING_EVERY_MS = 2_000;
/** Silence that is taken for a loss. */
const LOST_AFTER_MS = 6_000;

/** A service that died may be started again for so long; until then its session is not there, and has not ended. */
const COMES_BACK_WITHIN_MS = 60_000;

/** What a connection tells, in order. */
export interface Listener {
  link(link: Link): void;
  snapshot(state: SessionState): void;
  event(event: Event): void;
  latest(latest: Latest): void;
  answer(answer: Answer): void;
  refused(refusal: Refusal): void;
  /** A connection that was lost is back: so many events come with it, or a snapshot did. Told before its link. */
  back(lostSince: Date, missed: number | 'snapshot'): void;
}

/** The part of a websocket that is needed; tests have one of their own. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

export type Options = {
  open: () => Socket;
  identity: string;
  role: Hello['role'];
  listener: Listener;
  /** Asks why a socket was refused, which a browser does not tell; null when it may be tried again. */
  why?: () => Promise<ClosedError | null>;
  random?: () => number;
};

export class Connection {
  readonly #options: Options;
  readonly #unanswered = new Unanswered();
  #socket: Socket | null = null;
  #log: string | null = null;
  #head = 0;
  /** Whether the last hello was answered. Until then events belong to an older hello and are ignored. */
  #welcomed = false;
  #lostSince: Date | null = null;
  #attempt = 0;
  #full = false;
  #closed = false;
  /** The event after which one came that could not be applied; the same once more ends the connection. */
  #unreadableAfter: number | null = null;
  #heardAt = 0;
  #pinged: { nonce: number; at: number } | null = null;
  #connectedSince = new Date();
  #pinger: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
    options.listener.link({ kind: 'connecting', since: new Date() });
    this.#connect();
  }

  /** Gives a command: now, and again after every welcome until it is answered. */
  command(id: CommandId, command: Command): void {
    this.#unanswered.give(id, command);
    if (this.#welcomed) this.#send({ command: { id, command } });
  }

  /** Asks a question; false when there is nobody to ask. */
  request(request: Request): boolean {
    if (this.#welcomed) this.#send({ request });
    return this.#welcomed;
  }

  /** Tries a lost connection now instead of at the next attempt. */
  reconnectNow(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#connect();
  }

  /** Ends the connection for good, without a word to the listener. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  #connect(): void {
    const socket = this.#options.open();
    this.#socket = socket;
    this.#heardAt = Date.now();
    // A connection that does not come about is as silent as one that broke.
    this.#pinger = setInterval(() => this.#tick(), PING_EVERY_MS);
    let isOpen = false;
    socket.onopen = () => {
      isOpen = true;
      this.#hello();
    };
    socket.onmessage = ({ data }) => this.#take(data as string);
    socket.onclose = ({ code }) => {
      this.#ended(closedBy(code));
      if (!isOpen) void this.#askWhy();
    };
  }

  /** Lets the socket go; nothing that it still says is heard. */
  #drop(): void {
    clearInterval(this.#pinger);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    this.#pinged = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #ended(error: ClosedError | null): void {
    this.#drop();
    if (this.#closed) return;
    const now = new Date();
    if (error) return this.#over(error);
    this.#lostSince ??= now;
    this.#attempt += 1;
    const wait = pause(this.#attempt, this.#options.random);
    this.#retry = setTimeout(() => this.reconnectNow(), wait);
    const retryAt = new Date(now.getTime() + wait);
    const [since, attempt, full] = [this.#lostSince, this.#attempt, this.#full];
    this.#options.listener.link({ kind: 'lost', since, attempt, retryAt, full });
  }

  #over(error: ClosedError): void {
    this.close();
    this.#options.listener.link({ kind: 'closed', since: new Date(), error });
  }

  async #askWhy(): Promise<void> {
    const error = (await this.#options.why?.()) ?? null;
    if (!error || this.#closed || this.#welcomed) return;
    const away = Date.now() - (this.#lostSince?.getTime() ?? Date.now());
    const mayComeBack = error.code === 'ended' && this.#log !== null && away < COMES_BACK_WITHIN_MS;
    if (!mayComeBack) this.#over(error);
  }

  #tick(): void {
    const now = Date.now();
    const quietSince = Math.max(this.#heardAt, this.#pinged?.at ?? 0);
    const waits = this.#pinged !== null || !this.#welcomed;
    if (waits && now - quietSince >= LOST_AFTER_MS) return this.#ended(null);
    if (!this.#welcomed || this.#pinged) return;
    this.#pinged = { nonce: now, at: now };
    this.#send({ ping: { nonce: now } });
  }

  #hello(): void {
    this.#welcomed = false;
    const { identity, role } = this.#options;
    const has = this.#log !== null;
    const hello: Hello = {
      version: VERSION,
      log: this.#log,
      after: has ? this.#head : null,
      identity,
      owner: false,
      screen: true,
      latest: true,
      role,
    };
    this.#send({ hello });
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #take(data: string): void {
    this.#heardAt = Date.now();
    let message: ServerMessage;
    try {
      message = JSON.parse(data) as ServerMessage;
    } catch {
      return this.#ended(unreadable('a message that is no JSON'));
    }
    const { listener } = this.#options;
    if ('event' in message) this.#event(message.event);
    else if ('latest' in message) listener.latest(message.latest);
    else if ('welcome' in message) this.#welcome(message.welcome);
    else if ('answer' in message) listener.answer(message.answer);
    else if ('refused' in message) {
      this.#unanswered.refused(message.refused.command);
      listener.refused(message.refused);
    } else if ('pong' in message) this.#pong(message.pong.nonce);
    else if ('error' in message) {
      this.#full = message.error.code === 'busy';
      this.#ended(isFinal(message.error) ? message.error : null);
    }
    // A message of a kind that this version does not know is left out.
  }

  #welcome({ log, head, snapshot }: { log: string; head: number; snapshot?: SessionState | null }): void {
    this.#welcomed = true;
    this.#log = log;
    this.#attempt = 0;
    this.#full = false;
    const missed = snapshot ? 'snapshot' : Math.max(0, head - this.#head);
    const { listener } = this.#options;
    if (snapshot) {
      this.#head = snapshot.head;
      // The events that answer may have been missed.
      for (const event of allEvents(snapshot.history)) this.#unanswered.answered(event.fact);
      listener.snapshot(snapshot);
    }
    for (const [id, command] of this.#unanswered.all()) this.#send({ command: { id, command } });
    if (this.#lostSince) listener.back(this.#lostSince, missed);
    this.#lostSince = null;
    this.#connectedSince = new Date();
    listener.link({ kind: 'connected', since: this.#connectedSince });
    this.#tick();
  }

  #event(event: Event): void {
    if (!this.#welcomed || event.seq <= this.#head) return;
    if (event.seq !== this.#head + 1) return this.#hello();
    try {
      this.#options.listener.event(event);
    } catch (error) {
      // What cannot be read is a gap: it is asked for once more, and then the versions are too different.
      if (this.#unreadableAfter === this.#head) return this.#ended(unreadable(String(error)));
      this.#unreadableAfter = this.#head;
      return this.#hello();
    }
    this.#head = event.seq;
    this.#unanswered.answered(event.fact);
  }

  #pong(nonce: number): void {
    if (this.#pinged?.nonce !== nonce) return;
    const latencyMs = Date.now() - this.#pinged.at;
    this.#pinged = null;
    this.#options.listener.link({ kind: 'connected', since: this.#connectedSince, latencyMs });
  }
}

function unreadable(what: string): ClosedError {
  return {
    code: 'bad_message',
    message: `the service sent what this page cannot read: ${what}`,
    hint: 'use the same version of qubx for the session and for this page',
  };
}
