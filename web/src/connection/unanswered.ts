// The commands that were given and not answered yet, in the order in which they were given. No I/O.
//
// Every welcome sends all of them from the first on, those given while there was no link too: the service does each id
// once, and two commands of which one depends on the other are never swapped.

import type { Command, CommandId, Fact } from '../protocol';
import { answers } from '../session/apply';

export class Unanswered {
  readonly #commands = new Map<CommandId, Command>();

  /** Keeps a command behind all others. */
  give(id: CommandId, command: Command): void {
    this.#commands.set(id, command);
  }

  /** Returns all of them, the first one first. */
  all(): [CommandId, Command][] {
    return [...this.#commands];
  }

  /** Forgets a command that was refused. */
  refused(id: CommandId): void {
    this.#commands.delete(id);
  }

  /** Forgets the commands that a fact answers. */
  answered(fact: Fact): void {
    const command = answers(fact);
    if (command !== null) this.#commands.delete(command);
    if (!('input_ended' in fact)) return;
    // Whoever answered, nothing waits for our line any more.
    for (const [id, command] of this.#commands) {
      if (typeof command === 'object' && 'answer' in command && command.answer.input === fact.input_ended.input) {
        this.#commands.delete(id);
      }
    }
  }
}
