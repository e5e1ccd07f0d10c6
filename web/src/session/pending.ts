// The commands whose end somebody waits for: what came of each, as the events tell it. No I/O.

import type { CellStatus, CommandId, Event, SessionState } from '../protocol';
import { answers } from './apply';
import { allEvents } from './history';

/** What came of a command. */
export type CommandResult = { outcome: 'done' | 'failed' | 'refused'; text: string };

/** How far a command is: that it was taken, or what a verb says of itself meanwhile. */
export type Progress = (text: string) => void;

type Waiting = { resolve: (result: CommandResult) => void; onProgress: Progress | undefined; cell: number | null };

const CELL_WORDS: Record<CellStatus, string> = {
  ok: 'done',
  error: 'failed',
  interrupted: 'interrupted',
  kernel_died: 'the kernel ended; not run again',
};

export class Pending {
  readonly #waiting = new Map<CommandId, Waiting>();

  /** Waits for the end of a command. */
  wait(id: CommandId, onProgress?: Progress): Promise<CommandResult> {
    return new Promise((resolve) => this.#waiting.set(id, { resolve, onProgress, cell: null }));
  }

  /** Takes an event in. */
  event({ fact }: Event): void {
    if (this.#waiting.size === 0) return;
    if ('cell_finished' in fact) return this.#finished(fact.cell_finished.cell, fact.cell_finished.status);
    const id = answers(fact);
    const waiting = id === null ? undefined : this.#waiting.get(id);
    if (id === null || !waiting) return;
    if ('cell' in fact) {
      waiting.cell = fact.cell.cell;
      waiting.onProgress?.('taken');
    } else if ('input_ended' in fact) {
      this.#end(id, { outcome: 'done', text: 'answered' });
    } else if ('verb' in fact) {
      const { outcome, text } = fact.verb.verb;
      if (outcome === 'started') waiting.onProgress?.(text);
      else this.#end(id, { outcome, text });
    }
  }

  /** Takes the state of a snapshot in: what was missed stands in its history, as far as that goes. */
  snapshot(state: SessionState): void {
    for (const event of allEvents(state.history)) this.event(event);
    for (const view of [state.running, ...state.queue]) {
      const waiting = view?.command == null ? undefined : this.#waiting.get(view.command);
      if (view && waiting) waiting.cell = view.cell;
    }
  }

  /** Takes in that a command was not taken. */
  refused(id: CommandId, message: string): void {
    this.#end(id, { outcome: 'refused', text: message });
  }

  /** Takes in that nothing will be heard any more. */
  over(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#end(id, { outcome: 'failed', text: 'the session ended before it said what came of it' });
    }
  }

  #finished(cell: number, status: CellStatus): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.cell !== cell) continue;
      this.#end(id, { outcome: status === 'ok' ? 'done' : 'failed', text: CELL_WORDS[status] });
    }
  }

  #end(id: CommandId, result: CommandResult): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(result);
  }
}
