// Words that are no outputs and want to be scripts: names of instruments, ids of commands, what a cell asks for, the code of
// cells, completions and signatures. A few payloads of each class take each way; outputs are in `corpus.e2e.ts`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { impossible } from '../harness/needs';
import { Served } from '../harness/served';
import { Place } from '../harness/place';
import { IDLE, config } from '../harness/strategies';
import { Tab, watch } from '../harness/tab';
import { becomes, until } from '../harness/wait';
import { Catcher } from './catcher';
import { startBrowser } from './chromium';
import { IS_HTML, PAYLOADS, type Payload } from './corpus';
import { know, madeOfTexts } from './structure';
import { stand } from './witness';

/** As many payloads of each class. */
const OF_A_CLASS = 4;
/** As many cells as are in view at once. */
const BATCH = 6;
const WITHIN_MS = 180_000;

const KINDS = [...new Set(PAYLOADS.map(({ kind }) => kind))];
/** The first and the last of every class, and some between them. */
const CHOSEN: readonly Payload[] = KINDS.flatMap((kind) => {
  const all = PAYLOADS.filter((payload) => payload.kind === kind);
  return Array.from({ length: OF_A_CLASS }, (_, turn) => all[Math.round((turn * (all.length - 1)) / (OF_A_CLASS - 1))]!);
});
/** No name and no prompt has a character that ends texts in C. */
const TEXTS = CHOSEN.map(({ text }) => text.replaceAll('\0', ''));

/** The instruments as the config has them; their names become payloads on the way to the page. */
const SYMBOLS = TEXTS.map((_, place) => `NAME${String(place).padStart(3, '0')}`);

function renamed(frame: string): string {
  return frame.replace(/NAME(\d{3})/g, (_, place: string) => JSON.stringify(TEXTS[Number(place)]).slice(1, -1));
}

describe.skipIf(impossible !== null)('words that want to be scripts', () => {
  let browser: Browser;
  let elsewhere: Catcher;
  let served: Served;
  /** What other tabs draw takes time of the one that is looked at. */
  const opened: Tab[] = [];

  beforeAll(async () => {
    elsewhere = await Catcher.start();
    browser = await startBrowser(`evil.test 127.0.0.1:${elsewhere.port}`);
    served = await Served.start();
    served.place.write('said.json', JSON.stringify(TEXTS));
    served.place.write('said.py', readFileSync(join(import.meta.dirname, 'said.py'), 'utf8'));
    await served.place.does('exec', 'idle', 'import said');
  });

  afterAll(async () => {
    try {
      await browser?.close();
      await elsewhere?.end();
    } finally {
      await served?.end();
    }
  });

  /** Opens a tab that shows much at once; `rename` has the payloads for the names of instruments. */
  async function enter(rename = false, on = served): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1_200, height: 3_000 } });
    await context.addInitScript(watch);
    await context.addInitScript(stand);
    const tab = new Tab(await context.newPage());
    tab.page.on('dialog', (dialog) => void dialog.dismiss());
    if (rename) {
      await tab.page.routeWebSocket(/\/socket$/, (socket) => {
        const server = socket.connectToServer();
        server.onMessage((frame) => socket.send(renamed(String(frame))));
        socket.onMessage((frame) => server.send(frame));
      });
    }
    await tab.page.goto(await on.newLink());
    await tab.isLive();
    await tab.prompt.waitFor();
    await know(tab.page);
    opened.push(tab);
    return tab;
  }

  afterEach(async () => {
    for (const tab of opened.splice(0)) await tab.page.context().close();
  });

  /** Waits until the session has told of a command or a prompt; of a prompt it returns the input. Others' frames are many. */
  async function told(tab: Tab, what: { command: string } | { prompt: string }): Promise<string> {
    const look = () =>
      tab.page.evaluate((what) => {
        for (const frame of window.watched.frames.slice(-500).reverse()) {
          if (frame.startsWith('{"latest"')) continue;
          const { refused, event } = JSON.parse(frame);
          if ('command' in what && (refused?.command === what.command || event?.fact.cell?.command === what.command)) return 'told';
          if ('prompt' in what && event?.fact.input_requested?.prompt.startsWith(what.prompt)) return event.fact.input_requested.input as string;
        }
        return null;
      }, what);
    return until(`the session tells of ${JSON.stringify(what)}`, look);
  }

  /** Asserts that nothing happened, and that no text became a part of the page. */
  async function isUnharmed(tab: Tab): Promise<void> {
    expect(await madeOfTexts(tab.page)).toEqual([]);
    expect(await tab.page.evaluate(() => window.witness.fired), 'the canary').toEqual([]);
    expect(elsewhere.caught).toEqual([]);
    expect(new URL(tab.page.url()).hostname).toBe('127.0.0.1');
  }

  test('the check sees what a text that is not cleaned would make', async () => {
    const tab = await enter();
    expect(CHOSEN.length).toBe(KINDS.length * OF_A_CLASS);
    const html = CHOSEN.filter(({ kind }) => IS_HTML(kind));
    const seen: Payload[] = [];
    for (const payload of html) if ((await madeOfTexts(tab.page, payload.text)).length > 0) seen.push(payload);
    console.log(`of ${html.length} payloads that are HTML the check sees ${seen.length}`);
    expect(seen.length).toBeGreaterThan(html.length * 0.7);
    await isUnharmed(tab);
  });

  test('as names of instruments', { timeout: WITHIN_MS }, async () => {
    const place = new Place();
    place.write('many.py', IDLE);
    place.write('many.yml', config('many', 'many.Idle', { quotesPerSecond: 1 }).replace('[BTCUSDT, ETHUSDT]', `[${['BTCUSDT', 'ETHUSDT', ...SYMBOLS].join(', ')}]`));
    const many = await Served.of(place, 'many');
    try {
      await asNames(await enter(true, many), many);
    } finally {
      await many.end();
    }
  });

  async function asNames(tab: Tab, many: Served): Promise<void> {
    const { page } = tab;
    const first = TEXTS[0]!;
    // Held and ordered, they stand in every table, in the session, in the chart and in the ticket.
    await many.place.does('exec', 'many', 'for i in list(ctx.instruments)[2:]:\n    trade(i, 1)\n    trade(i, -1, price=ctx.quote(i).mid * 2)');
    await tab.shows('FILL');
    for (const panel of ['quotes', 'orders', 'fills', 'actions', 'log', 'positions']) {
      await tab.show(panel);
      if (!['actions', 'log'].includes(panel)) await tab.reads(`${panel} has names`, page.locator(`#panel-${panel}`), (text) => TEXTS.some((name) => text.includes(name)));
      await isUnharmed(tab);
    }
    const shown = await tab.session.innerText();
    expect(TEXTS.filter((text) => shown.includes(text.split('\n')[0]!)).length).toBeGreaterThan(5);
    expect(await page.locator('option', { hasText: first }).count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await palette.getByRole('combobox').fill('chart');
    await tab.reads('the palette has the name', palette, (text) => text.includes('<'));
    await isUnharmed(tab);
    await page.keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    // Before everything is closed all of it is read out.
    await tab.command('flatten');
    const question = page.getByRole('dialog', { name: /^FLATTEN ALL/ });
    await tab.reads('the question has the name', question, (text) => text.includes('<'));
    await isUnharmed(tab);
    await page.context().close();
  }

  test('as ids of commands, from a socket and from a script', { timeout: WITHIN_MS }, async () => {
    const tab = await enter();
    for (const text of TEXTS) {
      await tab.send({ command: { id: text, command: { execute: { code: '1' } } } });
      await told(tab, { command: text });
    }
    const answers = await tab.page.evaluate(async (texts) => {
      const [session] = (await (await fetch('/api/sessions')).json()) as { id: string }[];
      const headers = { 'content-type': 'application/json', 'x-qubx': '1' };
      const codes: number[] = [];
      for (const id of texts) {
        const body = JSON.stringify({ id: `${id} `, command: { cancel_order: { order: id } } });
        codes.push((await fetch(`/api/sessions/${session!.id}/commands`, { method: 'POST', headers, body })).status);
      }
      return codes;
    }, TEXTS);
    // Too long an id is refused, and an order of such a name there is none.
    expect(answers.filter((code) => ![200, 400, 409].includes(code))).toEqual([]);
    await isUnharmed(tab);
  });

  test('as prompts of lines that a cell asks for, and as answers', { timeout: WITHIN_MS }, async () => {
    const tab = await enter();
    await tab.run('said.ask()');
    for (const [place, text] of TEXTS.entries()) {
      const input = await told(tab, { prompt: `¤${place}¤` });
      await tab.sees(new RegExp(`¤${place}¤`), tab.page.locator('label[for=answer]'));
      await isUnharmed(tab);
      await tab.send({ command: { id: `answer-${place}`, command: { answer: { input, text } } } });
    }
    await tab.reads('the last answer', tab.session, (shown) => shown.includes(`¤${TEXTS.length - 1}¤`) && shown.includes('done'));
    await isUnharmed(tab);
  });

  test('as the code of cells, in the session and in the search through it', { timeout: WITHIN_MS }, async () => {
    const tab = await enter();
    for (let first = 0; first < TEXTS.length; first += BATCH) {
      const batch = TEXTS.slice(first, first + BATCH);
      for (const [turn, text] of batch.entries()) {
        // What is no Python is shown as an error, too, with the line in it.
        const code = `$ ${text}\n# ¤code-${first + turn}¤`;
        await tab.send({ command: { id: `code-${first + turn}`, command: { execute: { code } } } });
      }
      const marks = batch.map((_, turn) => `¤code-${first + turn}¤`);
      await tab.reads(`the cells from ${first} on`, tab.session, (shown) => marks.every((mark) => shown.includes(mark)));
      await until('they are over', async () => (await served.status()).kernel.state === 'idle');
      await isUnharmed(tab);
    }
    await tab.prompt.click();
    await tab.page.keyboard.press('Control+r');
    await tab.reads('the search has them', tab.page.locator('body'), (shown) => shown.includes('¤code-'));
    await tab.page.keyboard.insertText('<');
    await isUnharmed(tab);
    await tab.page.keyboard.press('Escape');
  });

  test('as completions and signatures', { timeout: WITHIN_MS }, async () => {
    const tab = await enter();
    const { keyboard } = tab.page;
    const offered = tab.page.locator('.cm-tooltip-autocomplete');
    for (const begin of ['said.KEYS["', 'said.words.']) {
      await tab.prompt.click();
      await keyboard.press('Control+a');
      await keyboard.insertText(begin);
      await keyboard.press('Tab');
      await tab.reads(`what ${begin} goes on with`, offered, (text) => text.includes('<'));
      await isUnharmed(tab);
      await keyboard.press('Escape');
      await offered.waitFor({ state: 'detached' });
    }
    for (let first = 0; first < TEXTS.length; first += BATCH) {
      const last = first + BATCH;
      await tab.send({ command: { id: `says-${first}`, command: { execute: { code: `says_${first} = said.documented(said.TEXTS[${first}:${last}])` } } } });
      await until('it is defined', async () => (await served.status()).kernel.state === 'idle');
      await tab.prompt.click();
      await keyboard.press('Control+a');
      await keyboard.insertText(`says_${first}(`);
      const box = tab.page.locator('[role=note]').filter({ hasText: '¤says¤' });
      const shown = await becomes(
        `the signature of says_${first}`,
        async () => {
          await keyboard.press('Shift+Tab');
          return box.innerText({ timeout: 1_000 }).catch(() => '');
        },
        (text) => text.includes('¤says¤'),
      );
      expect(shown.length).toBeGreaterThan(60);
      await isUnharmed(tab);
    }
  });
});
