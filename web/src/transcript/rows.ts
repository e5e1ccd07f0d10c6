// The rows of the entries: what the list draws one by one, so that only those in view are there at all. No I/O.
//
// Long output is many rows of a hundred lines or so each; folded, its middle is one row that says how much is left out.
// An entry's rows are made once and kept until it changes.

import { PLAIN_PEN } from '../output/ansi';
import { formOf, type Form } from '../output/form';
import { linesOf, type Cell, type Entry, type Failure, type Lost, type Omitted, type Question, type Stream, type Value } from './entry';
import { FIRST_LINES, LAST_LINES, MOST_LINES } from './fold';

/** A part of a row's text: the lines from one to another; all when `to` is null. */
type Text = { kind: 'text'; piece: Stream; from: number; to: number | null };

export type Row = { key: string; entry: Entry; version: number } & (
  | { kind: 'head' }
  | Text
  | { kind: 'result'; form: Form | null }
  | { kind: 'rich'; form: Form }
  | { kind: 'error'; failure: Failure }
  | { kind: 'question'; question: Question }
  | { kind: 'omitted'; omitted: Omitted }
  | { kind: 'lost'; lost: Lost }
  | { kind: 'more'; hidden: number }
  | { kind: 'cut' }
  | { kind: 'running' }
  | { kind: 'tail' }
  | { kind: 'line' }
  | { kind: 'out' }
);

type Bare = Row extends infer One ? (One extends Row ? Omit<One, 'key' | 'entry' | 'version'> : never) : never;

const kept = new WeakMap<Entry, { version: number; rows: Row[] }>();

/** Returns the rows of one entry. */
export function rowsOf(entry: Entry): Row[] {
  const known = kept.get(entry);
  if (known?.version === entry.version) return known.rows;
  const bare = entry.body.kind === 'cell' ? cellRows(entry, entry.body) : entry.body.kind === 'line' ? [{ kind: 'line' } as Bare] : looseRows(entry);
  const rows = bare.map((row, place) => ({ ...row, key: `${entry.seq}.${place}`, entry, version: entry.version }) as Row);
  kept.set(entry, { version: entry.version, rows });
  return rows;
}

function cellRows(entry: Entry, body: Cell): Bare[] {
  const rows: Bare[] = [{ kind: 'head' }];
  if (entry.cut) rows.push({ kind: 'cut' });
  rows.push(...outputRows(entry));
  if (body.phase.kind === 'running') rows.push({ kind: 'running' });
  const hasResult = entry.pieces.some((piece) => piece.kind === 'value' && piece.result);
  // That a cell is done its result says.
  if (body.phase.kind === 'finished' && !(body.phase.status === 'ok' && hasResult)) rows.push({ kind: 'tail' });
  return rows;
}

function looseRows(entry: Entry): Bare[] {
  return [{ kind: 'out' }, ...outputRows(entry)];
}

function outputRows(entry: Entry): Bare[] {
  const rows: Bare[] = [];
  let texts: Stream[] = [];
  const endTexts = () => {
    rows.push(...textRows(texts, entry.open));
    texts = [];
  };
  for (const piece of entry.pieces) {
    if (piece.kind === 'stream') {
      texts.push(piece);
      continue;
    }
    if (piece.kind === 'value') {
      const form = formOf(piece.forms);
      if (form.kind === 'text' && !(piece.result && linesOf(form.text) <= 1)) {
        if (piece.result) {
          endTexts();
          rows.push({ kind: 'result', form: null });
        }
        texts.push(...streamsOf(piece, form.text));
        if (piece.result) endTexts();
        continue;
      }
      endTexts();
      if (piece.result) rows.push({ kind: 'result', form: form.kind === 'text' ? form : null });
      if (form.kind !== 'text') rows.push({ kind: 'rich', form });
      continue;
    }
    endTexts();
    if (piece.kind === 'error') rows.push({ kind: 'error', failure: piece });
    else if (piece.kind === 'question') rows.push({ kind: 'question', question: piece });
    else if (piece.kind === 'omitted') rows.push({ kind: 'omitted', omitted: piece });
    else rows.push({ kind: 'lost', lost: piece });
  }
  endTexts();
  return rows;
}

/** Returns texts that stand together: whole, or their beginning and their end. */
function textRows(pieces: readonly Stream[], open: boolean): Bare[] {
  const whole = (piece: Stream): Bare => ({ kind: 'text', piece, from: 0, to: null });
  const total = pieces.reduce((sum, piece) => sum + piece.lines, 0);
  if (open || total <= MOST_LINES) return pieces.map(whole);
  const [first, last] = [FIRST_LINES, total - LAST_LINES];
  const rows: Bare[] = [];
  const slice = (from: number, to: number) => {
    let begin = 0;
    for (const piece of pieces) {
      const [a, b] = [Math.max(from - begin, 0), Math.min(to - begin, piece.lines)];
      if (a < b) rows.push({ kind: 'text', piece, from: a, to: b });
      begin += piece.lines;
    }
  };
  slice(0, first);
  rows.push({ kind: 'more', hidden: last - first });
  slice(last, total);
  return rows;
}

/** Text of a value is cut as that of a stream is. */
const valueTexts = new WeakMap<Value, Stream[]>();
const LINES_OF_A_PIECE = 50;

function streamsOf(value: Value, text: string): Stream[] {
  let streams = valueTexts.get(value);
  if (!streams) {
    const lines = text.split('\n');
    streams = [];
    for (let from = 0; from < lines.length; from += LINES_OF_A_PIECE) {
      const part = lines.slice(from, from + LINES_OF_A_PIECE);
      streams.push({ kind: 'stream', stderr: false, text: part.join('\n'), pen: { ...PLAIN_PEN }, lines: part.length });
    }
    valueTexts.set(value, streams);
  }
  return streams;
}

/** Tells whether an entry has anything to fold. */
export function canFold(entry: Entry): boolean {
  if (entry.open) return true;
  return rowsOf(entry).some((row) => row.kind === 'more' || row.kind === 'error') || entry.body.kind === 'line';
}

