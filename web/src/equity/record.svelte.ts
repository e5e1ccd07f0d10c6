// The equity of a session as components see it: asked for while somebody looks, and drawn on from what is told.

import type { Session } from '../session/store.svelte';
import { EquityLine, type Point } from './line';

/** The shortest time between two questions, in milliseconds. */
const ASK_EVERY = 30_000;

export class EquityRecord {
  /** The points of all accounts together, oldest first. */
  points = $state.raw<readonly Point[]>([]);

  readonly #session: Session;
  #line = new EquityLine();
  #askedAt = -Infinity;

  constructor(session: Session) {
    this.#session = session;
    session.hear({ snapshot: () => this.#forget(), events: () => undefined });
  }

  #forget(): void {
    this.#line = new EquityLine();
    this.#askedAt = -Infinity;
    this.points = [];
  }

  /** Takes in what the accounts are worth now, and asks for what is remembered when that is due. */
  look(): void {
    const { market, isConnected } = this.#session;
    if (market && this.#line.tell(market.accounts, new Date(market.time ?? Date.now()))) this.points = this.#line.points();
    if (isConnected && Date.now() - this.#askedAt >= ASK_EVERY) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#askedAt = Date.now();
    const line = this.#line;
    const answer = await this.#session.ask({ equity: { after: line.rememberedUntil } });
    if (line !== this.#line) return;
    if (!('equity' in answer)) {
      this.#askedAt = -Infinity;
      return;
    }
    line.remember(answer.equity.points);
    this.points = line.points();
  }
}
