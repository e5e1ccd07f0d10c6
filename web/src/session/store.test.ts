// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClientMessage, Event, ServerMessage } from '../protocol';
import { apply, emptyState } from './apply';
import { Session } from './store.svelte';

/** The websocket of the page, with the test at its other end. */
class FakeSocket {
  static last: FakeSocket;
  sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    FakeSocket.last = this;
  }
  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientMessage);
  }
  close(): void {}
  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let session: Session;
let socket: FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  session = new Session('s', 'me', 'admin');
  socket = FakeSocket.last;
  socket.onopen?.();
  socket.says({ welcome: { log: 'log', epoch: 1, head: 0, snapshot: emptyState('log', 10) } });
});
afterEach(() => {
  session.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const frame = () => vi.advanceTimersByTime(300);
const event = (seq: number, fact: Event['fact']): ServerMessage => ({ event: { seq, time: '2026-01-01T00:00:00Z', fact } });
const log = (text: string): Event['fact'] => ({ log: { level: 'info', source: 'engine', text } });

test('what came between two frames is shown once, and heard event by event', () => {
  frame();
  const heard: number[][] = [];
  const stop = session.hear({ snapshot: (state) => heard.push([state.head]), events: (events) => heard.push(events.map(({ seq }) => seq)) });
  const before = session.state;
  socket.says(event(1, log('a')));
  socket.says(event(2, log('b')));
  expect(session.state).toBe(before);
  frame();
  expect(session.state?.head).toBe(2);
  expect(heard).toEqual([[0], [1, 2]]);
  expect(session.versions).toMatchObject({ session: 0 + 1, log: 2 });
  stop();
  socket.says(event(3, log('c')));
  frame();
  expect(heard).toHaveLength(2);
});

test('newest values replace those of before, and those that did not change stay', () => {
  socket.says({ latest: { presence: [], alarms: [{ source: 'disk', text: 'full', since: '', stops_orders: true }] } });
  socket.says({ latest: { market: { quotes: [], marks: [], accounts: [], stale: [] } } });
  frame();
  expect([session.alarms.length, session.market?.quotes, session.receivedAt === null]).toEqual([1, [], false]);
});

test('a command is over when its verb is, and a question is answered or fails with the connection', async () => {
  const result = session.command('pause');
  const sent = socket.sent.find((message) => 'command' in message);
  const command = sent && 'command' in sent ? sent.command.id : '';
  socket.says(event(1, { verb: { row: 1, verb: { command, author: 'me', verb: 'pause', target: '', outcome: 'done', text: '' } } }));
  expect(await result).toEqual({ outcome: 'done', text: '' });
  const answer = session.ask({ is_complete: { code: 'x' } });
  socket.onclose?.({ code: 1006 });
  expect(await answer).toEqual({ failed: { message: 'the connection was lost' } });
  expect(await session.ask({ is_complete: { code: 'x' } })).toEqual({ failed: { message: 'there is no connection' } });
  expect(session.link.kind).toBe('lost');
});

test('the cell that runs has the number that the kernel gave it, from a snapshot and from events', () => {
  const started = (cell: number, count: number | null): Event['fact'] => ({ cell_started: { cell, execution_count: count } });
  const cell = (cell: number): Event['fact'] => ({ cell: { cell, code: 'x', author: 'op1' } });
  frame();
  expect(session.runningCount).toBeNull();
  socket.says(event(1, cell(1)));
  socket.says(event(2, started(1, 7)));
  frame();
  expect([session.running?.cell, session.runningCount]).toEqual([1, 7]);
  const snapshot = emptyState('log', 10);
  for (const [at, fact] of [cell(1), started(1, 7), cell(2), started(2, 8)].entries()) apply(snapshot, { seq: at + 1, time: '2026-01-01T00:00:00Z', fact });
  socket.says({ welcome: { log: 'log', epoch: 1, head: 4, snapshot } });
  frame();
  expect([session.running?.cell, session.runningCount]).toEqual([2, 8]);
  socket.says(event(5, cell(3)));
  socket.says(event(6, started(3, null)));
  frame();
  expect(session.runningCount).toBeNull();
});
