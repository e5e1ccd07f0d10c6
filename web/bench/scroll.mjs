// How long a page is busy at once while a long output is printed, unfolded and scrolled through.

import { join } from 'node:path';

const LIMIT_MS = 60_000;
const LINES = 100_000;
/** So many lines of a hundred bytes, as one text. */
const CELL = `print(chr(10).join(f'{line:099}' for line in range(${LINES})), flush=True); print('the' + ' end')`;
/** How far one turn of the wheel goes, in pixels: a screenful, and so much that all is passed in a few hundred turns. */
const STEPS = [300, 6_000];

/** Prints, unfolds and scrolls, and returns the longest task of each; 0 when none was longer than 50 ms, from where on they count. */
export async function printAndScroll(page, pictures) {
  const picture = async (name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`) });
  await page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, task.duration);
    }).observe({ type: 'longtask' });
  });
  /** Returns the longest task since this was asked last. What was observed is told a moment later. */
  const longest = () =>
    page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const found = globalThis.longest;
      globalThis.longest = 0;
      return found;
    });
  const list = page.locator('#panel-session [role=log]');
  await page.locator('#panel-session .cm-content').click();
  await page.keyboard.insertText(CELL);
  await longest();
  await page.keyboard.press('Control+Enter');
  await list.getByText('the end', { exact: false }).first().waitFor({ timeout: LIMIT_MS });
  const printing = await longest();
  await picture('printed');

  const more = list.getByRole('button', { name: /more lines$/ });
  await more.last().click();
  await more.waitFor({ state: 'detached', timeout: LIMIT_MS });
  const unfolding = await longest();
  await picture('unfolded');

  const box = await list.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const seen = new Set();
  /** Turns the wheel until a line is to be seen, or has been passed. */
  async function turnTo(step, line) {
    const isReached = (shown) => (step < 0 ? Number(shown) <= line : Number(shown) >= line);
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      await page.mouse.wheel(0, step);
      const shown = await page.evaluate(async () => {
        await new Promise(requestAnimationFrame);
        const { textContent } = document.querySelector('#panel-session [role=log]');
        return textContent.match(/0{90}\d{9}/g) ?? [];
      });
      for (const one of shown) seen.add(one);
      if (shown.some(isReached)) return;
      if (Date.now() > deadline) throw new Error(`line ${line} has not come into view`);
    }
  }
  await turnTo(-STEPS[0], LINES - 1_000);
  await turnTo(-STEPS[1], 1_000);
  await turnTo(-STEPS[0], 0);
  await picture('scrolled');
  await turnTo(STEPS[0], 2_000);
  await turnTo(STEPS[1], LINES - 1);
  const scrolling = await longest();
  return { printing, unfolding, scrolling, seen: seen.size };
}
