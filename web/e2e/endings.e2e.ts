// What a page says when what it shows stops: quotes that do not come, a session that ends, no session at all.

import { expect, test } from 'vitest';
import { Chromium } from './harness/browser';
import { impossible } from './harness/needs';
import { Place } from './harness/place';
import { Served } from './harness/served';
import { IDLE, config } from './harness/strategies';

/** Quotes at these seconds. */
function quotes(seconds: number[]): string {
  return `time,bid,bid_size,ask,ask_size\n${seconds.map((second) => `${1_767_225_600 + second},1000.0,1,1000.5,1\n`).join('')}`;
}

const GAP = `
name: gap
strategy: idle.Idle
live:
  exchanges:
    X:
      connector: replay
      universe: [BTCUSDT, ETHUSDT]
      params:
        speed: 1
        files: { BTCUSDT: { quotes: btc.csv }, ETHUSDT: { quotes: eth.csv } }
session: { stale_after: 2s }
`;

/** The seconds from one to another one. */
const span = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, step) => from + step);

test.skipIf(impossible !== null)('quotes that stop are named, and so is that they came again', async () => {
  const chromium = await Chromium.start();
  const place = new Place();
  try {
    place.write('idle.py', IDLE);
    place.write('gap.yml', GAP);
    place.write('btc.csv', quotes([0, 1, ...span(12, 300)]));
    place.write('eth.csv', quotes(span(0, 300)));
    const served = await Served.of(place, 'gap');
    const tab = await chromium.enter(served.link);
    await tab.sees(/^⚠ X: no quotes for \d\d:\d\d$/);
    await tab.sees(/feed: no quote of X:BTCUSDT since /);
    await tab.show('quotes');
    await tab.rows('Quotes').filter({ hasText: 'BTCUSDT' }).and(tab.page.locator('.old')).waitFor();
    await tab.page.getByText(/^⚠ X: no quotes/).waitFor({ state: 'detached' });
    expect(await chromium.closeTabs()).toEqual([]);
  } finally {
    await chromium.end();
    await place.end();
  }
});

test.skipIf(impossible !== null)('a session that ends says who ended it and what is left; others are to be chosen', async () => {
  const chromium = await Chromium.start();
  const place = new Place();
  try {
    for (const name of ['one', 'two']) {
      place.write(`${name}.py`, IDLE);
      place.write(`${name}.yml`, config(name, `${name}.Idle`));
      await place.does('run', `${name}.yml`, '--paper', '--detach');
    }
    const web = place.spawn('web', '--port', '0');
    const [, origin, token] = await web.says(/page: (http:\/\/\S+\/)#t=(\S+)/);
    const tab = await chromium.open(`${origin}#t=${token}`);
    const list = tab.page.getByRole('list');
    await tab.sees('two', list);
    await list.getByRole('link', { name: /one/ }).click();
    await tab.isLive();
    await tab.run('"before", "the end"');
    await tab.shows("('before', 'the end')");
    await place.does('kernel', 'stop', 'one', '--yes');
    await tab.sees(/^Session ended \d\d:\d\d:\d\d: .*Flat: yes\./);
    expect(await tab.session.innerText()).toContain("('before', 'the end')");
    expect(await tab.page.getByRole('button', { name: 'Flatten…' }).isDisabled()).toBe(true);
    const begun = tab.page.waitForEvent('download');
    await tab.page.getByRole('link', { name: 'export .ipynb' }).click();
    expect(await (await begun).failure()).toBeNull();
    // The only one that is left is shown at once.
    await tab.page.getByRole('link', { name: 'other sessions' }).click();
    await tab.isLive();
    await place.does('kernel', 'stop', 'two', '--yes');
    await tab.sees(/^Session ended/);
    await tab.page.getByRole('link', { name: 'other sessions' }).click();
    await tab.sees('No session is running. Start one:');
    expect(await chromium.closeTabs()).toEqual([]);
  } finally {
    await chromium.end();
    await place.end();
  }
});
