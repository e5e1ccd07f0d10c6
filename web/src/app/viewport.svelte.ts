// How much room there is: a desk with columns, two columns with tabs, or a phone.

export type Room = 'wide' | 'medium' | 'phone';

const WIDE = '(min-width: 1100px)';
const MEDIUM = '(min-width: 700px)';

export class Viewport {
  room = $state<Room>(measure());

  /** Follows the window; returns how to stop. */
  follow(): () => void {
    const changed = () => (this.room = measure());
    const queries = [matchMedia(WIDE), matchMedia(MEDIUM)];
    for (const query of queries) query.addEventListener('change', changed);
    return () => queries.forEach((query) => query.removeEventListener('change', changed));
  }
}

/** Returns how much room there is now. */
export function measure(): Room {
  if (matchMedia(WIDE).matches) return 'wide';
  return matchMedia(MEDIUM).matches ? 'medium' : 'phone';
}
