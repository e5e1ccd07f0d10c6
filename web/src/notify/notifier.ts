// News for somebody who looks elsewhere: fills and errors, gathered so that a burst is one message. No I/O.

import type { Event } from '../protocol';
import { symbolOf } from '../figures/facts';
import { count } from '../figures/format';
import { sideWord } from '../figures/words';

/** News of this long are one message. */
const GATHER = 1_000;
/** The time between two messages at the least. */
const REST = 10_000;
/** Characters of a message; desktops show no more. */
const MOST = 200;

/** What somebody who looks elsewhere is called for. */
export type Wanted = { fills: boolean; errors: boolean };

export class Notifier {
  #fills = 0;
  #errors = 0;
  #newest = '';
  #since: number | null = null;
  #calledAt = -Infinity;

  /** Takes an event in that came while somebody looked elsewhere. */
  event(event: Event, wanted: Wanted, now: number): void {
    const { fact } = event;
    if (typeof fact !== 'object') return;
    if ('fill' in fact && wanted.fills) {
      const { instrument, side, quantity, price } = fact.fill.fill;
      this.#fills += 1;
      this.#newest = `${symbolOf(instrument)} ${sideWord(side)} ${quantity} @ ${price}`;
    } else if ('log' in fact && fact.log.level === 'error' && wanted.errors) {
      this.#errors += 1;
      this.#newest = `${fact.log.source}: ${fact.log.text.split('\n')[0]}`;
    } else if ('error' in fact && fact.error.cell == null && wanted.errors) {
      this.#errors += 1;
      this.#newest = `strategy: ${fact.error.ename}: ${fact.error.evalue}`;
    } else {
      return;
    }
    this.#since ??= now;
  }

  /** Returns when the next message is due; null when there is nothing to say. */
  get due(): number | null {
    return this.#since === null ? null : Math.max(this.#since + GATHER, this.#calledAt + REST);
  }

  /** Returns the message that is due. When somebody looks again, it is dropped: they see for themselves. */
  take(isAway: boolean, now: number): string | null {
    if (this.due === null || this.due > now) return null;
    const [fills, errors, newest] = [this.#fills, this.#errors, this.#newest];
    [this.#fills, this.#errors, this.#newest, this.#since] = [0, 0, '', null];
    if (!isAway) return null;
    this.#calledAt = now;
    const counts = [fills > 0 && count(fills, 'fill'), errors > 0 && count(errors, 'error')].filter(Boolean).join(', ');
    return (fills + errors === 1 ? newest : `${counts}; ${newest}`).slice(0, MOST);
  }
}
