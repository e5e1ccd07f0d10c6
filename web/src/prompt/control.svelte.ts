// What the keys of the prompt do: run, begin a line, complete, recall, search, interrupt. The kernel is asked and never waited
// for; what is typed meanwhile stays.

import type { App } from '../app/context';
import { user } from '../figures/facts';
import type { AnswerResult } from '../protocol';
import type { Offer } from './code-editor';
import { draftOf, keepDraft } from './draft';
import type { Editor } from './editor';
import { INDENT, characters, indentAfter, isComplete, openCall, placeOf } from './python';
import { Recall } from './recall';
import { Search, cellsOf } from './search.svelte';

/** How long the kernel may think about whether Enter runs the prompt; then the page decides. */
const ENTER_PATIENCE_MS = 250;
/** A cell that the service takes is at most this long. */
const LONGEST_CELL_BYTES = 256 * 1024;
/** Completions kept; nobody reads on. */
const MOST_COMPLETIONS = 200;

export type Signature = {
  /** The text up to the bracket of the call, or to the cursor, that it is about. */
  held: string;
  inCall: boolean;
  text: string;
};

export class Control {
  search = $state.raw<Search | null>(null);
  signature = $state.raw<Signature | null>(null);
  isEmpty = $state(true);
  /** Whether somebody wants to interrupt a cell of another one and has not said so twice. */
  asksToInterrupt = $state(false);
  editor: Editor | null = null;
  #recall: Recall | null = null;
  #isRecalling = false;
  readonly #app: App;
  readonly #onrun: () => void;
  readonly #onleave: () => void;

  constructor(app: App, onrun: () => void, onleave: () => void) {
    this.#app = app;
    this.#onrun = onrun;
    this.#onleave = onleave;
    this.isEmpty = draftOf(app.session.id) === '';
  }

  /** Takes in that the text changed. */
  readonly changed = (): void => {
    const text = this.editor?.text ?? '';
    this.isEmpty = text === '';
    keepDraft(this.#app.session.id, text);
    if (!this.#isRecalling) this.#recall = null;
    this.#look();
  };

  /** Does what a key means, and tells whether it meant anything. */
  readonly key = (event: KeyboardEvent): boolean => {
    const { editor } = this;
    if (!editor || event.isComposing) return false;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isPlain = !ctrlKey && !metaKey && !altKey && !shiftKey;
    const done = this.#meaning(editor, { key, ctrlKey, metaKey, altKey, shiftKey, isPlain });
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
    return done;
  };

  #meaning(
    editor: Editor,
    { key, ctrlKey, metaKey, altKey, shiftKey, isPlain }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & { isPlain: boolean },
  ): boolean {
    if (key === 'Enter') {
      if (isPlain && editor.isOffering) return false;
      const asNotebook = this.#app.settings.enterMode === 'notebook';
      if (ctrlKey || metaKey) this.run(editor.text);
      else if (altKey || shiftKey !== asNotebook) this.newline();
      else void this.enter();
      return true;
    }
    if (key === 'Tab' && !ctrlKey && !metaKey && !altKey) return this.#tab(editor, shiftKey);
    if (key === 'Escape' && isPlain) return this.#escape(editor);
    if (ctrlKey && !metaKey && !altKey && !shiftKey) {
      if (key === 'r') return this.openSearch();
      if (key === 'c' && !editor.hasSelection) return this.interrupt();
    }
    if (isPlain && !editor.isOffering) {
      if (key === 'ArrowUp') return this.older();
      if (key === 'ArrowDown') return this.newer();
    }
    return false;
  }

  /** Enter: runs the text if it is whole, which the kernel knows best. */
  async enter(): Promise<void> {
    const { editor } = this;
    if (!editor) return;
    const code = editor.text;
    if (code.trim() === '') return this.put('');
    if (!this.#isConnected()) return;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ENTER_PATIENCE_MS));
    const answer: AnswerResult | null = await Promise.race([this.#app.session.ask({ is_complete: { code } }), late]);
    // What was typed meanwhile is for the next cell; a text that was changed is not run.
    if (!editor.text.startsWith(code)) return;
    const rest = editor.text.slice(code.length);
    const status = answer && 'is_complete' in answer ? answer.is_complete.status : 'unknown';
    const whole = status === 'unknown' ? isComplete(code) : status !== 'incomplete';
    if (whole) return this.run(code, rest);
    const indent = answer && 'is_complete' in answer && status === 'incomplete' ? answer.is_complete.indent : undefined;
    if (rest === '') this.newline(indent);
  }

  /** Runs a text, and leaves what stands behind it. */
  run(code: string, rest = ''): void {
    const text = code.trimEnd();
    if (text.trim() === '' || !this.#isConnected()) return;
    if (new TextEncoder().encode(text).length > LONGEST_CELL_BYTES) {
      this.#app.toast('A cell has 256 KB at most.', 'bad');
      return;
    }
    this.put(rest.replace(/^\n/, ''));
    this.signature = null;
    this.#onrun();
    void this.#app.session.command({ execute: { code: text } }).then(({ outcome, text: why }) => {
      if (outcome !== 'refused') return;
      this.#app.toast(`Not run: ${why}`, 'bad');
      if (this.editor?.text === '') this.put(text);
    });
  }

  /** Begins a line at the cursor, indented as the code before it asks for. */
  newline(indent?: string): void {
    const { editor } = this;
    if (!editor) return;
    const { cursor, text } = editor;
    editor.splice(cursor, cursor, `\n${indent ?? indentAfter(text.slice(0, cursor))}`);
  }

  /** Replaces the whole text. */
  put(text: string): void {
    const { editor } = this;
    editor?.splice(0, editor.text.length, text);
  }

  insert(text: string): void {
    const { editor } = this;
    editor?.splice(editor.cursor, editor.cursor, text);
  }

  /** Up: on the first line, an older cell of mine that begins as the prompt does. */
  older(): boolean {
    const { editor } = this;
    if (!editor || (!this.#recall && editor.text.slice(0, editor.cursor).includes('\n'))) return false;
    const { state } = this.#app.session;
    const mine = cellsOf(state).filter(({ author }) => user(author) === user(this.#app.me.name));
    this.#recall ??= new Recall(editor.text, mine.map(({ code }) => code).reverse());
    return this.#recalled(this.#recall.older());
  }

  /** Down: while recalling, a newer cell, and at last the prompt as it was. */
  newer(): boolean {
    if (!this.#recall) return false;
    const code = this.#recall.newer();
    if (code === null) this.#recall = null;
    return this.#recalled(code);
  }

  openSearch(): boolean {
    this.search = new Search(this.#app.session, this.#app.me.name);
    return true;
  }

  /** Leaves the search, with what was found or without. */
  closeSearch(code: string | null): void {
    this.search = null;
    if (code !== null) this.put(code);
    this.editor?.focus();
  }

  /** Interrupts my cell; that of somebody else only when it is asked for twice. */
  interrupt(): boolean {
    const { session, me, toast } = this.#app;
    const { running } = session;
    if (!running || me.role !== 'admin') return false;
    if (user(running.author) !== user(me.name) && !this.asksToInterrupt) {
      this.asksToInterrupt = true;
      return true;
    }
    this.asksToInterrupt = false;
    void session.command({ interrupt: { cell: running.cell } }).then(({ outcome, text }) => {
      if (outcome !== 'done') toast(`interrupt: ${text}`, 'bad');
    });
    return true;
  }

  /** Asks the kernel how a text could go on. */
  readonly offer = async (text: string, cursor: number): Promise<Offer | null> => {
    const answer = await this.#app.session.ask({ complete: { code: text, cursor: characters(text, cursor) } });
    if (!('completions' in answer)) return null;
    const { start, end, matches } = answer.completions;
    if (start > end) return null;
    return { from: placeOf(text, start), to: placeOf(text, end), matches: matches.slice(0, MOST_COMPLETIONS) };
  };

  #recalled(code: string | null): boolean {
    if (code === null) return true;
    this.#isRecalling = true;
    this.put(code);
    this.#isRecalling = false;
    return true;
  }

  #tab(editor: Editor, shift: boolean): boolean {
    if (editor.isOffering && !shift) return false;
    const before = editor.text.slice(0, editor.cursor);
    const line = before.slice(before.lastIndexOf('\n') + 1);
    if (shift) {
      if (line !== '' && line.trim() === '') {
        const step = ((line.length - 1) % INDENT) + 1;
        editor.splice(editor.cursor - step, editor.cursor, '');
      } else {
        void this.inspect();
      }
    } else if (line.trim() === '') {
      this.insert(' '.repeat(INDENT));
    } else {
      editor.complete();
    }
    return true;
  }

  #escape(editor: Editor): boolean {
    if (editor.isOffering) return false;
    if (this.signature) {
      this.signature = null;
      return true;
    }
    editor.blur();
    this.#onleave();
    return true;
  }

  /** Shows what the thing at the cursor is, or what the call takes that the cursor is in. */
  async inspect(): Promise<void> {
    const { editor } = this;
    if (!editor) return;
    const before = editor.text.slice(0, editor.cursor);
    const call = openCall(before);
    const held = call === null ? before : before.slice(0, call);
    const code = editor.text;
    const cursor = characters(code, call === null ? before.length : call - 1);
    const answer = await this.#app.session.ask({ inspect: { code, cursor } });
    const text = 'inspection' in answer ? (answer.inspection.text ?? null) : null;
    const isStillThere = editor.text.slice(0, editor.cursor).startsWith(held);
    this.signature = text !== null && isStillThere ? { held, inCall: call !== null, text } : null;
  }

  /** After a change: a call that begins is looked up, and what is shown of another one goes. */
  #look(): void {
    const { editor, signature } = this;
    if (!editor) return;
    const before = editor.text.slice(0, editor.cursor);
    if (signature) {
      const stays = signature.inCall ? before.startsWith(signature.held) && openCall(before) === signature.held.length : before === signature.held;
      if (!stays) this.signature = null;
    }
    if (/[\w)\]]\($/.test(before) && this.#app.session.isConnected && !this.#isRecalling) void this.inspect();
  }

  #isConnected(): boolean {
    const { session, toast } = this.#app;
    if (session.isConnected) return true;
    session.reconnectNow();
    toast('There is no connection: the text stays.', 'warn');
    return false;
  }
}
