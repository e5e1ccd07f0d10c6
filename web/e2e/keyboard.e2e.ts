// The page without a mouse: everything that matters can be reached, and where one is can be seen.

import { expect, test } from 'vitest';
import { onOneSession } from './harness/suite';
import { becomes } from './harness/wait';

onOneSession('a keyboard', (stage) => {
  test('logs in, runs a cell, jumps, asks for help, and opens and leaves what is dangerous', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.open(served.origin);
    tab.expectComplaint(/401/);
    const { page } = tab;
    const { keyboard } = page;
    const focused = () => page.evaluate(() => document.activeElement?.closest('[id^=panel-]')?.id ?? document.activeElement?.tagName ?? '');
    await tab.sees('Access ended. Ask for a new link.');
    await becomes('the field has the keyboard', async () => (await keyboard.press('Tab'), page.evaluate(() => document.activeElement?.id)), (id) => id === 'token');
    await keyboard.insertText(served.link);
    await keyboard.press('Enter');
    await tab.isLive();

    // A jump into the prompt, a cell, and out again.
    await tab.prompt.waitFor();
    await keyboard.press('g');
    await keyboard.press('s');
    await becomes('the prompt has the keyboard', () => tab.prompt.evaluate((prompt) => prompt.contains(document.activeElement)), Boolean);
    await keyboard.type('print("typed", 6 * 7)');
    await keyboard.press('Enter');
    await tab.shows('typed 42');
    await keyboard.type('for i in range(2):');
    await keyboard.press('Enter');
    await becomes('the line goes on', () => tab.prompt.innerText(), (text) => text.includes('\n'));
    await keyboard.type('print("line", i)');
    await keyboard.press('Control+Enter');
    await tab.shows('line 1');
    await keyboard.press('Escape');
    await becomes('the prompt is left', () => tab.prompt.evaluate((prompt) => !prompt.contains(document.activeElement)), Boolean);

    for (const [key, panel] of [['p', 'positions'], ['o', 'orders'], ['e', 'equity'], ['l', 'log'], ['q', 'quotes']] as const) {
      await keyboard.press('g');
      await keyboard.press(key);
      await becomes(`g ${key}`, focused, (id) => id === `panel-${panel}`);
    }

    await keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Help' });
    await help.waitFor();
    await tab.sees('Go to positions', help);
    await becomes('Esc closes the help', async () => (await keyboard.press('Escape'), help.isVisible()), (shown) => !shown);

    await tab.command('flatten');
    const question = page.getByRole('dialog', { name: /^FLATTEN ALL — PAPER/ });
    await question.waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Cancel');
    await becomes('Esc leaves the question', async () => (await keyboard.press('Escape'), question.isVisible()), (shown) => !shown);
    await tab.command('flatten');
    await question.waitFor();
    // Cancel has the keyboard: Enter says no.
    await becomes('Enter says no', async () => (await keyboard.press('Enter'), question.isVisible()), (shown) => !shown);
    expect((await served.status()).paused).toBe(false);

    await tab.command('theme light');
    await becomes('the theme', () => page.evaluate(() => document.documentElement.dataset.theme), (theme) => theme === 'light');
  });

  test('types for the palette before it is there, and nothing of it lands in the prompt', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    const { page } = tab;
    await tab.prompt.click();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/assets\/Palette-[^/]*\.js$/, async (route) => (await held, route.continue()));
    await page.keyboard.press('Control+k');
    await page.keyboard.type('themx');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('e d');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('dialog', { name: 'Commands' }).count()).toBe(0);
    release();
    const field = page.getByRole('dialog', { name: 'Commands' }).getByRole('combobox');
    await field.waitFor();
    // It takes letters at once.
    await page.keyboard.type('ark');
    await becomes('all letters stand there', () => field.inputValue(), (text) => text === 'theme dark');
    expect(await tab.prompt.innerText()).not.toMatch(/[themdark]{3}/);
    await becomes('Esc closes it', async () => (await page.keyboard.press('Escape'), field.isVisible()), (shown) => !shown);

    // What was begun and given up is not there the next time.
    await page.unroute(/\/assets\/Palette-[^/]*\.js$/);
    await page.keyboard.press('Control+k');
    await field.waitFor();
    expect(await field.inputValue()).toBe('');
  });

  test('sees where it is on every stop of its way through the page', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    await tab.prompt.waitFor();
    const unseen: string[] = [];
    const stops = new Set<string>();
    for (let step = 0; step < 40; step += 1) {
      await tab.page.keyboard.press('Tab');
      const stop = await tab.page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const holder = element.closest<HTMLElement>('.place');
        const isSeen = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' || (holder !== null && getComputedStyle(holder).boxShadow !== 'none');
        return { name: `${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 30)}`, isSeen };
      });
      stops.add(stop.name);
      if (!stop.isSeen && !stop.name.startsWith('BODY')) unseen.push(stop.name);
      // Tab in the prompt begins with spaces, as Python wants it; Esc leaves it.
      if (stop.name.includes('Python')) await tab.page.keyboard.press('Escape');
    }
    expect(unseen).toEqual([]);
    expect(stops.size).toBeGreaterThan(20);
  });

  test('stays in a field that was quicker than the panel that was asked for', async () => {
    const tab = await stage.chromium.enter(await stage.served.newLink());
    const price = tab.page.locator('#ticket-price');
    await price.waitFor();
    await tab.page.keyboard.press('Escape');
    const where = await price.evaluate(async (field: HTMLElement) => {
      const frame = () => new Promise((next) => requestAnimationFrame(next));
      for (const key of ['g', 't']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      // What was asked for is done behind this, and before the next frame.
      await new Promise((next) => setTimeout(next));
      const before = document.activeElement?.id;
      field.focus();
      await frame();
      await frame();
      return [before === field.id, document.activeElement?.id];
    });
    expect(where).toEqual([false, 'ticket-price']);
    // Asked for again from elsewhere, it has the keyboard where one types first.
    await tab.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await tab.page.keyboard.press('g');
    await tab.page.keyboard.press('t');
    await becomes('the size has the keyboard', () => tab.page.evaluate(() => document.activeElement?.id), (id) => id === 'ticket-amount');
  });
});
