// The code editor: CodeMirror with Python, and completions that the kernel knows. Loaded when the prompt stands already.

import { acceptCompletion, autocompletion, completionStatus, startCompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, drawSelection, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Completion } from '../protocol';
import type { Editor } from './editor';
import { INDENT } from './python';

export type Offer = { from: number; to: number; matches: readonly Completion[] };

export type CodeEditorOptions = {
  parent: HTMLElement;
  text: string;
  cursor: number;
  /** Lets the page's policy take the editor's styles. */
  nonce: string;
  describedBy: string;
  /** Whether the key is dealt with. */
  onkey: (event: KeyboardEvent) => boolean;
  onchange: () => void;
  /** Asks how the text could go on. */
  ask: (text: string, cursor: number) => Promise<Offer | null>;
};

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.bool, tags.null, tags.self], color: 'var(--ansi-5)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ansi-2)' },
  { tag: tags.number, color: 'var(--ansi-3)' },
  { tag: tags.comment, color: 'var(--dim)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.function(tags.variableName))], color: 'var(--ansi-4)' },
  { tag: [tags.className, tags.definition(tags.className)], color: 'var(--ansi-6)' },
]);

const look = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--text)', maxHeight: '34vh' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { padding: '2px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--select) !important' },
  '.cm-matchingBracket': { backgroundColor: 'var(--raised) !important', outline: '1px solid var(--line)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', border: '1px solid var(--line)', borderRadius: 'var(--radius)' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', maxHeight: '14em' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--select)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--dim)', fontStyle: 'normal' },
});

/** Where completions come by themselves: behind a point, and in the name that follows it. */
const BEHIND_POINT = /\.\w*$/;

export class CodeEditor implements Editor {
  readonly #view: EditorView;

  constructor({ parent, text, cursor, nonce, describedBy, onkey, onchange, ask }: CodeEditorOptions) {
    const offer = async (context: CompletionContext): Promise<CompletionResult | null> => {
      if (!context.explicit && !context.matchBefore(BEHIND_POINT)) return null;
      const found = await ask(context.state.doc.toString(), context.pos);
      if (!found || context.aborted || found.matches.length === 0) return null;
      const { from, to, matches } = found;
      if (context.explicit && matches.length === 1) {
        this.splice(from, to, matches[0]!.text);
        return null;
      }
      const options = matches.map((match) => ({ label: match.text, ...(match.kind === '' ? {} : { detail: match.kind }) }));
      return { from, to, options, validFor: /^\w*$/ };
    };
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        selection: { anchor: Math.min(cursor, text.length) },
        extensions: [
          nonce === '' ? [] : EditorView.cspNonce.of(nonce),
          Prec.highest(EditorView.domEventHandlers({ keydown: (event) => onkey(event) })),
          history(),
          drawSelection(),
          bracketMatching(),
          python(),
          indentUnit.of(' '.repeat(INDENT)),
          syntaxHighlighting(colors),
          autocompletion({ override: [offer], icons: false, closeOnBlur: true }),
          keymap.of([{ key: 'Tab', run: acceptCompletion }, ...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            'aria-label': 'Python',
            'aria-describedby': describedBy,
            autocapitalize: 'off',
            autocorrect: 'off',
            spellcheck: 'false',
            'data-autofocus': '',
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onchange();
          }),
          look,
        ],
      }),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }
  get cursor(): number {
    return this.#view.state.selection.main.head;
  }
  get hasSelection(): boolean {
    return !this.#view.state.selection.main.empty;
  }
  get isOffering(): boolean {
    return completionStatus(this.#view.state) === 'active';
  }

  splice(from: number, to: number, text: string): void {
    this.#view.dispatch({
      changes: { from, to, insert: text },
      selection: { anchor: from + text.length },
      scrollIntoView: true,
      userEvent: 'input',
    });
  }
  focus(): void {
    this.#view.focus();
  }
  blur(): void {
    this.#view.contentDOM.blur();
  }
  complete(): void {
    startCompletion(this.#view);
  }
  destroy(): void {
    this.#view.destroy();
  }
}
