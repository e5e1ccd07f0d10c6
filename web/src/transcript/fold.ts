// What is left out of a long entry until somebody unfolds it: the frames of a traceback but the last, and the middle of
// long output. How much is left out is always said. No I/O.

/** Lines of output that are shown as they are. */
export const MOST_LINES = 40;
/** Of more, so many at its beginning and at its end. */
export const FIRST_LINES = 20;
export const LAST_LINES = 20;

const TRACEBACK = 'Traceback (most recent call last)';
const FRAMES = ['File ', 'Cell In', 'Input In'];

/**
 * Returns which lines of a traceback, which ends before the exception itself, are shown: the last frame and its line of
 * code. Null when there is too little to leave out.
 */
export function lastFrame(lines: readonly string[]): number[] | null {
  const frame = lines.findLastIndex((line) => FRAMES.some((begin) => line.trimStart().startsWith(begin)));
  const isSaid = (line: string) => line.trim() !== '';
  let kept: number[];
  if (frame >= 0) {
    const after = lines.slice(frame + 1);
    // IPython points at the line; Python shows only that line.
    const pointed = after.findIndex((line) => line.trimStart().startsWith('--') && line.includes('> '));
    const code = pointed >= 0 ? pointed : after.findIndex(isSaid);
    kept = code >= 0 ? [frame, frame + 1 + code] : [frame];
  } else {
    const last = lines.findLastIndex(isSaid);
    kept = last >= 0 ? [last] : [];
  }
  // One line would only be exchanged for the row that stands for it.
  return lines.length > kept.length + 1 ? kept : null;
}

/** What is shown of a text: which lines, before which of these the others are missed, and how many others there are. */
export type Folded = { shown: number[]; markAt: number; hidden: number };

/** Returns what is shown of a text with a traceback in it; null when there is none, or too little to leave out. */
export function aroundTraceback(lines: readonly string[]): Folded | null {
  const begins = (line: string) => line.trimStart().startsWith(TRACEBACK);
  const begin = lines.findIndex(begins);
  if (begin < 0) return null;
  // Of exceptions while others were handled the last one says most. Frames are indented, and what follows is not.
  const frames = lines.findLastIndex(begins) + 1;
  const rest = lines.slice(frames).findIndex((line) => !/^[ \t]/.test(line));
  const end = rest < 0 ? lines.length : frames + rest;
  const kept = lastFrame(lines.slice(begin, end));
  if (!kept) return null;
  const shown = [
    ...Array.from({ length: begin }, (_, place) => place),
    ...kept.map((place) => begin + place),
    ...Array.from({ length: lines.length - end }, (_, place) => end + place),
  ];
  return { shown, markAt: begin + kept.length, hidden: end - begin - kept.length };
}

/** Returns the lines of a traceback before the exception itself. IPython's headline begins with the name too. */
export function beforeException(lines: readonly string[], name: string): number {
  const place = lines.findLastIndex((line) => !line.startsWith(' ') && (line.split(':')[0] ?? '').trimEnd().endsWith(name));
  let end = place >= 0 ? place : lines.length;
  while (end > 0 && lines[end - 1] === '') end -= 1;
  return end;
}
