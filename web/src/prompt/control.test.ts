import { expect, test } from 'vitest';
import type { App } from '../app/context';
import type { AnswerResult, Command, RequestKind } from '../protocol';
import { Control } from './control.svelte';
import type { Editor } from './editor';

/** A text that is typed into. */
class Text implements Editor {
  text = '';
  cursor = 0;
  readonly hasSelection = false;
  isOffering = false;
  completed = 0;
  readonly #onchange: () => void;

  constructor(onchange: () => void) {
    this.#onchange = onchange;
  }
  splice(from: number, to: number, text: string): void {
    this.text = this.text.slice(0, from) + text + this.text.slice(to);
    this.cursor = from + text.length;
    this.#onchange();
  }
  focus(): void {}
  blur(): void {}
  complete(): void {
    this.completed += 1;
  }
}

function prompt(answer: (kind: RequestKind) => AnswerResult | Promise<AnswerResult>, cells: string[] = []) {
  const given: Command[] = [];
  const said: string[] = [];
  const events = cells.map((code, place) => ({ seq: place + 1, time: '', fact: { cell: { cell: place + 1, code, author: 'me@here' } } }));
  const session = {
    id: 's',
    isConnected: true,
    running: null as { cell: number; author: string } | null,
    state: { head: cells.length, history: { session: { events } } },
    ask: (kind: RequestKind) => Promise.resolve(answer(kind)),
    command: (command: Command) => {
      given.push(command);
      return Promise.resolve({ outcome: 'done', text: '' });
    },
    reconnectNow: () => said.push('reconnect'),
  };
  const app = { session, me: { name: 'me', role: 'admin' }, settings: { enterMode: 'run' }, toast: (text: string) => said.push(text) };
  const control = new Control(app as unknown as App, () => {}, () => {});
  const editor = new Text(control.changed);
  control.editor = editor;
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => {
    const event = { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more };
    return control.key({ ...event, preventDefault() {}, stopPropagation() {} } as KeyboardEvent);
  };
  return { control, editor, session, given, said, press };
}

const whole = (status: 'complete' | 'incomplete' | 'unknown', indent = '') => ({ is_complete: { status, indent } }) as AnswerResult;

test('Enter runs what the kernel calls whole', async () => {
  const { control, editor, given } = prompt(() => whole('complete'));
  editor.splice(0, 0, '1 + 1\n');
  await control.enter();
  expect(given).toEqual([{ execute: { code: '1 + 1' } }]);
  expect(editor.text).toBe('');
});

test('Enter begins a line, as far in as the kernel says, when more must come', async () => {
  const { control, editor, given } = prompt(() => whole('incomplete', '    '));
  editor.splice(0, 0, 'if x:');
  await control.enter();
  expect([editor.text, given]).toEqual(['if x:\n    ', []]);
});

test('a kernel that does not know leaves it to the page', async () => {
  const { control, editor, given } = prompt(() => ({ failed: { message: 'busy' } }));
  editor.splice(0, 0, 'f(1,');
  await control.enter();
  expect([editor.text, given]).toEqual(['f(1,\n', []]);
});

test('what is typed while the kernel thinks is for the next cell', async () => {
  let answered: (answer: AnswerResult) => void = () => {};
  const { control, editor, given } = prompt(() => new Promise((resolve) => (answered = resolve)));
  editor.splice(0, 0, 'a = 1');
  const entered = control.enter();
  editor.splice(5, 5, 'b');
  answered(whole('complete'));
  await entered;
  expect([editor.text, given]).toEqual(['b', [{ execute: { code: 'a = 1' } }]]);
});

test('without a link the text stays', async () => {
  const { control, editor, session, given, said } = prompt(() => whole('complete'));
  session.isConnected = false;
  editor.splice(0, 0, '1');
  await control.enter();
  expect([editor.text, given, said[0]]).toEqual(['1', [], 'reconnect']);
});

test('Tab indents where nothing stands, and completes behind a name', () => {
  const { editor, press } = prompt(() => whole('unknown'));
  expect(press('Tab')).toBe(true);
  expect(editor.text).toBe('    ');
  press('Tab', { shiftKey: true });
  expect(editor.text).toBe('');
  editor.splice(0, 0, 'ctx.');
  press('Tab');
  expect(editor.completed).toBe(1);
});

test('up walks through my cells, and down comes back to what was typed', () => {
  const { editor, press } = prompt(() => whole('unknown'), ['f(1)', 'g()', 'f(2)']);
  editor.splice(0, 0, 'f');
  press('ArrowUp');
  press('ArrowUp');
  expect(editor.text).toBe('f(1)');
  press('ArrowDown');
  press('ArrowDown');
  expect(editor.text).toBe('f');
});

test('a cell of somebody else is interrupted only when that is said twice', () => {
  const { control, session, given, press } = prompt(() => whole('unknown'));
  session.running = { cell: 7, author: 'op2@web' };
  expect(press('c', { ctrlKey: true })).toBe(true);
  expect([control.asksToInterrupt, given]).toEqual([true, []]);
  control.interrupt();
  expect(given).toEqual([{ interrupt: { cell: 7 } }]);
});
