// The lines of the log panel, made from the session's events: log lines, what the strategy raised, runs. No I/O.

import type { Event, LogLevel } from '../protocol';

export type LogLine = {
  seq: number;
  time: Date;
  /** When it was by the engine's clock, where that is another one: in a replay. */
  marketTime: Date | null;
  level: LogLevel;
  source: string;
  text: string;
};

/** Returns the lines in some events, in their order. */
export function linesOf(events: readonly Event[]): LogLine[] {
  return events.map(lineOf).filter((line) => line !== null);
}

function lineOf(event: Event): LogLine | null {
  const { seq, fact } = event;
  if (typeof fact !== 'object') return null;
  const time = new Date(event.time);
  if ('log' in fact) {
    const { level, source, text, market_time } = fact.log;
    return { seq, time, marketTime: market_time ? new Date(market_time) : null, level, source, text };
  }
  if ('error' in fact && fact.error.cell == null) {
    const { ename, evalue, traceback, market_time } = fact.error;
    const text = plain([`${ename}: ${evalue}`, ...traceback].join('\n'));
    return { seq, time, marketTime: market_time ? new Date(market_time) : null, level: 'error', source: 'strategy', text };
  }
  if ('started' in fact) {
    const { epoch, restored } = fact.started;
    const text = restored ? `run begins, restored (life ${epoch} of the account)` : `run begins with a new account (life ${epoch})`;
    return { seq, time, marketTime: null, level: 'info', source: 'session', text };
  }
  return null;
}

/** Returns a text without the sequences that colour it in a terminal. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '');
}

/** Returns how many lines there are of each level. */
export function counts(lines: readonly LogLine[]): Record<LogLevel, number> {
  const counts: Record<LogLevel, number> = { debug: 0, info: 0, warning: 0, error: 0 };
  for (const line of lines) counts[line.level] += 1;
  return counts;
}

/** Returns the place of the next error after a place, around the end; null when there is none. */
export function nextError(lines: readonly LogLine[], after: number, step: 1 | -1): number | null {
  for (let passed = 1; passed <= lines.length; passed += 1) {
    const place = (((after + step * passed) % lines.length) + lines.length) % lines.length;
    if (lines[place]?.level === 'error') return place;
  }
  return null;
}
