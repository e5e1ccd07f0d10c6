// What the prompt needs of whatever text is typed into: a plain field at first, and the code editor once it is loaded.

/** Places count units of the text, as the browser does. */
export interface Editor {
  readonly text: string;
  readonly cursor: number;
  readonly hasSelection: boolean;
  /** Whether completions are offered, which take the keys that choose. */
  readonly isOffering: boolean;
  /** Replaces from one place to another and puts the cursor after the new text. */
  splice(from: number, to: number, text: string): void;
  focus(): void;
  blur(): void;
  /** Asks for completions. */
  complete(): void;
}

/** The plain field as an editor. */
export class PlainEditor implements Editor {
  readonly #field: HTMLTextAreaElement;
  readonly #onchange: () => void;

  constructor(field: HTMLTextAreaElement, onchange: () => void) {
    this.#field = field;
    this.#onchange = onchange;
  }

  get text(): string {
    return this.#field.value;
  }
  get cursor(): number {
    return this.#field.selectionStart;
  }
  get hasSelection(): boolean {
    return this.#field.selectionStart !== this.#field.selectionEnd;
  }
  readonly isOffering = false;

  splice(from: number, to: number, text: string): void {
    this.#field.setRangeText(text, from, to, 'end');
    this.#onchange();
  }
  focus(): void {
    this.#field.focus();
  }
  blur(): void {
    this.#field.blur();
  }
  complete(): void {
    // What completes is still being loaded.
  }
}
