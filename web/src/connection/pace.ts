// How long to wait before a lost connection is tried again. No I/O.

const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** Returns the pause before an attempt, the first of which is 1; many pages that lost one service come back scattered. */
export function pause(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.max(FIRST_MS, whole * (0.5 + random() / 2));
}
