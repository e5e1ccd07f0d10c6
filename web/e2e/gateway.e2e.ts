// The gateway stands between the tabs and the session, and neither needs it to live.

import { expect, test } from 'vitest';
import { signal } from './harness/processes';
import { onOneSession } from './harness/suite';
import { becomes } from './harness/wait';

/** What the browser says of every attempt to connect while there is no gateway. */
const NOBODY_THERE = /net::ERR_CONNECTION_/;

/** Returns how often a text stands in another one. */
function times(text: string, part: string): number {
  return text.split(part).length - 1;
}

onOneSession('the gateway', (stage) => {
  test('is killed while a cell runs, and nothing is lost, nothing comes twice, and logins stay good', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(served.link);
    const two = await chromium.enter(await served.newLink());
    for (const tab of [one, two]) tab.expectComplaint(NOBODY_THERE);
    await one.run('import time\nfor step in range(20):\n    print(f"<{step}>", flush=True)\n    time.sleep(0.2)\n"the", "end"');
    await two.shows('<2>');
    await served.killGateway();
    for (const tab of [one, two]) {
      await tab.isLive();
      const shown = await tab.shows("('the', 'end')");
      for (let step = 0; step < 20; step += 1) expect(times(shown, `<${step}>`), `<${step}> in ${shown}`).toBe(1);
      expect(times(shown, 'for step in range(20)')).toBe(1);
    }
    const cells = (await served.history()).filter(({ kind, code }) => kind === 'cell' && code.includes('range(20)'));
    expect(cells.length).toBe(1);
    await two.page.reload();
    await two.isLive();
    await two.shows('<19>');
  });

  test('is killed under a command, which is done once', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    tab.expectComplaint(NOBODY_THERE);
    await tab.run('count = 0; "counts"');
    await tab.shows("'counts'");
    await tab.prompt.click();
    await tab.page.keyboard.insertText('count += 1; f"counted {count}"');
    signal(served.gateway(), 'SIGSTOP');
    await tab.page.keyboard.press('Control+Enter');
    // It is on its way and cannot arrive.
    await served.killGateway();
    await tab.isLive();
    await tab.shows('counted 1');
    const value = await served.place.does('exec', served.name, 'count');
    expect(value.trim()).toBe('1');
  });

  test('is silent: the page says so, dims what is old, keeps what is typed, and goes on when it speaks again', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    tab.expectComplaint(NOBODY_THERE);
    await tab.prompt.click();
    await tab.page.keyboard.insertText('typed_before');
    const gateway = served.gateway();
    signal(gateway, 'SIGSTOP');
    try {
      await tab.sees(/^Connection lost \d\d:\d\d\. Showing data of .* Retry in \d+ s \(Enter now\)\./);
      await tab.sees('not known from here');
      await tab.page.keyboard.insertText('_and_after');
      expect(await tab.prompt.innerText()).toBe('typed_before_and_after');
      const flatten = tab.page.getByRole('button', { name: 'Flatten…' });
      expect(await flatten.isDisabled()).toBe(true);
      expect(await flatten.getAttribute('title')).toContain('connection lost');
      expect(await tab.page.locator('#panel-positions.old').count()).toBe(1);
    } finally {
      signal(gateway, 'SIGCONT');
    }
    await tab.sees(/^Back after \d\d:\d\d\. (\d+ messages?|History.*) (replayed|reloaded)\./);
    expect(await tab.page.locator('#panel-positions.old').count()).toBe(0);
    await becomes('the word of it goes', () => tab.page.getByText(/^Back after/).count(), (count) => count === 0);
    await tab.page.keyboard.press('Control+Enter');
    await tab.shows("name 'typed_before_and_after' is not defined");
  });
});
