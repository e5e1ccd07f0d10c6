// Text that nobody vouches for, made safe to show: SGR colours become classes; every other escape sequence, control
// character and bidirectional override is dropped here and nowhere else. No I/O.

/** A piece of a line with one look. */
export type Span = { text: string; classes: string; style: string };
export type Line = Span[];

/** What the next text looks like. */
export type Pen = {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  reverse: boolean;
  strike: boolean;
  foreground: string | null;
  background: string | null;
};

export const PLAIN_PEN: Readonly<Pen> = {
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  reverse: false,
  strike: false,
  foreground: null,
  background: null,
};

/** Controls but tab and line ends, and what reorders or hides its neighbours: marks, overrides, isolates, tags. */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** One escape sequence, or the beginning of one that text was cut in. */
const SEQUENCE =
  // A control sequence; an operating-system command or the like, to its terminator or the end of its line; others.
  /(?:\u001b\[|\u009b)([ -?]*)([@-~])?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u009c\u001b\n]*(?:\u0007|\u009c|\u001b\\)?|\u001b(?:[ -/]*[0-~])?/g;

/** Returns what may be shown of a text, without colours; its lines and tabs stay. */
export function printable(text: string): string {
  return text.replace(SEQUENCE, '').replace(/\r\n/g, '\n').replace(/[^\n]*\r(?!$)/g, '').replace(/\r/g, '').replace(UNPRINTABLE, '');
}

/** Returns a text as lines. A lone carriage return begins its line anew, as progress bars want. A final line break ends a line; it begins no other. */
export function lines(text: string, pen: Pen = { ...PLAIN_PEN }): Line[] {
  const found: Line[] = [];
  let line: Line = [];
  const put = (part: string) => {
    for (const [place, whole] of part.split('\n').entries()) {
      if (place > 0) {
        found.push(line);
        line = [];
      }
      // What follows the last carriage return is what stays to be seen; one at the end takes nothing back yet.
      const kept = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
      const back = kept.lastIndexOf('\r');
      if (back >= 0) line = [];
      const shown = kept.slice(back + 1).replace(UNPRINTABLE, '');
      if (shown !== '') line.push({ text: shown, ...look(pen) });
    }
  };
  read(text, pen, put);
  if (line.length > 0 || !text.endsWith('\n')) found.push(line);
  return found;
}

/** Changes a pen to what it is after a text. */
export function penAfter(text: string, pen: Pen): Pen {
  const after = { ...pen };
  if (text.includes('\u001b') || text.includes('\u009b')) read(text, after, () => {});
  return after;
}

function read(text: string, pen: Pen, put: (part: string) => void): void {
  if (!/[\u001b\u0090-\u009f]/.test(text)) return put(text);
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    put(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm' && /^[\d;:]*$/.test(match[1] ?? '')) select(pen, match[1] ?? '');
  }
  put(text.slice(from));
}

/** Applies the parameters of an SGR sequence. What it does not know, blinking and hiding included, is ignored. */
function select(pen: Pen, parameters: string): void {
  const codes = parameters.split(/[;:]/).map((code) => Number(code) || 0);
  for (let place = 0; place < codes.length; place += 1) {
    const code = codes[place]!;
    if (code === 0) Object.assign(pen, PLAIN_PEN);
    else if (code === 1) pen.bold = true;
    else if (code === 2) pen.dim = true;
    else if (code === 3) pen.italic = true;
    else if (code === 4) pen.underline = true;
    else if (code === 7) pen.reverse = true;
    else if (code === 9) pen.strike = true;
    else if (code === 22) pen.bold = pen.dim = false;
    else if (code === 23) pen.italic = false;
    else if (code === 24) pen.underline = false;
    else if (code === 27) pen.reverse = false;
    else if (code === 29) pen.strike = false;
    else if (code >= 30 && code <= 37) pen.foreground = String(code - 30);
    else if (code >= 90 && code <= 97) pen.foreground = String(code - 82);
    else if (code >= 40 && code <= 47) pen.background = String(code - 40);
    else if (code >= 100 && code <= 107) pen.background = String(code - 92);
    else if (code === 39) pen.foreground = null;
    else if (code === 49) pen.background = null;
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes, place + 1);
      place += used;
      if (color !== null) pen[code === 38 ? 'foreground' : 'background'] = color;
    }
  }
}

/** Reads `5;n` or `2;r;g;b`, and tells how many codes that were. */
function extended(codes: readonly number[], from: number): [string | null, number] {
  const byte = (place: number) => Math.min(255, Math.max(0, codes[place] ?? 0));
  if (codes[from] === 5) return [indexed(byte(from + 1)), 2];
  if (codes[from] === 2) return [`rgb(${byte(from + 1)} ${byte(from + 2)} ${byte(from + 3)})`, 4];
  return [null, 1];
}

/** Returns one of the 256 colours: a number where the theme has it. */
function indexed(color: number): string {
  if (color < 16) return String(color);
  if (color >= 232) {
    const gray = 8 + (color - 232) * 10;
    return `rgb(${gray} ${gray} ${gray})`;
  }
  const level = (part: number) => (part === 0 ? 0 : 55 + part * 40);
  const cube = color - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}

function look(pen: Pen): { classes: string; style: string } {
  const classes: string[] = [];
  const styles: string[] = [];
  for (const name of ['bold', 'dim', 'italic', 'underline', 'reverse', 'strike'] as const) {
    if (pen[name]) classes.push(`ansi-${name}`);
  }
  for (const [ground, property, sign] of [
    [pen.foreground, 'color', 'fg'],
    [pen.background, 'background-color', 'bg'],
  ] as const) {
    if (ground === null) continue;
    // A colour that was meant for another background is moved towards the text's.
    const color = sign === 'fg' ? `color-mix(in oklab, ${ground} 55%, var(--text))` : ground;
    if (ground.startsWith('rgb')) styles.push(`${property}:${color}`);
    else classes.push(`ansi-${sign}-${ground}`);
  }
  return { classes: classes.join(' '), style: styles.join(';') };
}
