// Pages of somebody else in the browser in which the victim is logged in. From another port of this machine, which browsers
// take for the same site, from another name, and from a name that is made to point here: none may get or do anything.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { impossible } from '../harness/needs';
import { Served } from '../harness/served';
import { Tab } from '../harness/tab';
import { type Attempt, attack, openWindow } from './attempts';
import { Catcher } from './catcher';
import { startBrowser } from './chromium';

const HOSTILE = { '/attack.html': '<!doctype html><title>hostile</title><body><button>go on</button></body>', '/worker.js': 'onfetch = () => {}' };
/** What anyone may have: it is the program's own and nothing of a session. */
const PUBLIC = ['/', '/frame.html', '/health', '/ready'];
const WITHIN_MS = 600_000;

describe.skipIf(impossible !== null)('pages of somebody else', () => {
  let browser: Browser;
  let hostile: Catcher;
  let served: Served;
  let context: BrowserContext;
  let victim: Tab;
  /** Where the victim is logged in, without a slash at its end. */
  let origin: string;
  let port: string;

  beforeAll(async () => {
    hostile = await Catcher.start(HOSTILE);
    served = await Served.start();
    origin = served.origin.replace(/\/$/, '');
    port = new URL(origin).port;
    browser = await startBrowser(`other.test 127.0.0.1:${hostile.port}`, 'evil.test 127.0.0.1');
    context = await browser.newContext();
    victim = new Tab(await context.newPage());
    await victim.page.goto(served.link);
    await victim.isLive();
    await served.place.does('exec', 'idle', 'print("of the victim")');
  });

  afterAll(async () => {
    try {
      await browser?.close();
      await hostile?.end();
    } finally {
      await served?.end();
    }
  });

  /** Returns all that an attack could have changed. */
  async function state(): Promise<unknown> {
    const { code, text } = await victim.page.evaluate(async () => {
      const response = await fetch('/api/tokens');
      return { code: response.status, text: await response.text() };
    });
    // Warnings of a busy machine and times of callbacks are nobody's doing.
    const history = (await served.history()).map((entry) => entry.kind ?? entry.type).filter((kind) => kind !== 'log' && kind !== 'status');
    const { state, parameters } = (await served.status()).strategy;
    return { code, text, history, state, parameters };
  }

  /** Opens a hostile page, and notes what it is answered. */
  async function open(address: string): Promise<{ page: Page; answers: Map<number, number>; given: string[] }> {
    const page = await context.newPage();
    const answers = new Map<number, number>();
    const given: string[] = [];
    page.on('response', (response) => {
      const url = new URL(response.url());
      if (url.port !== port) return;
      answers.set(response.status(), (answers.get(response.status()) ?? 0) + 1);
      if (response.status() < 400 && !PUBLIC.includes(url.pathname)) given.push(`${response.request().method()} ${url.pathname} ${response.status()}`);
    });
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.goto(address);
    return { page, answers, given };
  }

  for (const [name, address] of [
    ['another port of this machine', () => `http://127.0.0.1:${hostile.port}/attack.html`],
    ['another name of this machine', () => `http://localhost:${hostile.port}/attack.html`],
    ['another name', () => 'http://other.test/attack.html'],
  ] as const) {
    test(`from ${name} nothing is got and nothing is done`, { timeout: WITHIN_MS }, async () => {
      const before = await state();
      const { page, answers, given } = await open(address());
      const attempts = await page.evaluate(attack, { origin, session: served.name });
      const successes = attempts.filter(({ got }) => got !== null);
      console.log(`from ${name}: ${attempts.length} attempts, ${successes.length} succeeded; answers: ${[...answers].map(([code, count]) => `${count} x ${code}`).join(', ')}`);
      expect(successes).toEqual([]);
      expect(given).toEqual([]);
      expect(attempts.length).toBeGreaterThan(400);
      expect(await state()).toEqual(before);
      await victim.isLive();
    });

    test(`from ${name} a window that is opened is not held`, { timeout: WITHIN_MS }, async () => {
      const before = await state();
      const { page } = await open(address());
      const popup = context.waitForEvent('page');
      // A window opens on a click only.
      await page.evaluate(`window.openWindow = ${openWindow.toString()}; document.querySelector('button').onclick = () => { window.reached = openWindow(${JSON.stringify({ origin })}) }`);
      await page.locator('button').click();
      const opened = await popup;
      await opened.waitForLoadState();
      expect(await page.evaluate('window.reached')).toEqual([]);
      expect(opened.url().startsWith(origin)).toBe(true);
      expect(await opened.evaluate(() => window.opener)).toBe(null);
      expect(await state()).toEqual(before);
    });
  }

  test('under a name that is made to point here everything is refused', { timeout: WITHIN_MS }, async () => {
    const before = await state();
    const evil = `http://evil.test:${port}`;
    // The page came from elsewhere a moment before its name pointed here; from then on it asks the gateway, of its own origin.
    await context.route(`${evil}/attack.html`, (route) => route.fulfill({ contentType: 'text/html', body: HOSTILE['/attack.html'] }));
    const { page, answers } = await open(`${evil}/attack.html`);
    answers.clear();
    const attempts = await page.evaluate(attack, { origin: evil, session: served.name });
    // A page may measure what is of its own origin; all of it is a refusal.
    const isRefusal = ({ name, got }: Attempt) => got === null || got.includes('not served under that name') || got === 'basic 421 ' || name === 'what the browser measured';
    const got = attempts.filter((attempt) => !isRefusal(attempt));
    const count = [...answers.values()].reduce((sum, one) => sum + one, 0);
    console.log(`under another name: ${attempts.length} attempts, ${count} answers, ${answers.get(421) ?? 0} of them 421`);
    expect(got).toEqual([]);
    expect([...answers.keys()]).toEqual([421]);
    expect(count).toBeGreaterThan(100);
    expect((await page.goto(`${evil}/`))?.status()).toBe(421);
    expect(await state()).toEqual(before);
  });
});
