// The verbs as the page gives them: what is asked first, what is under way, and what became of it.
//
// A verb that needs no question is sent at once; the result of each stays in sight until somebody has seen it.

import type { App } from '../app/context';
import type { Command, CommandId, Event } from '../protocol';
import { randomId } from '../session/id';
import type { Facts } from '../figures/facts';
import { mayGive, kindOf, verbOf } from './command';
import { legsOf } from './effect';
import { type Part, type State, finish, follow, partsOf } from './progress';
import { targetOf } from './target';
import { type Tier, tier } from './tier';

/** A question before a command. */
export type Question = { command: Command; tier: Tier; warnings: readonly string[]; answered: (yes: boolean) => void };

/** What is known of a verb that was given here. */
export type Notice = { id: CommandId; title: string; text: string; state: State; parts: readonly Part[]; retry: (() => void) | null };

/** Results that are kept in sight; the oldest that are over go first. */
const MOST_NOTICES = 6;
/** How long a small verb that went well stays in sight, in milliseconds. */
const SEEN = 4_000;

export class Verbs {
  question = $state.raw<Question | null>(null);
  notices = $state.raw<readonly Notice[]>([]);

  readonly #app: App;
  readonly #facts: () => Facts;

  constructor(app: App, facts: () => Facts) {
    this.#app = app;
    this.#facts = facts;
    app.session.hear({ snapshot: () => undefined, events: (events) => this.#hear(events) });
  }

  /** Whether this page may give a command of this name. */
  may(kind: string): boolean {
    return mayGive(this.#app.me.role, kind);
  }

  /** Why no verb can be given now; null when one can. */
  get notNow(): string | null {
    const { kind } = this.#app.session.link;
    if (kind === 'connected') return null;
    return kind === 'lost' ? 'connection lost: verbs wait until it is back' : 'not connected: verbs wait until it is';
  }

  /** Gives a command, after a question where one is due. Returns whether it was done. */
  async give(command: Command, asked: { tier?: Tier; warnings?: readonly string[]; retry?: () => void } = {}): Promise<boolean> {
    const why = this.notNow;
    if (why) {
      this.#app.toast(why, 'warn');
      return false;
    }
    const due = asked.tier ?? tier(command, this.#facts().isLive);
    if (due.kind !== 'nothing') {
      const yes = await new Promise<boolean>((answered) => {
        this.question?.answered(false);
        this.question = { command, tier: due, warnings: asked.warnings ?? [], answered };
      });
      this.question = null;
      if (!yes) return false;
    }
    return this.#send(command, asked.retry ?? null);
  }

  async #send(command: Command, retry: (() => void) | null): Promise<boolean> {
    const id = randomId();
    const facts = this.#facts();
    const parts = partsOf(legsOf(command, facts), facts);
    const target = targetOf(command, facts);
    const title = `${verbOf(command)}${target && ` ${target}`}`;
    this.notices = [...this.notices, { id, title, text: 'sent', state: 'under_way', parts, retry }];
    this.#trim();
    const result = await this.#app.session.command(command, (text) => this.#change(id, { text: text || 'under way' }), id);
    const state: State = result.outcome === 'done' ? 'done' : 'failed';
    const text = result.outcome === 'refused' ? `not done: ${result.text}` : result.text || state;
    this.#change(id, { state, text });
    const notice = this.notices.find((notice) => notice.id === id);
    // What was refused was never begun.
    if (notice) this.#change(id, { parts: result.outcome === 'refused' ? [] : finish(notice.parts, state) });
    if (state === 'done' && parts.length === 0 && kindOf(command) !== 'action') setTimeout(() => this.dismiss(id), SEEN);
    return state === 'done';
  }

  dismiss(id: CommandId): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  #hear(events: readonly Event[]): void {
    if (!this.notices.some((notice) => notice.parts.length > 0 && notice.state === 'under_way')) return;
    const facts = this.#facts();
    this.notices = this.notices.map((notice) => {
      const parts = events.reduce((parts, { fact }) => follow(parts, notice.id, fact, facts), notice.parts);
      return parts === notice.parts ? notice : { ...notice, parts };
    });
  }

  #change(id: CommandId, change: Partial<Notice>): void {
    this.notices = this.notices.map((notice) => (notice.id === id ? { ...notice, ...change } : notice));
  }

  #trim(): void {
    const over = this.notices.filter((notice) => notice.state !== 'under_way');
    const surplus = new Set(over.slice(0, Math.max(0, this.notices.length - MOST_NOTICES)));
    this.notices = this.notices.filter((notice) => !surplus.has(notice));
  }
}
