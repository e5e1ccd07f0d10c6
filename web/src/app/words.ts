// How the session and its Python process are, in the words of the terminal screen. No I/O.

import { user } from '../figures/facts';
import { clock, count, stopwatch } from '../figures/format';
import type { Link } from '../connection/link';
import type { CellView, SessionStatus, WrongClock } from '../protocol';

export type Tone = 'quiet' | 'plain' | 'good' | 'warn' | 'bad';
export type Said = { text: string; tone: Tone };

/** The link's delay is told from this on: below, it says nothing and changes with every look at it. */
const TOLD_FROM_MS = 5;
/** After this long without a connection, the bar says what to check. */
const LONG_LOST_MS = 60_000;

/** Returns how long it is from a time that the session told to now. */
export function since(time: string, now: Date): string {
  return stopwatch(Math.max(0, now.getTime() - Date.parse(time)));
}

/** Returns how the link is. */
export function linkWord(link: Link): Said {
  switch (link.kind) {
    case 'connecting':
      return { text: 'connecting', tone: 'warn' };
    case 'connected':
      if (link.latencyMs === undefined) return { text: 'live', tone: 'good' };
      return { text: link.latencyMs < TOLD_FROM_MS ? `<${TOLD_FROM_MS} ms` : `${link.latencyMs} ms`, tone: 'good' };
    case 'lost':
      return { text: 'lost', tone: 'warn' };
    case 'closed':
      return { text: 'ended', tone: 'bad' };
  }
}

/** Returns a cell as people call it, by the number that the kernel gave it: `my In[3]`, `op2's In[*]`. */
export function cellLabel(view: CellView, count: number | null, me: string): string {
  const whose = user(view.author) === user(me) ? 'my' : `${view.author}'s`;
  return `${whose} In[${count ?? '*'}]`;
}

/** Returns how the Python process is; `label` is the running cell's. */
export function kernelWord(status: SessionStatus, running: CellView | null, label: string, now: Date): Said {
  const { state, since: from } = status.kernel;
  if (state === 'starting') return { text: 'kernel starting', tone: 'warn' };
  if (state === 'not_responding') return { text: `kernel NOT RESPONDING ${since(from, now)}`, tone: 'bad' };
  if (state === 'dead') return { text: 'kernel DEAD', tone: 'bad' };
  if (!running) return { text: 'kernel idle', tone: 'quiet' };
  return { text: `kernel busy ${since(running.since, now)} · ${label}`, tone: 'warn' };
}

/** Returns what the strategy is when it does not simply run. */
export function strategyWord(status: SessionStatus): Said | null {
  const words: Record<string, Said | null> = {
    running: null,
    starting: { text: 'strategy starting', tone: 'warn' },
    failed: { text: 'strategy FAILED', tone: 'bad' },
    stopped: { text: 'strategy stopped', tone: 'warn' },
  };
  return words[status.strategy.state] ?? null;
}

/** Returns what is said while there is no connection. */
export function lostBar(link: Link & { kind: 'lost' }, heardAt: Date | null, now: Date): string {
  const away = now.getTime() - link.since.getTime();
  const data = heardAt ? ` Showing data of ${clock(heardAt)}.` : '';
  const retry = Math.max(0, Math.ceil((link.retryAt.getTime() - now.getTime()) / 1_000));
  const fate = link.full
    ? ' The session has no place for another screen now: close one.'
    : ' What became of the strategy is not known from here.';
  const still = away > LONG_LOST_MS ? ` Still trying (attempt ${link.attempt}). Check on the host: qubx kernel list` : '';
  return `Connection lost ${stopwatch(away)}.${data} Retry in ${retry} s (Enter now).${fate}${still}`;
}

/** Returns what is said once a connection is back. */
export function backBar({ after, missed }: { after: number; missed: number | 'snapshot' }, begin: Date | null): string {
  const came = missed === 'snapshot' ? `History${begin ? ` before ${clock(begin)}` : ''} reloaded.` : `${count(missed, 'message')} replayed.`;
  return `Back after ${stopwatch(after)}. ${came}`;
}

/** Returns what is said of a Python process that does not answer; null while it does. */
export function kernelBar(status: SessionStatus, label: string | null, now: Date): string | null {
  const { kernel, strategy } = status;
  if (kernel.state === 'not_responding') {
    const whose = label === null ? '' : ` · ${label}`;
    return `kernel NOT RESPONDING ${since(kernel.since, now)}${whose} · an interrupt has no effect`;
  }
  if (kernel.state !== 'dead') return null;
  const how = kernel.ended ? ` (${kernel.ended})` : '';
  const wait = kernel.next_start ? Math.max(0, Math.ceil((Date.parse(kernel.next_start) - now.getTime()) / 1_000)) : null;
  const next = wait === null ? 'stays down' : `again in ${wait} s`;
  const fate = strategy.state === 'running' ? 'Strategy still running in the engine.' : 'Strategy stopped.';
  return `Python kernel ended${how} ${clock(new Date(kernel.since))}; ${next}. ${fate} Positions are untouched.`;
}

/** Returns how far a start is; null when it is over. */
export function startingBar(status: SessionStatus, quotes: number): string | null {
  const python = status.kernel.state === 'starting';
  const strategy = status.strategy.state === 'starting';
  if (!python && !strategy) return null;
  const mark = (waits: boolean) => (waits ? '…' : '✓');
  const instruments = status.info.instruments.length;
  return `Starting: Python ${mark(python)} · strategy ${mark(strategy)} · quotes ${quotes}/${instruments}`;
}

/** Returns a text as a sentence. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Returns how far the session's clock is from an exchange's. */
export function clockWord({ exchange, ahead_ms }: WrongClock): string {
  const seconds = (Math.abs(ahead_ms) / 1_000).toFixed(1);
  return `clock ${ahead_ms < 0 ? '−' : '+'}${seconds} s vs ${exchange}`;
}
