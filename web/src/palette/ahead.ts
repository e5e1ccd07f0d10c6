// What is typed for the palette before it is there: it is loaded when it is first opened. No I/O.

/** What is read of a key. */
export type Key = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean };

export class TypedAhead {
  #text = '';

  /**
   * Takes a key that is the palette's, and tells whether it was. Letters are kept and can be taken back; a command is never
   * chosen before it is seen, so Enter does nothing.
   */
  take({ key, ctrlKey, metaKey, altKey }: Key): boolean {
    if (ctrlKey || metaKey || altKey) return false;
    if (key === 'Backspace') this.#text = this.#text.slice(0, -1);
    else if (key.length === 1) this.#text += key;
    return key.length === 1 || key === 'Backspace' || key === 'Enter';
  }

  /** Hands over what was typed, and forgets it. */
  hand(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
