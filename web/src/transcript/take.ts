// From events to entries: which one begins an entry, which one continues it, and in what words. No I/O.
//
// A cell and everything that it printed is one entry, in the place where it was submitted. The same events give the same
// entries, whether they come one by one, in a snapshot or in a page of older history.

import type { Facts } from '../figures/facts';
import type { Event, Fact, LogLevel, Order, SessionState, SessionStatus } from '../protocol';
import { kindOf } from '../session/history';
import { Entry, pieceOf, type Body, type Cell, type Line, type Tone } from './entry';
import { cellOf } from './older';
import { fillWords, fundingWords, namesOf, orderWords, resultsWords } from './words';

const LEVEL_TONES: Record<LogLevel, Tone> = { debug: 'quiet', info: 'plain', warning: 'attention', error: 'loss' };
const LEVEL_WORDS: Record<LogLevel, string> = { debug: 'DEBUG', info: 'INFO', warning: 'WARN', error: 'ERROR' };
const OUTCOMES = { started: '…', done: 'done', failed: 'failed' } as const;
/** A time that is this far from the wall's is of another clock: that of a replay. */
const ANOTHER_CLOCK_MS = 60_000;

/** A fact of one kind. */
type Of<Kind extends string> = Extract<Fact, Record<Kind, unknown>>;

export class Entries {
  list: Entry[] = [];
  readonly counts: Record<LogLevel, number> = { debug: 0, info: 0, warning: 0, error: 0 };
  /** The number that the kernel gave to the last cell that ran. */
  lastCount: number | null = null;
  readonly #cells = new Map<number, Entry>();
  /** The cells that wait for a line, by the wait. */
  readonly #asking = new Map<string, number>();
  /** Whether what the strategy's threads have shown goes as soon as they show something new. */
  #strategyClearWaits = false;
  #names: Facts = namesOf(null);

  /** Takes in what the instruments are called. */
  name(status: SessionStatus | null): void {
    this.#names = namesOf(status);
  }

  /** Takes an event in. */
  take(event: Event): void {
    const { fact } = event;
    const cell = cellOf(event);
    if ('started' in fact) this.#run(event, fact);
    else if ('cell' in fact) this.#cell(event, fact);
    else if ('output' in fact) this.#output(event, fact);
    else if ('input_ended' in fact) this.#inputEnded(event, fact);
    else if (cell !== null) this.#continue(event, cell);
    else if ('status' in fact) this.name(fact.status);
    else if ('error' in fact) this.#strategyError(event, fact);
    else this.#line(event);
  }

  /** Tells the cells that wait which place they have. */
  placeInQueue({ queue }: Pick<SessionState, 'queue'>): void {
    queue.forEach(({ cell }, index) => {
      const entry = this.#cells.get(cell);
      const body = entry?.body;
      if (!entry || body?.kind !== 'cell') return;
      if (body.phase.kind === 'queued' && body.phase.place === index + 1) return;
      body.phase = { kind: 'queued', place: index + 1 };
      entry.changed();
    });
  }

  /** Puts a page of older history before the rest; what is here already is left out. */
  prepend(events: readonly Event[]): void {
    const first = this.list[0]?.seq ?? Infinity;
    const page = new Entries();
    page.#names = this.#names;
    for (const event of events) {
      const cell = cellOf(event);
      const isHere = cell === null ? event.seq >= first : this.#cells.has(cell);
      if (!isHere) page.take(event);
    }
    for (const [cell, entry] of page.#cells) this.#cells.set(cell, entry);
    for (const [input, cell] of page.#asking) this.#asking.set(input, cell);
    this.list = [...page.list, ...this.list];
  }

  /** Drops the oldest entries. */
  dropOldest(count: number): void {
    for (const entry of this.list.splice(0, count)) {
      if (entry.body.kind !== 'cell') continue;
      for (const [cell, other] of this.#cells) if (other === entry) this.#cells.delete(cell);
    }
  }

  /** Tells whether anybody has run anything. */
  get hasCells(): boolean {
    return this.#cells.size > 0;
  }

  #push(event: Event, body: Body, time = timeOf(event)): Entry {
    const entry = new Entry(event.seq, time, body);
    this.list.push(entry);
    return entry;
  }

  #run(event: Event, { started }: Of<'started'>): void {
    // A run has a Python of its own, which counts from 1.
    this.lastCount = 0;
    this.#asking.clear();
    const how = started.restored ? 'a run goes on where one ended' : 'a run begins';
    this.#push(event, { kind: 'line', label: 'START', tone: 'quiet', text: `${how}; account epoch ${started.epoch}` });
  }

  #cell(event: Event, { cell }: Of<'cell'>): void {
    const body: Cell = { kind: 'cell', code: cell.code, author: cell.author, count: null, phase: { kind: 'queued', place: 1 } };
    this.#cells.set(cell.cell, this.#push(event, body));
  }

  /** Changes a cell's entry. What belongs to a cell that is not kept is not shown, and what it has already not twice. */
  #change(seq: number, cell: number, change: (entry: Entry, body: Cell) => void): void {
    const entry = this.#cells.get(cell);
    if (!entry || entry.body.kind !== 'cell' || seq <= entry.last) return;
    entry.last = seq;
    change(entry, entry.body);
    entry.changed();
  }

  #continue({ seq, time, fact }: Event, cell: number): void {
    if ('cell_started' in fact) {
      const count = fact.cell_started.execution_count ?? null;
      this.lastCount = count ?? this.lastCount;
      this.#change(seq, cell, (_, body) => Object.assign(body, { count, phase: { kind: 'running', since: time } }));
    } else if ('cell_finished' in fact) {
      const { status, duration_ms: durationMs } = fact.cell_finished;
      for (const [input, asking] of this.#asking) if (asking === cell) this.#asking.delete(input);
      this.#change(seq, cell, (_, body) => (body.phase = { kind: 'finished', status, durationMs }));
    } else if ('input_requested' in fact) {
      const { input, prompt, password } = fact.input_requested;
      this.#asking.set(input, cell);
      this.#change(seq, cell, (entry) => entry.push({ kind: 'question', input, prompt, password, reply: null }));
    } else if ('error' in fact) {
      const { ename: name, evalue: value, traceback } = fact.error;
      this.#change(seq, cell, (entry) => entry.push({ kind: 'error', name, value, traceback: traceback.join('\n') }));
    }
  }

  #inputEnded({ seq }: Event, { input_ended: ended }: Of<'input_ended'>): void {
    const cell = this.#asking.get(ended.input);
    if (cell === undefined) return;
    this.#asking.delete(ended.input);
    this.#change(seq, cell, (entry) => entry.answered(ended.input, ended.author ?? null, ended.text ?? null));
  }

  #output(event: Event, { output }: Of<'output'>): void {
    const { content } = output;
    if ('data' in content && content.data.update && content.data.display != null) {
      for (const entry of this.list) entry.update(content.data.display, content.data.data);
    } else if (output.cell != null) {
      this.#change(event.seq, output.cell, (entry) => entry.show(content));
    } else if ('clear' in content) {
      if (content.clear.wait) this.#strategyClearWaits = true;
      else this.#clearStrategy();
    } else {
      if (this.#strategyClearWaits) this.#clearStrategy();
      this.#push(event, { kind: 'output' }, event.time).push(pieceOf(content));
    }
  }

  #clearStrategy(): void {
    this.#strategyClearWaits = false;
    this.list = this.list.filter((entry) => entry.body.kind !== 'output' || entry.level === 'error');
  }

  #strategyError(event: Event, { error }: Of<'error'>): void {
    this.counts.error += 1;
    const { ename: name, evalue: value, traceback } = error;
    this.#push(event, { kind: 'output' }).push({ kind: 'error', name, value, traceback: traceback.join('\n') });
  }

  #line(event: Event): void {
    const line = this.#lineOf(event.fact);
    if (line) this.#push(event, { kind: 'line', ...line });
  }

  #lineOf(fact: Fact): Omit<Line, 'kind'> | null {
    if ('log' in fact) {
      const { level, source, text } = fact.log;
      this.counts[level] += 1;
      return { label: LEVEL_WORDS[level], tone: LEVEL_TONES[level], text: `${source}  ${text}`, level, source };
    }
    if ('order' in fact) {
      const { order } = fact.order;
      const tone = { new: 'quiet', cancelled: 'quiet', rejected: 'loss' }[order.status as string] as Tone | undefined;
      // Sent, filled in part and filled are told by what follows them.
      if (!tone) return null;
      const line = { label: 'ORDER', tone, text: orderWords(order, this.#names) };
      if (order.status === 'rejected' || !isTheStrategysOwn(order)) return line;
      this.counts.debug += 1;
      return { ...line, level: 'debug' };
    }
    if ('fill' in fact) return { label: 'FILL', tone: 'strong', text: fillWords(fact.fill.fill, this.#names) };
    if ('funding' in fact) return { label: 'FUND', tone: 'quiet', text: fundingWords(fact.funding.funding, this.#names) };
    if ('results' in fact) return { label: 'DONE', tone: 'strong', text: fact.results.accounts.map(resultsWords).join('\n') };
    if ('verb' in fact) {
      const { verb, target, outcome, text, author } = fact.verb.verb;
      const words = [verb, target, OUTCOMES[outcome], text].filter((word) => word !== '');
      return { label: 'VERB', tone: outcome === 'failed' ? 'loss' : 'attention', text: `${words.join(' ')}  (${author})` };
    }
    return { label: '?', tone: 'quiet', text: `an event of a newer version: ${kindOf(fact)}` };
  }
}

/** Tells whether the strategy gave an order by itself, and nobody by a cell or a verb. */
function isTheStrategysOwn({ author, cause }: Order): boolean {
  return author === 'strategy' && cause == null;
}

/** Returns when an event happened: in the market, where its clock is another one than the wall's. */
function timeOf({ fact, time }: Event): string {
  const told =
    'log' in fact ? fact.log.market_time
    : 'error' in fact ? fact.error.market_time
    : 'order' in fact ? fact.order.order.changed_at
    : 'fill' in fact ? fact.fill.fill.time
    : 'funding' in fact ? fact.funding.funding.time
    : null;
  if (told == null) return time;
  return Math.abs(Date.parse(told) - Date.parse(time)) > ANOTHER_CLOCK_MS ? told : time;
}
