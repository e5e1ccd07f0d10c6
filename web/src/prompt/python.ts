// What the prompt needs to know of Python before the kernel says it: whether a text goes on, how far the next line stands
// in, and which call the cursor is in. No I/O.

export const INDENT = 4;

/** Returns a source with its strings and comments blank, and whether a string of three quotes is open at its end. */
function blank(source: string): { code: string; open: boolean } {
  let code = '';
  let place = 0;
  const hide = (end: number) => {
    code += source.slice(place, end).replace(/[^\n]/g, '_');
    place = end;
  };
  while (place < source.length) {
    const sign = source[place]!;
    if (sign === '#') {
      const end = source.indexOf('\n', place);
      const to = end < 0 ? source.length : end;
      code += ' '.repeat(to - place);
      place = to;
    } else if (sign === '"' || sign === "'") {
      const triple = source.startsWith(sign.repeat(3), place);
      const closing = triple ? sign.repeat(3) : sign;
      let end = place + closing.length;
      while (end < source.length && !source.startsWith(closing, end)) {
        // A string of single quotes ends with its line at the latest.
        if (source[end] === '\n' && !triple) break;
        end += source[end] === '\\' ? 2 : 1;
      }
      if (end >= source.length && triple) {
        hide(source.length);
        return { code, open: true };
      }
      hide(source[end] === '\n' && !triple ? end : Math.min(source.length, end + closing.length));
    } else {
      code += sign;
      place += 1;
    }
  }
  return { code, open: false };
}

/** Tells whether a source looks like a whole statement. */
export function isComplete(source: string): boolean {
  const { code, open } = blank(source);
  let depth = 0;
  for (const sign of code) {
    if ('([{'.includes(sign)) depth += 1;
    else if (')]}'.includes(sign)) depth -= 1;
  }
  const lastLine = source.slice(source.lastIndexOf('\n') + 1);
  // A block goes on until a line without indentation, an empty one included.
  const inBlock = source.includes('\n') && /^[ \t]/.test(lastLine) && lastLine.trim() !== '';
  return !open && depth <= 0 && !/[:\\]\s*$/.test(code) && !inBlock;
}

/** Returns what the line after `before` begins with. */
export function indentAfter(before: string): string {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const indent = line.length - line.trimStart().length;
  const code = blank(line).code.trimEnd();
  if (/[([{:]$/.test(code)) return ' '.repeat(indent + INDENT);
  const leaves = /^\s*(?:return|pass|break|continue|raise)\b/.test(line);
  return ' '.repeat(leaves ? Math.max(0, indent - INDENT) : indent);
}

/** Returns the place after the innermost round bracket that is open at the end of a source; null when none is. */
export function openCall(before: string): number | null {
  const open: number[] = [];
  const { code } = blank(before);
  for (let place = 0; place < code.length; place += 1) {
    if ('([{'.includes(code[place]!)) open.push(place + 1);
    else if (')]}'.includes(code[place]!)) open.pop();
  }
  return open.findLast((end) => code[end - 1] === '(') ?? null;
}

/** Returns a place in a text in Unicode characters, as the protocol counts. */
export function characters(text: string, place: number): number {
  let count = 0;
  for (const _ of text.slice(0, place)) count += 1;
  return count;
}

/** Returns the place in a text of so many Unicode characters. */
export function placeOf(text: string, count: number): number {
  let place = 0;
  for (const character of text) {
    if (count <= 0) break;
    place += character.length;
    count -= 1;
  }
  return place;
}
