// Prints how much a browser loads before the page stands, and fails when that is more than the page may weigh.
// Charts, the editor and what only some outputs need come later and are not counted.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MOST_BYTES = 80_000;

const dist = new URL('../dist/', import.meta.url).pathname;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const first = ['index.html'];
const seen = new Set();

/** Collects a script and what it imports without being asked later. */
function collect(file) {
  if (seen.has(file)) return;
  seen.add(file);
  first.push(file);
  if (!file.endsWith('.js')) return;
  const source = readFileSync(join(dist, file), 'utf8');
  for (const [, path] of source.matchAll(/(?:\bfrom|\bimport)\s*["'](\.\/[^"']+)["']/g)) {
    collect(join('assets', path));
  }
}

for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) collect(path);

const weigh = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
let total = 0;
for (const file of first) {
  const bytes = weigh(file);
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  first load, gzipped (at most ${MOST_BYTES / 1000})`);

/** The panels that a wide page shows by itself, but for the chart. */
const PANELS = ['SessionPanel', 'PositionsPanel', 'EquityPanel', 'TicketPanel'];
const shell = new Set(seen);
for (const file of readdirSync(join(dist, 'assets'))) {
  if (PANELS.some((panel) => file.startsWith(`${panel}-`))) collect(join('assets', file));
}
const panels = [...seen].filter((file) => !shell.has(file)).reduce((sum, file) => sum + weigh(file), 0);
console.log(`${(panels / 1000).toFixed(1).padStart(7)} kB  the panels that a wide page shows, but for chart and editor`);

const later = readdirSync(join(dist, 'assets')).map((file) => join('assets', file)).filter((file) => !seen.has(file));
for (const file of later) console.log(`${(weigh(file) / 1000).toFixed(1).padStart(7)} kB  ${file} (later)`);
if (total > MOST_BYTES) {
  console.error('the first load is too heavy');
  process.exit(1);
}
