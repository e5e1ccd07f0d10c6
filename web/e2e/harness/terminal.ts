// A terminal in which the program runs, as somebody at a keyboard has it. It lives in a tmux of its own.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { program, tmux } from './needs';
import type { Place } from './place';
import { becomes } from './wait';

export class Terminal {
  readonly #place: Place;
  readonly #socket: string;

  constructor(place: Place, ...line: string[]) {
    this.#place = place;
    this.#socket = join(place.folder, 'tmux');
    const command = [program, ...line].map((word) => `'${word}'`).join(' ');
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '150', '-y', '45', command);
  }

  /** Returns what stands on the screen. */
  get text(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** Waits until the screen shows a text. */
  shows(text: string): Promise<string> {
    return becomes(`the terminal shows ${text}`, () => this.text, (shown) => shown.includes(text));
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...line: string[]): string {
    return execFileSync(tmux!, ['-S', this.#socket, ...line], { env: this.#place.environment, encoding: 'utf8' });
  }
}
