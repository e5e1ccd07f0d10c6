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
export type Notice = { id: CommandId; title: string; text: string; state: State; parts: readonly Part[]; again: Again | null };

/** What can be done when an order was refused: give it again as it was, or change what was written. */
export type Again = { retry: () => void; edit: () => void };

/** Results that are kept in sight; the oldest that are over go first. */
const MOST_NOTICES = 6;
/** How long after the end of a verb its events are waited for, in milliseconds: longer than the page waits with showing them. */
const HEARD_WITHIN = 500;
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
  async give(command: Command, asked: { tier?: Tier; warnings?: readonly string[]; again?: Again } = {}): Promise<boolean> {
    const why = this.notNow;
    if (why) {
      this.#app.toast(why, 'warn');
      return false;
    }
    const due = asked.tier ?? tier(command, this.#facts().isLive);
    const question = { command, tier: due, warnings: asked.warnings ?? [] };
    if (due.kind !== 'nothing' && !(await this.#ask(question))) return false;
    return this.#send(command, asked.again ?? null);
  }

  /** Asks, in the place of a question that nobody has answered yet. */
  async #ask(about: Omit<Question, 'answered'>): Promise<boolean> {
    this.question?.answered(false);
    let question: Question | undefined;
    const yes = await new Promise<boolean>((answered) => (this.question = question = { ...about, answered }));
    if (this.question === question) this.question = null;
    return yes;
  }

  async #send(command: Command, again: Again | null): Promise<boolean> {
    const id = randomId();
    const facts = this.#facts();
    const parts = partsOf(legsOf(command, facts), facts);
    const target = targetOf(command, facts);
    const title = `${verbOf(command)}${target && ` ${target}`}`;
    this.notices = [...this.notices, { id, title, text: 'sent', state: 'under_way', parts, again }];
    this.#trim();
    const result = await this.#app.session.command(command, undefined, id);
    if (result.outcome === 'refused') {
      // What was refused was never begun.
      this.#change(id, { state: 'failed', text: `not done: ${result.text}`, parts: [] });
    }
    const isDone = result.outcome === 'done';
    // Its events tell its end, after that of its parts; a snapshot or the end of the session has none.
    setTimeout(() => this.#over(id, isDone ? 'done' : 'failed', result.text), HEARD_WITHIN);
    if (isDone && parts.length === 0 && kindOf(command) !== 'action') setTimeout(() => this.dismiss(id), SEEN);
    return isDone;
  }

  #over(id: CommandId, state: State, text: string): void {
    const notice = this.notices.find((notice) => notice.id === id);
    if (notice && notice.state === 'under_way') this.#change(id, { state, text: text || state, parts: finish(notice.parts, state) });
  }

  dismiss(id: CommandId): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  /** Takes events in, in their order: the parts of a verb are told before its end. */
  #hear(events: readonly Event[]): void {
    if (!this.notices.some((notice) => notice.state === 'under_way')) return;
    const facts = this.#facts();
    for (const { fact } of events) {
      for (const notice of this.notices) {
        const parts = follow(notice.parts, notice.id, fact, facts);
        if (parts !== notice.parts) this.#change(notice.id, { parts });
      }
      if (!('verb' in fact) || fact.verb.verb.command == null) continue;
      const { command, outcome, text } = fact.verb.verb;
      if (outcome === 'started') this.#change(command, { text: text || 'under way' });
      else this.#over(command, outcome, text);
    }
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
