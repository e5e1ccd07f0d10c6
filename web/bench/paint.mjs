// Measures pages in Chromium, for `cargo xtask bench page`: from navigation to everything painted, in a browser that has been
// there before; what a first visit loads; and the longest tasks while a long output is printed, unfolded and scrolled.
// Reads what to measure as JSON from its arguments, and writes the measures as JSON. With `pictures`, a folder, it leaves there
// what the browser shows at the moment that is measured.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { isOursPainted, isTheirsPainted, painted } from './painted.mjs';
import { printAndScroll } from './scroll.mjs';
import { Weight } from './weight.mjs';

const { browser: executablePath, link, session, textual, times, last, pictures } = JSON.parse(process.argv[2]);

/** The rest between two visits, in milliseconds. */
const REST_MS = 500;

// A folder of its own, as people have, so that the second visit finds what the first one has left there. Nothing outside of
// this machine is waited for: the other page asks for a font.
const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'];
const folder = mkdtempSync(join(tmpdir(), 'qubx-paint-'));
const context = await chromium.launchPersistentContext(folder, { executablePath, args, viewport: { width: 1440, height: 900 } });

/** Opens a page in a tab of its own, and returns how long it took until it was painted. */
async function visit(address, isPainted, name, weigh) {
  const page = await context.newPage();
  const weight = weigh && (await Weight.of(page));
  const time = await painted(page, address, isPainted, last);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  await page.close();
  // What a closed tab leaves behind, the terminal's program for one, is no matter of the next.
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return weight ? { time, ...weight.sums() } : time;
}

try {
  const own = `${new URL(link).origin}/#/${session}`;
  const first = await visit(link, isOursPainted, 'first', true);
  await visit(textual, isTheirsPainted, 'textual-first');
  const measures = { first, ours: [], textual: [] };
  for (let number = 0; number < times; number++) {
    measures.ours.push(await visit(own, isOursPainted, 'ours'));
    measures.textual.push(await visit(textual, isTheirsPainted, 'textual'));
  }
  const page = await context.newPage();
  await painted(page, own, isOursPainted, last);
  Object.assign(measures, await printAndScroll(page, pictures));
  console.log(JSON.stringify(measures));
} finally {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
}
