import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClientMessage, Event, ServerMessage } from '../protocol';
import { emptyState } from '../session/apply';
import { Connection, type Listener, type Socket } from './connection';
import { SESSION_GONE, type ClosedError, type Link } from './link';
import { pause } from './pace';

/** A service that remembers what it was told and says what the test wants. */
class Service {
  sockets: { socket: Socket; sent: ClientMessage[]; closed: boolean }[] = [];
  links: Link[] = [];
  events: number[] = [];
  refused: string[] = [];
  back: (number | 'snapshot')[] = [];
  fails = false;
  reason: ClosedError | null = null;

  readonly listener: Listener = {
    link: (link) => this.links.push(link),
    snapshot: () => {},
    event: (event) => {
      if (this.fails) throw new Error('unreadable');
      this.events.push(event.seq);
    },
    latest: () => {},
    answer: () => {},
    refused: (refusal) => this.refused.push(refusal.command),
    back: (_, missed) => this.back.push(missed),
  };

  readonly open = (): Socket => {
    const entry = { socket: {} as Socket, sent: [] as ClientMessage[], closed: false };
    entry.socket = {
      send: (data) => entry.sent.push(JSON.parse(data as string) as ClientMessage),
      close: () => (entry.closed = true),
      onopen: null,
      onmessage: null,
      onclose: null,
    };
    this.sockets.push(entry);
    return entry.socket;
  };

  get now() {
    return this.sockets.at(-1)!;
  }
  get sent(): ClientMessage[] {
    return this.now.sent;
  }
  get link(): Link {
    return this.links.at(-1)!;
  }
  opened(): void {
    this.now.socket.onopen?.call(null as never, {} as never);
  }
  says(message: ServerMessage | { [kind: string]: unknown }): void {
    this.now.socket.onmessage?.call(null as never, { data: JSON.stringify(message) } as never);
  }
  breaks(code = 1006): void {
    this.now.socket.onclose?.call(null as never, { code } as never);
  }
  welcomes(head = 0): void {
    this.says({ welcome: { log: 'log', epoch: 1, head, snapshot: head === 0 ? emptyState('log', 10) : null } });
  }
  tells(seq: number, fact: Event['fact'] = { log: { level: 'info', source: 'engine', text: 'x' } }): void {
    this.says({ event: { seq, time: '2026-01-01T00:00:00Z', fact } });
  }
}

let service: Service;
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  service = new Service();
  connection = new Connection({ open: service.open, identity: 'me', role: 'admin', listener: service.listener, why: () => Promise.resolve(service.reason), random: () => 1 });
  service.opened();
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

const hellos = () => service.sent.flatMap((message) => ('hello' in message ? [message.hello] : []));
const commands = () => service.sent.flatMap((message) => ('command' in message ? [message.command.id] : []));

test('it says hello first and hands events on in order', () => {
  expect(hello()).toMatchObject({ version: 1, log: null, after: null, screen: true, latest: true });
  service.welcomes();
  service.tells(1);
  service.tells(1);
  service.tells(2);
  expect(service.events).toEqual([1, 2]);
  expect(service.link.kind).toBe('connected');
});

test('it asks for what is missing, and ignores events until the welcome', () => {
  service.welcomes();
  service.tells(1);
  service.tells(3);
  expect(hellos().at(-1)).toMatchObject({ log: 'log', after: 1 });
  service.tells(2);
  expect(service.events).toEqual([1]);
  service.welcomes(3);
  service.tells(2);
  service.tells(3);
  expect(service.events).toEqual([1, 2, 3]);
});

test('it resumes after a loss, and says how much it missed', () => {
  service.welcomes();
  service.tells(1);
  service.breaks();
  expect(service.link).toMatchObject({ kind: 'lost', attempt: 1 });
  vi.advanceTimersByTime(250);
  service.opened();
  expect(hello()).toMatchObject({ log: 'log', after: 1 });
  service.welcomes(4);
  expect(service.back).toEqual([3]);
});

test('a command is sent again until it is answered', () => {
  connection.command('c1', 'flatten');
  expect(commands()).toEqual([]);
  service.welcomes();
  connection.command('c2', 'pause');
  expect(commands()).toEqual(['c1', 'c2']);
  service.tells(1, {
    verb: { row: 1, verb: { command: 'c1', author: 'me', verb: 'flatten', target: '', outcome: 'started', text: '' } },
  });
  service.breaks();
  connection.reconnectNow();
  service.opened();
  service.welcomes(1);
  expect(commands()).toEqual(['c2']);
  service.says({ refused: { command: 'c2', message: 'no' } });
  expect(service.refused).toEqual(['c2']);
  service.breaks();
  connection.reconnectNow();
  service.opened();
  service.welcomes(1);
  expect(commands()).toEqual([]);
});

test('silence is a loss, and an answer to a ping tells the delay', () => {
  service.welcomes();
  const ping = service.sent.find((message) => 'ping' in message)!;
  vi.advanceTimersByTime(30);
  service.says({ pong: { nonce: 'ping' in ping ? ping.ping.nonce : 0 } });
  expect(service.link).toMatchObject({ kind: 'connected', latencyMs: 30 });
  vi.advanceTimersByTime(10_000);
  expect(service.links.some((link) => link.kind === 'lost')).toBe(true);
});

test('an end is final, a full or hasty service is not', () => {
  service.welcomes();
  service.says({ error: { code: 'too_slow', message: 'too slow' } });
  expect(service.link.kind).toBe('lost');
  connection.reconnectNow();
  service.opened();
  service.says({ error: { code: 'busy', message: 'full' } });
  expect(service.link).toMatchObject({ kind: 'lost', full: true });
  connection.reconnectNow();
  service.opened();
  service.says({ error: { code: 'ended', message: 'stopped by op1' } });
  expect(service.link).toMatchObject({ kind: 'closed', error: { code: 'ended' } });
  vi.advanceTimersByTime(60_000);
  expect(service.sockets).toHaveLength(3);
});

test('access that ended is final', () => {
  service.welcomes();
  service.breaks(4401);
  expect(service.link).toMatchObject({ kind: 'closed', error: { code: 'access' } });
});

test('a socket that is refused is tried again, unless the gateway says why it is in vain', async () => {
  service.welcomes();
  service.breaks();
  connection.reconnectNow();
  service.breaks();
  await vi.advanceTimersByTimeAsync(0);
  expect(service.link.kind).toBe('lost');
  service.reason = SESSION_GONE;
  connection.reconnectNow();
  service.breaks();
  await vi.advanceTimersByTimeAsync(0);
  expect(service.link.kind, 'it may be started again').toBe('lost');
  vi.setSystemTime(Date.now() + 61_000);
  connection.reconnectNow();
  service.breaks();
  await vi.advanceTimersByTimeAsync(0);
  expect(service.link).toMatchObject({ kind: 'closed', error: { code: 'ended' } });
});

test('kinds of a newer version are left out', () => {
  service.welcomes();
  service.says({ weather: { rain: 3 } });
  service.tells(1, { weather: {} } as never);
  expect(service.events).toEqual([1]);
  expect(service.link.kind).toBe('connected');
});

test('an event that cannot be read is asked for once more, and then that was it', () => {
  service.welcomes();
  service.fails = true;
  service.tells(1);
  expect(hellos()).toHaveLength(2);
  service.welcomes(1);
  service.tells(1);
  expect(service.link).toMatchObject({ kind: 'closed', error: { code: 'bad_message' } });
});

test('pauses grow to five seconds', () => {
  expect([1, 2, 3, 6, 99].map((attempt) => pause(attempt, () => 1))).toEqual([250, 500, 1_000, 5_000, 5_000]);
  expect(pause(9, () => 0)).toBe(2_500);
});

function hello() {
  return hellos()[0]!;
}
