// The page in a hand: one panel at a time, verbs within a thumb's reach, nothing wider than the screen.

import { expect, test } from 'vitest';
import { PHONE } from './harness/browser';
import { onOneSession } from './harness/suite';
import { becomes } from './harness/wait';


onOneSession('a phone', (stage) => {
  test('has tabs at the bottom, large enough for a thumb, and scrolls to no side', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(served.link, PHONE);
    const tabs = tab.page.getByRole('tablist', { name: 'Panels' }).getByRole('tab');
    await becomes('the tabs', () => tabs.allInnerTexts(), (texts) => texts.join(' ') === 'Pos Ord Chart Sess ⋯');
    for (const one of await tabs.all()) {
      const box = (await one.boundingBox())!;
      expect(box.height).toBeGreaterThanOrEqual(48);
      expect(box.width).toBeGreaterThanOrEqual(48);
      expect(box.y + box.height).toBeLessThanOrEqual(844);
      await one.tap();
      const wide = await tab.page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]);
      expect(Math.max(...wide), await one.innerText()).toBe(390);
    }
  });

  test('shows the session, and has the keys that its keyboard hides', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink(), PHONE);
    await tab.page.getByRole('tab', { name: 'Sess' }).tap();
    await tab.prompt.tap();
    await tab.page.keyboard.insertText('sum');
    for (const key of ['(', '[', ']', ')']) await tab.page.getByRole('toolbar', { name: 'Keys' }).getByRole('button', { name: key, exact: true }).tap();
    await tab.reads('the signs are typed', tab.prompt, (text) => text === 'sum([])');
    await tab.page.getByRole('button', { name: 'Run', exact: true }).tap();
    await tab.shows('Out[1] 0');
  });

  test('flattens only when the button was held, and then pressed once more', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink(), PHONE);
    await served.place.does('exec', served.name, 'ctx.trade("BTCUSDT", 0.02).status');
    await tab.page.getByRole('tab', { name: 'Pos' }).tap();
    await tab.reads('the position', tab.rows('Positions'), (row) => /BTCUSDT\s+LONG\s+0\.020/.test(row));
    await tab.page.getByRole('tab', { name: 'More' }).tap();
    const hold = tab.page.locator('button.hold');
    await tab.sees('cancels 0 orders, then closes 1 position at market, then pauses.');

    await hold.tap();
    await tab.reads('a tap is not enough', hold, (text) => text.includes('hold longer'));
    await hold.tap();
    expect((await served.status()).paused).toBe(false);

    const { x, y, width, height } = (await hold.boundingBox())!;
    const finger = await tab.page.context().newCDPSession(tab.page);
    const touchPoints = [{ x: x + width / 2, y: y + height / 2 }];
    await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await tab.reads('it was held', hold, (text) => text.includes('Flatten 1 position'));
    await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    expect((await served.status()).paused).toBe(false);
    await hold.tap();
    await tab.reads('it is flat', tab.results, (text) => text.includes('flat @'));
    const { paused, positions } = await served.status();
    expect(paused).toBe(true);
    expect(positions.filter(({ quantity }: { quantity: string }) => Number(quantity) !== 0)).toEqual([]);
    await tab.page.getByRole('switch', { name: 'Pause entries' }).tap();
    await becomes('it is resumed', async () => (await served.status()).paused, (isPaused) => !isPaused);
  });
});
