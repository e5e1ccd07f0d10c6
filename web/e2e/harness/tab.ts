// One tab: what a person sees in it and does in it. What the browser complains of is kept.

import type { Locator, Page } from 'playwright-core';
import { LIMIT_MS, becomes } from './wait';

declare global {
  interface Window {
    /** The page's websockets, the newest last, and what the policy forbade. */
    watched: { sockets: WebSocket[]; frames: string[]; violations: string[] };
  }
}

/** Runs in the page before its own scripts: keeps its websockets, and what the policy forbade. */
export function watch(): void {
  const watched: Window['watched'] = { sockets: [], frames: [], violations: [] };
  window.watched = watched;
  window.WebSocket = class extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      watched.sockets.push(this);
      this.addEventListener('message', ({ data }) => watched.frames.push(String(data)));
    }
  };
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
    watched.violations.push(`${violatedDirective}: ${blockedURI} (${sourceFile}:${lineNumber})`);
  });
}

/** How long it may take from an address to a session. */
const ENTERS_WITHIN_MS = 20_000;

/** The key that a line is run with, whatever Enter means. */
const RUN = 'Control+Enter';

export class Tab {
  readonly page: Page;
  /** Errors of the console and of scripts. */
  readonly complaints: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(LIMIT_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? String(error)));
  }

  /** The session's entries. */
  get session(): Locator {
    return this.page.getByRole('log', { name: 'Session' });
  }

  /** Where Python is typed. */
  get prompt(): Locator {
    return this.page.locator('.cm-content[aria-label="Python"]');
  }

  /** Waits until the page shows the session as it is. */
  async isLive(): Promise<void> {
    await this.page.locator('.link.good').waitFor({ timeout: ENTERS_WITHIN_MS }).catch(async () => {
      throw new Error(`the page is not live: ${await this.page.locator('body').innerText()} ${this.complaints.join('; ')}`);
    });
  }

  /** Waits until something with this text is to be seen, and returns it. */
  async sees(text: string | RegExp, inside: Locator | Page = this.page): Promise<Locator> {
    const found = inside.getByText(text).filter({ visible: true }).first();
    await found.waitFor();
    return found;
  }

  /** Waits until the text of a part is as expected. */
  async reads(what: string, part: Locator, is: (text: string) => boolean): Promise<string> {
    return becomes(what, async () => ((await part.count()) > 0 ? part.first().innerText() : ''), is);
  }

  /** Waits until the session shows a text. */
  async shows(text: string): Promise<string> {
    return this.reads(`the session shows ${text}`, this.session, (shown) => shown.includes(text));
  }

  /** Types a cell and runs it. */
  async run(code: string): Promise<void> {
    await this.prompt.click();
    await this.page.keyboard.insertText(code);
    await this.page.keyboard.press(RUN);
  }

  /** Gives a command by its name, as the palette knows it, without a mouse. */
  async command(letters: string): Promise<void> {
    await this.page.keyboard.press('Control+k');
    const palette = this.page.getByRole('dialog', { name: 'Commands' });
    await palette.waitFor();
    await this.page.keyboard.insertText(letters);
    const field = palette.getByRole('combobox');
    await becomes('the letters stand there', () => field.inputValue(), (text) => text === letters);
    // The dialog is deaf for a moment.
    await becomes('the palette closes', async () => (await this.page.keyboard.press('Enter'), palette.isVisible()), (shown) => !shown);
  }

  /** Opens the menu of a row of a table and takes an entry of it. */
  async choose(row: Locator, entry: string | RegExp): Promise<void> {
    await row.getByRole('button', { name: /^What to do with/ }).click();
    await this.page.getByRole('menuitem', { name: entry, exact: true }).click();
  }

  /** Fills in the ticket and sends it. */
  async order(side: 'Buy' | 'Sell', type: 'Market' | 'Limit', size: string, more: { price?: string; postOnly?: boolean } = {}): Promise<void> {
    const ticket = this.page.locator('#panel-ticket');
    await ticket.getByRole('radio', { name: side }).click();
    await ticket.getByLabel('Type').selectOption({ label: type });
    await ticket.getByLabel('Size').fill(size);
    if (more.price !== undefined) await ticket.getByLabel('Price').fill(more.price);
    if (type === 'Limit') await ticket.getByLabel('post-only').setChecked(more.postOnly ?? false);
    await ticket.locator('button.review').click();
  }

  /** Presses a button of a dialog, which takes nothing for a moment after it opened, until that shows something. */
  async presses(button: Locator, shown: Locator): Promise<void> {
    const look = async () => {
      await button.click({ timeout: 1_000 }).catch(() => undefined);
      return shown.waitFor({ timeout: 1_000 }).then(() => true, () => false);
    };
    await becomes('the button does something', look, (is) => is);
  }

  /** Answers the question before a dangerous act, once it is not deaf any more. */
  async confirm(title: RegExp, button: string): Promise<void> {
    const dialog = this.page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    const look = async () => {
      await dialog.getByRole('button', { name: button, exact: true }).click({ timeout: 1_000 }).catch(() => undefined);
      return dialog.isVisible();
    };
    await becomes('the question is answered', look, (isThere) => !isThere);
  }

  /** The results of the verbs that were given in this tab. */
  get results(): Locator {
    return this.page.getByRole('log', { name: 'Results of verbs' });
  }

  /** The rows of a table. */
  rows(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true }).locator('tbody tr:not([aria-hidden])');
  }

  /** Shows a panel by its tab. */
  async show(panel: string): Promise<Locator> {
    await this.page.locator(`#tab-${panel}`).click();
    const body = this.page.locator(`#panel-${panel}`);
    await body.waitFor();
    return body;
  }

  /** Sends a message over the page's own websocket. */
  async send(message: unknown): Promise<void> {
    await this.page.evaluate((text) => window.watched.sockets.at(-1)!.send(text), JSON.stringify(message));
  }

  /** Waits for a message of the session, and returns it. */
  async hears<T>(what: string, pick: (message: any) => T | null | undefined): Promise<T> {
    const look = async () => {
      const frames = await this.page.evaluate(() => window.watched.frames);
      return frames.map((frame) => pick(JSON.parse(frame))).find((found) => found !== null && found !== undefined) ?? null;
    };
    return (await becomes(what, look, (found) => found !== null)) as T;
  }

  /** Closes it, and returns what the browser complained of: errors of the console and of scripts, and what the policy forbade. */
  async close(): Promise<string[]> {
    if (this.page.isClosed()) return [];
    const violations = await this.page.evaluate(() => window.watched.violations);
    await this.page.context().close();
    return [...this.complaints, ...violations].filter((complaint) => !this.#expected.some((pattern) => pattern.test(complaint)));
  }

  /** Lets the browser complain of something that the test causes. */
  expectComplaint(pattern: RegExp): void {
    this.#expected.push(pattern);
  }
}
