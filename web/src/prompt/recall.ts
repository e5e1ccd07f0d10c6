// The walk through what was run before: the cells that begin as the prompt did when the walk began. No I/O.

export class Recall {
  /** The candidates, newest first; the first one is the prompt as it was. */
  readonly #candidates: string[];
  #place = 0;

  /** Begins a walk over cells, oldest first, that begin with `draft`. Each text is met once. */
  constructor(draft: string, cells: readonly string[]) {
    const alike = cells.toReversed().filter((code) => code.startsWith(draft));
    this.#candidates = [...new Set([draft, ...alike])];
  }

  /** Steps to an older cell and returns it; null at the oldest. */
  older(): string | null {
    if (this.#place + 1 >= this.#candidates.length) return null;
    this.#place += 1;
    return this.#candidates[this.#place]!;
  }

  /** Steps to a newer cell, at last to the prompt as it was, and returns it; null beyond that. */
  newer(): string | null {
    if (this.#place === 0) return null;
    this.#place -= 1;
    return this.#candidates[this.#place]!;
  }
}
