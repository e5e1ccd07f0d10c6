// Outputs that want to be scripts: every payload through every way that leads from a kernel to the page. None may run, ask
// anything of another place, or take the page elsewhere, and what runs in the sandboxed frame reaches nothing of the page.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formOf } from '../../src/output/form';
import { impossible } from '../harness/needs';
import { Served } from '../harness/served';
import { Tab } from '../harness/tab';
import { until } from '../harness/wait';
import { Catcher } from './catcher';
import { startBrowser } from './chromium';
import { IS_HTML, PAYLOADS } from './corpus';
import { height, insertUncleaned, provoke, reach, scroll, stand } from './witness';

const file = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
/** As many payloads as one cell shows: so few that nearly all are in view at once, and little has to be scrolled for. */
const BATCH = 20;
/** As many as an action tells of. */
const TOLD = 131;
/** How high the view is. */
const VIEW = 6_000;
/** As many payloads as stand uncleaned beside one another. */
const UNCLEANED = 30;
/** The least that the corpus has. */
const LEAST_PAYLOADS = 300;
const WITHIN_MS = 600_000;

/** A tab on the session, and all that may have gone wrong in it. */
class Target {
  readonly page: Page;
  readonly tab: Tab;
  readonly wrong: string[] = [];
  readonly frames = new Set<Frame>();
  /** Where the page is; it stays there. */
  #navigations = 0;

  constructor(page: Page) {
    this.page = page;
    this.tab = new Tab(page);
    page.on('dialog', (dialog) => {
      this.wrong.push(`dialog: ${dialog.type()} ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame() && (this.#navigations += 1) > 1 && !frame.url().startsWith('http://127.0.0.1')) this.wrong.push(`navigation: ${frame.url()}`);
    });
    page.on('download', (download) => this.wrong.push(`download: ${download.url()}`));
    page.on('popup', (popup) => this.wrong.push(`popup: ${popup.url()}`));
  }

  /** Looks at everything between the end of the session and its end of before, until all of these marks were in view. */
  async sweep(marks: readonly string[], before: number): Promise<void> {
    const missing = new Set(marks);
    let from: number | null = null;
    const look = async () => {
      const [next, shown] = await scroll(this.page, from);
      // Rows that are seen for the first time turn out to be higher, so one way up may miss some.
      from = from === 0 || next < before - VIEW ? null : Math.max(0, next);
      shown.forEach((mark) => missing.delete(mark));
      this.wrong.push(...(await provoke(this.page)).map((element) => `not clean: ${element}`));
      await this.#lookAtFrames();
      return missing.size === 0;
    };
    await until('every mark is seen', look, 120_000).catch((error: Error) => {
      throw new Error(`${error.message}; missing: ${[...missing].join(' ')}`);
    });
  }

  async #lookAtFrames(): Promise<void> {
    for (const frame of this.page.frames()) {
      if (!frame.url().endsWith('/frame.html') || this.frames.has(frame)) continue;
      const reached = await reach(frame);
      if (reached === null) continue;
      this.frames.add(frame);
      const { origin, ...rest } = reached;
      if (origin !== 'null' || Object.values(rest).some((got) => got !== 'SecurityError')) this.wrong.push(`a frame reached: ${JSON.stringify(reached)}`);
    }
  }

  /** Asserts that nothing happened. */
  async isUnharmed(): Promise<void> {
    expect(await this.page.evaluate(() => window.witness.fired), 'the canary').toEqual([]);
    expect([...new Set(this.wrong)]).toEqual([]);
    expect(await this.page.title()).not.toContain('canary');
  }
}

describe.skipIf(impossible !== null)('outputs that want to be scripts', () => {
  let browser: Browser;
  let elsewhere: Catcher;
  let control: Catcher;
  let served: Served;
  let target: Target;

  async function enter(options: BrowserContextOptions = {}): Promise<Target> {
    const context = await browser.newContext({ viewport: { width: 700, height: VIEW }, ...options });
    await context.addInitScript(stand);
    const page = await context.newPage();
    const entered = new Target(page);
    await page.goto(await served.newLink());
    await entered.tab.isLive();
    return entered;
  }

  beforeAll(async () => {
    elsewhere = await Catcher.start();
    control = await Catcher.start({ '/': '<!doctype html><title>blank</title><body></body>' });
    browser = await startBrowser(`evil.test 127.0.0.1:${elsewhere.port}`);
    served = await Served.start({ name: 'attacked', source: file('attacked.py'), path: 'attacked.Attacked' });
    served.place.write('payloads.json', JSON.stringify(PAYLOADS));
    served.place.write('pushes.py', file('pushes.py'));
    // The session alone, and much of it at once.
    target = await enter();
    await served.place.does('exec', 'attacked', 'import pushes');
  });

  afterAll(async () => {
    try {
      await browser?.close();
      await Promise.all([elsewhere?.end(), control?.end()]);
    } finally {
      await served?.end();
    }
  });

  /** Runs a cell for each batch of payloads, looks at what it showed, and asserts that nothing happened. */
  async function push(way: string, code: (first: number, last: number) => string, seenBy = target): Promise<void> {
    for (let first = 0; first < PAYLOADS.length; first += BATCH) {
      const last = Math.min(first + BATCH, PAYLOADS.length);
      const before = await height(seenBy.page);
      const { code: exit, stderr } = await served.place.qubx('exec', 'attacked', code(first, last));
      expect(exit === 0 || way === 'error', stderr).toBe(true);
      const batch = PAYLOADS.slice(first, last);
      await seenBy.sweep(batch.map(({ id }) => `¤${way}-${id}¤`), before);
      await seenBy.isUnharmed();
    }
    console.log(`${way}: ${PAYLOADS.length} payloads pushed and seen, none did anything; ${seenBy.frames.size} frames looked into so far`);
  }

  /** Returns the payloads that asked another place for something. */
  const asked = () => [...new Set(elsewhere.caught.map(({ path }) => parseInt(path.slice(1), 10)))].map((id) => PAYLOADS[id]!);

  test('the canary fires, and the other place is asked, where nothing is cleaned', { timeout: WITHIN_MS }, async () => {
    const context = await browser.newContext();
    await context.addInitScript(stand);
    await context.addInitScript(() => window === top || Object.defineProperty(window, 'canary', { get: () => top!.canary }));
    const page = await context.newPage();
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.goto(`http://127.0.0.1:${control.port}/`);
    for (const [type, payloads] of [
      ['text/html', PAYLOADS.filter(({ kind }) => IS_HTML(kind))],
      ['image/svg+xml', PAYLOADS.filter(({ kind }) => kind === 'svg documents')],
    ] as const) {
      for (let first = 0; first < payloads.length; first += UNCLEANED) {
        await insertUncleaned(page, payloads.slice(first, first + UNCLEANED).map(({ text }) => text), type);
      }
    }
    const fired = new Set((await page.evaluate(() => window.witness.fired)).map((given) => parseInt(given, 10)));
    const asked = new Set(elsewhere.caught.map(({ path }) => parseInt(path.slice(1), 10)));
    console.log(`without cleaning ${fired.size} of ${PAYLOADS.length} payloads run a script, and ${asked.size} ask another place`);
    const quiet = [...new Set(PAYLOADS.filter(({ kind }) => IS_HTML(kind)).map(({ kind }) => kind))].filter(
      (kind) => !PAYLOADS.some((payload) => payload.kind === kind && (fired.has(payload.id) || asked.has(payload.id))),
    );
    expect(fired.size).toBeGreaterThan(LEAST_PAYLOADS / 2);
    expect(asked.size).toBeGreaterThan(20);
    expect(quiet, 'classes of which nothing works').toEqual([]);
    await context.close();
    elsewhere.caught.length = 0;
  });

  for (const [what, way, call] of [
    ['HTML', 'html', 'show("html", '],
    ['Markdown', 'markdown', 'show("markdown", '],
    ['LaTeX', 'latex', 'show("latex", '],
    ['SVG', 'svg', 'show("svg", '],
    ['other pictures', 'image', 'show("image", '],
    ['JSON, scripts, and forms that only other pages know', 'other', 'show("other", '],
    ['what takes the place of another output', 'replaced', 'replace('],
    ['printed text, plain and coloured', 'text', 'say('],
    ['the name and the words of an error', 'error', 'fail('],
  ] as const) {
    test(`as ${what}`, { timeout: WITHIN_MS }, async () => {
      await push(way, (first, last) => `pushes.${call}${first}, ${last})`);
      expect(asked()).toEqual([]);
    });
  }

  test('as log lines, published values, parameters, and what an action takes and answers', { timeout: WITHIN_MS }, async () => {
    const { place } = served;
    for (let first = 0; first < PAYLOADS.length; first += TOLD) {
      const last = Math.min(first + TOLD, PAYLOADS.length);
      const given = [`first=${first}`, `last=${last}`, `words=${PAYLOADS[first]!.text.replaceAll('\0', '')}`];
      await place.does('action', 'attacked', 'speak', ...given.flatMap((value) => ['--param', value]));
      await target.tab.shows(`spoke ${first}`);
      for (const panel of ['log', 'actions']) {
        await target.tab.show(panel);
        await provoke(target.page);
      }
      await target.isUnharmed();
    }
    expect(asked()).toEqual([]);
  });

  test('and the cleaning holds alone, without a policy behind it', { timeout: WITHIN_MS }, async () => {
    const bare = await enter({ bypassCSP: true });
    for (const way of ['html']) await push(way, (first, last) => `pushes.show("${way}", ${first}, ${last})`, bare);
    // In the sandboxed frame it is the policy that keeps scripts from the network.
    expect(asked().filter(({ text }) => formOf({ 'text/html': text }).kind !== 'frame')).toEqual([]);
  });
});
