// Orders and positions: what the page gives, what came of it, and how it is stopped.

import { expect, test } from 'vitest';
import { onOneSession, type Stage } from './harness/suite';
import type { Tab } from './harness/tab';
import { becomes } from './harness/wait';

async function enter({ chromium, served }: Stage): Promise<Tab> {
  return chromium.enter(await served.newLink());
}

onOneSession('trading', (stage) => {
  const book = async () => {
    const { orders, positions, paused } = await stage.served.status();
    const held = positions.filter(({ quantity }: { quantity: string }) => Number(quantity) !== 0);
    return { orders, held, paused } as { orders: any[]; held: any[]; paused: boolean };
  };

  test('nothing is held and nothing is ordered: the page says so', async () => {
    const tab = await enter(stage);
    await tab.sees('Flat. No open positions.', tab.page.locator('#panel-positions'));
    await tab.show('orders');
    await tab.sees('No open orders. The ticket makes one (g t).');
  });

  test('the ticket places an order, which everyone sees; it is changed, and cancelled from its row', async () => {
    const one = await enter(stage);
    const two = await enter(stage);
    await one.show('orders');
    await two.show('orders');
    await one.sees(/^→ position flat → flat/);
    await one.order('Buy', 'Limit', '0.010', { price: '50000' });
    await one.confirm(/^SEND ORDER — PAPER/, 'Send it');
    await two.reads('the order', two.rows('Orders'), (row) => /BTCUSDT\s+BUY\s+LIMIT\s+0\.010\s+50,000\.0/.test(row));
    await one.choose(one.rows('Orders').first(), 'Modify…');
    await one.page.locator('#panel-ticket').getByLabel('Price').fill('50001');
    await one.page.locator('#panel-ticket button.review').click();
    await one.sees(/⚠ \d+\.\d% below the market/, one.page.getByRole('dialog'));
    await one.confirm(/^MODIFY ORDER — PAPER/, 'Change it');
    await two.reads('the changed order', two.rows('Orders'), (row) => row.includes('50,001.0'));
    await two.choose(two.rows('Orders').first(), 'Cancel');
    await one.sees('No open orders. The ticket makes one (g t).');
    expect((await book()).orders).toEqual([]);
    const shown = await one.shows('CANCELLED');
    expect(shown).toMatch(/BUY LIMIT 0\.010 @ 50,001\.0\s+CANCELLED: cancelled by op@/);
  });

  test('a market order makes a position, which is closed from its row after a question', async () => {
    const tab = await enter(stage);
    await tab.order('Buy', 'Market', '0.020');
    await tab.reads('the position', tab.rows('Positions'), (row) => /BTCUSDT\s+LONG\s+0\.020/.test(row));
    const fills = await tab.show('fills');
    await tab.sees('0.020', fills);
    await tab.show('positions');
    await tab.choose(tab.rows('Positions').first(), 'Close…');
    const dialog = tab.page.getByRole('dialog', { name: 'CLOSE POSITION — PAPER — idle' });
    await tab.sees('closes at market:', dialog);
    await tab.sees(/est\. cost: fees [\d.]+ \+ spread [\d.]+ USDT/, dialog);
    expect(await tab.page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Cancel');
    await tab.confirm(/^CLOSE POSITION — PAPER/, 'Close it');
    await tab.sees('Flat. No open positions.', tab.page.locator('#panel-positions'));
    expect((await book()).held).toEqual([]);
  });

  test("an order that is rejected says why, in the market's words, and can be edited", async () => {
    const tab = await enter(stage);
    await tab.order('Buy', 'Limit', '0.010', { price: '900000', postOnly: true });
    const asked = tab.page.getByRole('dialog', { name: /^SEND ORDER/ });
    const failed = tab.results.getByText(/place/).first();
    await asked.or(failed).first().waitFor();
    if (await asked.isVisible()) await tab.confirm(/^SEND ORDER/, 'Send it');
    await tab.reads('the result', tab.results, (text) => /✗/.test(text) && /post.only|would take/i.test(text));
    await tab.shows('REJECTED');
    await tab.results.getByRole('button', { name: 'Edit' }).first().click();
    expect(await tab.page.locator('#panel-ticket').getByLabel('Price').inputValue()).toBe('900000');
  });

  test('pause refuses what increases a position; resume allows it again', async () => {
    const tab = await enter(stage);
    await tab.page.getByRole('button', { name: 'Pause', exact: true }).click();
    await tab.page.getByText('PAUSED', { exact: true }).waitFor();
    await tab.order('Buy', 'Market', '0.010');
    const asked = tab.page.getByRole('dialog', { name: /^SEND ORDER/ });
    const failed = tab.results.getByText(/place/).first();
    await asked.or(failed).first().waitFor();
    if (await asked.isVisible()) await tab.confirm(/^SEND ORDER/, 'Send it');
    await tab.reads('the refusal', tab.results, (text) => /✗.*paused/is.test(text));
    await tab.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await tab.page.getByText('PAUSED', { exact: true }).waitFor({ state: 'detached' });
    expect((await book()).paused).toBe(false);
  });

  test('flatten reads its effect back, waits for a yes, and goes on until everything is flat', async () => {
    const tab = await enter(stage);
    await tab.order('Buy', 'Market', '0.020');
    await tab.reads('the long position', tab.rows('Positions'), (rows) => rows.includes('LONG'));
    await tab.page.locator('#panel-ticket').getByLabel('Instrument').selectOption('SIM:ETHUSDT');
    await tab.order('Sell', 'Market', '0.500');
    await becomes('two positions', () => tab.rows('Positions').count(), (count) => count === 2);
    await tab.order('Sell', 'Limit', '0.100', { price: '9000' });
    await tab.confirm(/^SEND ORDER/, 'Send it');
    await becomes('the order rests', async () => (await book()).orders.length, (count) => count === 1);

    const flatten = tab.page.getByRole('button', { name: 'Flatten…' });
    await flatten.click();
    const dialog = tab.page.getByRole('dialog', { name: /^FLATTEN ALL — PAPER/ });
    await tab.sees('cancels 1 order, then closes 2 positions at market', dialog);
    await tab.sees('strategy will be PAUSED afterwards, until it is resumed', dialog);
    expect(await dialog.getByRole('row').filter({ hasText: /BTCUSDT\s*SELL\s*0\.020/ }).count()).toBe(1);
    expect(await dialog.getByRole('row').filter({ hasText: /ETHUSDT\s*BUY\s*0\.500/ }).count()).toBe(1);
    await tab.confirm(/^FLATTEN ALL/, 'Cancel');
    expect((await book()).held.length).toBe(2);

    await flatten.click();
    await tab.confirm(/^FLATTEN ALL/, 'Flatten');
    await tab.reads('each part', tab.results, (text) => text.includes('cancelled') && (text.match(/flat @/g) ?? []).length === 2);
    await tab.sees('Flat. No open positions.', tab.page.locator('#panel-positions'));
    await tab.page.getByText('PAUSED', { exact: true }).waitFor();
    expect(await book()).toEqual({ orders: [], held: [], paused: true });
    await tab.results.getByRole('button', { name: 'Dismiss flatten' }).click();
    await tab.page.getByRole('button', { name: 'Resume', exact: true }).click();
  });
});
