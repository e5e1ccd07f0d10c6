// Measures pages in Chromium, for `cargo xtask bench page`: from navigation to everything painted, in a browser that has been
// there before; and the longest task while a long output is scrolled. Reads what to measure as JSON from its arguments, and
// writes the measures as JSON.

import { chromium } from 'playwright-core';

const { browser: executablePath, link, session, textual, times, last } = JSON.parse(process.argv[2]);
const LIMIT_MS = 60_000;

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });

/** Returns the milliseconds from navigation until the page is as it should be. */
async function painted(address, isPainted, argument) {
  const page = await context.newPage();
  await page.goto(address, { waitUntil: 'commit' });
  const handle = await page.waitForFunction(isPainted, argument, { polling: 'raf', timeout: LIMIT_MS });
  const time = await handle.jsonValue();
  return { page, time };
}

/** Every panel that is shown has something in it, both charts are drawn, and the newest cell's output is there. */
function ours(last) {
  const panels = [...document.querySelectorAll('[role=tabpanel]:not([hidden])')];
  const isFull = panels.length >= 4 && panels.every((panel) => panel.childElementCount > 0);
  const isDrawn = document.querySelectorAll('canvas').length >= 2;
  return isFull && isDrawn && document.body.textContent.includes(last) ? performance.now() : 0;
}

/** The terminal has got its first bytes. */
function theirs() {
  return document.body.classList.contains('-first-byte') ? performance.now() : 0;
}

const origin = new URL(link).origin;
const first = await painted(link, ours, last);
await first.page.close();
await (await painted(textual, theirs)).page.close();

const measures = { cold: first.time, ours: [], textual: [] };
for (let number = 0; number < times; number++) {
  const own = await painted(`${origin}/#/${session}`, ours, last);
  measures.ours.push(own.time);
  await own.page.close();
  const other = await painted(textual, theirs);
  measures.textual.push(other.time);
  await other.page.close();
}

// A cell prints 100,000 lines, and the session is scrolled through them.
const { page } = await painted(`${origin}/#/${session}`, ours, last);
await page.keyboard.press('Escape');
await page.evaluate(() => {
  globalThis.longest = 0;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, task.duration);
  }).observe({ type: 'longtask' });
});
const prompt = page.locator('.cm-content, textarea').first();
await prompt.click();
await page.keyboard.type("print(chr(10).join(f'{line:099}' for line in range(100_000)), flush=True); print('the'+' end')");
await page.keyboard.press('Enter');
await page.waitForFunction(() => document.body.textContent.includes('the end'), null, { timeout: LIMIT_MS });
measures.printing = await page.evaluate(() => globalThis.longest);
await page.evaluate(() => (globalThis.longest = 0));
const list = await page.locator('[data-panel=session], #panel-session').first().boundingBox();
await page.mouse.move(list.x + list.width / 2, list.y + list.height / 2);
for (let turn = 0; turn < 200; turn++) {
  await page.mouse.wheel(0, turn < 100 ? -1_500 : 1_500);
  await page.evaluate(() => new Promise(requestAnimationFrame));
}
measures.scrolling = await page.evaluate(() => globalThis.longest);

await browser.close();
console.log(JSON.stringify(measures));
