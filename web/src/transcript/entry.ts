// One entry of the session: a cell with what it printed, or a line of the log, of trading or of a verb. No I/O.

import { PLAIN_PEN, penAfter, type Pen } from '../output/ansi';
import type { CellStatus, LogLevel, OutputContent } from '../protocol';

/** A stream's text is cut to pieces of about this size, so that more of it draws one piece and not the whole. */
const PIECE_LENGTH = 2 * 1024;
/** A line without an end is cut all the same. */
const LONGEST_PIECE = 32 * 1024;
/** The text of one cell that is kept here; its oldest output is dropped for more. */
const CELL_LENGTH = 16 * 1024 * 1024;
const CELL_PIECES = 20_000;

export type Tone = 'quiet' | 'plain' | 'strong' | 'attention' | 'loss';

export type Phase =
  | { kind: 'queued'; place: number }
  | { kind: 'running'; since: string }
  | { kind: 'finished'; status: CellStatus; durationMs: number };

export type Cell = { kind: 'cell'; code: string; author: string; count: number | null; phase: Phase };
/** A line that is not a cell's. Lines of the log have a level and a source, and quiet orders a level. */
export type Line = { kind: 'line'; label: string; tone: Tone; text: string; level?: LogLevel; source?: string };
/** What the strategy's threads showed, or an exception of the strategy. */
export type Loose = { kind: 'output' };
export type Body = Cell | Line | Loose;

export type Stream = { kind: 'stream'; stderr: boolean; text: string; pen: Pen; lines: number };
export type Forms = Readonly<Record<string, unknown>>;
export type Value = { kind: 'value'; result: boolean; forms: Forms; display: string | null };
export type Failure = { kind: 'error'; name: string; value: string; traceback: string };
export type Question = {
  kind: 'question';
  input: string;
  prompt: string;
  password: boolean;
  /** Null while the cell waits; without an author nobody answered. */
  reply: { author: string | null; text: string | null } | null;
};
export type Omitted = { kind: 'omitted'; bytes: number; file: string | null; partial: boolean };
export type Lost = { kind: 'lost'; messages: number };
export type Piece = Stream | Value | Failure | Question | Omitted | Lost;

export class Entry {
  readonly body: Body;
  /** The event that it begins with, and the last one that it has. */
  readonly seq: number;
  last: number;
  readonly time: string;
  pieces: Piece[] = [];
  /** Whether somebody unfolded it. */
  open = false;
  /** Whether output was dropped for newer output. */
  cut = false;
  length = 0;
  /** Counts the changes. */
  version = 0;
  /** Whether what is shown goes as soon as something new is shown. */
  #clearWaits = false;

  constructor(seq: number, time: string, body: Body) {
    this.seq = seq;
    this.last = seq;
    this.time = time;
    this.body = body;
    this.length = body.kind === 'cell' ? body.code.length : body.kind === 'line' ? body.text.length : 0;
  }

  /** The level of a line of the log, of a quiet order and of an exception of the strategy; null for what is always shown. */
  get level(): LogLevel | null {
    if (this.body.kind === 'line') return this.body.level ?? null;
    return this.body.kind === 'output' && this.pieces[0]?.kind === 'error' ? 'error' : null;
  }

  /** Tells whether something went wrong here. */
  get isError(): boolean {
    const { body } = this;
    if (body.kind === 'line') return body.tone === 'loss';
    if (body.kind === 'output') return this.level === 'error';
    return body.phase.kind === 'finished' && (body.phase.status === 'error' || body.phase.status === 'kernel_died');
  }

  /** Who it comes from: the source of a line, the author of a cell. */
  get source(): string {
    const { body } = this;
    if (body.kind === 'cell') return body.author;
    return body.kind === 'line' ? (body.source ?? '') : 'strategy';
  }

  changed(): void {
    this.version += 1;
  }

  /** Shows what was printed or shown, or clears what is shown. */
  show(content: OutputContent): void {
    if ('clear' in content) {
      if (content.clear.wait) this.#clearWaits = true;
      else this.clear();
      return;
    }
    if (this.#clearWaits) this.clear();
    if ('stream' in content) this.#stream(content.stream.stream === 'stderr', content.stream.text);
    else this.push(pieceOf(content));
  }

  clear(): void {
    this.pieces = this.pieces.filter((piece) => piece.kind === 'error' || piece.kind === 'question');
    this.#clearWaits = false;
    this.cut = false;
    this.changed();
  }

  push(piece: Piece): void {
    this.pieces.push(piece);
    this.length += lengthOf(piece);
    while (this.pieces.length > CELL_PIECES || (this.pieces.length > 1 && this.length > CELL_LENGTH)) {
      this.length -= lengthOf(this.pieces.shift()!);
      this.cut = true;
    }
    this.changed();
  }

  /** Puts new forms in the place of what is shown under a name. */
  update(name: string, forms: Forms): void {
    const isMeant = (piece: Piece) => piece.kind === 'value' && piece.display === name;
    if (!this.pieces.some(isMeant)) return;
    this.pieces = this.pieces.map((piece) => (isMeant(piece) ? { ...(piece as Value), forms } : piece));
    this.changed();
  }

  /** Shows what became of a line that was asked for. */
  answered(input: string, author: string | null, text: string | null): void {
    const place = this.pieces.findLastIndex((piece) => piece.kind === 'question' && piece.input === input);
    const piece = this.pieces[place];
    if (piece?.kind === 'question') this.pieces[place] = { ...piece, reply: { author, text } };
    this.changed();
  }

  #stream(stderr: boolean, text: string): void {
    let rest = text;
    while (rest !== '') {
      const last = this.pieces.at(-1);
      const goesOn = last?.kind === 'stream' && last.stderr === stderr;
      if (goesOn && !isFull(last)) {
        const part = takePart(rest, PIECE_LENGTH - last.text.length);
        this.pieces[this.pieces.length - 1] = { ...last, text: last.text + part, lines: linesOf(last.text + part) };
        this.length += part.length;
        rest = rest.slice(part.length);
        this.changed();
      } else {
        const part = takePart(rest, PIECE_LENGTH);
        const pen = goesOn ? penAfter(last.text, last.pen) : { ...PLAIN_PEN };
        this.push({ kind: 'stream', stderr, text: part, pen, lines: linesOf(part) });
        rest = rest.slice(part.length);
      }
    }
  }
}

/** Tells whether a piece takes no more: it is long, and ends with a line, or is too long for any line. */
function isFull({ text }: Stream): boolean {
  return text.length >= LONGEST_PIECE || (text.length >= PIECE_LENGTH && text.endsWith('\n'));
}

/** Returns the beginning of a text up to the end of the line that is at `length`. */
function takePart(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.indexOf('\n', Math.max(0, length - 1));
  if (end >= 0 && end < LONGEST_PIECE) return text.slice(0, end + 1);
  // Not within a character of two units.
  const cut = Math.min(LONGEST_PIECE, text.length);
  return text.slice(0, /[\ud800-\udbff]/.test(text[cut - 1]!) ? cut - 1 : cut);
}

/** Returns how many lines a text has. */
export function linesOf(text: string): number {
  let lines = text === '' || text.endsWith('\n') ? 0 : 1;
  for (let place = text.indexOf('\n'); place >= 0; place = text.indexOf('\n', place + 1)) lines += 1;
  return lines;
}

/** Returns what an output shows that is no stream. */
export function pieceOf(content: Exclude<OutputContent, { clear: unknown }>): Piece {
  if ('stream' in content) {
    const { stream, text } = content.stream;
    return { kind: 'stream', stderr: stream === 'stderr', text, pen: { ...PLAIN_PEN }, lines: linesOf(text) };
  }
  if ('data' in content) {
    const { data, result, display } = content.data;
    return { kind: 'value', result, forms: data, display: display ?? null };
  }
  if ('omitted' in content) {
    const { bytes, file, partial } = content.omitted;
    return { kind: 'omitted', bytes, file: file ?? null, partial: partial ?? false };
  }
  return { kind: 'lost', messages: content.lost.messages };
}

function lengthOf(piece: Piece): number {
  const FIXED = 100;
  switch (piece.kind) {
    case 'stream':
      return FIXED + piece.text.length;
    case 'value':
      return Object.values(piece.forms).reduce<number>((sum, form) => sum + (typeof form === 'string' ? form.length : FIXED), FIXED);
    case 'error':
      return FIXED + piece.value.length + piece.traceback.length;
    default:
      return FIXED;
  }
}

/** Returns the texts of a piece, for whoever looks for words. */
export function textsOf(piece: Piece): string[] {
  switch (piece.kind) {
    case 'stream':
      return [piece.text];
    case 'value': {
      const plain = piece.forms['text/plain'];
      return typeof plain === 'string' ? [plain] : [];
    }
    case 'error':
      return [piece.name, piece.value, piece.traceback];
    case 'question':
      return [piece.prompt, piece.password ? '' : (piece.reply?.text ?? '')];
    default:
      return [];
  }
}
