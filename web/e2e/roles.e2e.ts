// Who may do what. The page does not show what its role may not do, and the server does not take it, whoever sends it.

import { expect, test } from 'vitest';
import { picture } from './harness/picture';
import { onOneSession } from './harness/suite';
import { becomes } from './harness/wait';

const INSTRUMENT = 'SIM:BTCUSDT';

/** Every command that changes something. */
const COMMANDS: unknown[] = [
  { execute: { code: 'hacked = True' } },
  { interrupt: { cell: null } },
  { answer: { input: 'x', text: 'y' } },
  'restart_kernel',
  { place: { instrument: INSTRUMENT, side: 'buy', quantity: '0.5' } },
  { modify: { order: 'x', price: '1' } },
  { cancel_order: { order: 'x' } },
  { cancel_orders: { instrument: null } },
  { close: { instrument: INSTRUMENT } },
  'flatten',
  { action: { name: 'x', arguments: {} } },
  { set_parameter: { name: 'x', value: 1 } },
  'pause',
  'resume',
  { stop: { flatten: true, keep_orders: false } },
  'release',
];

onOneSession('roles', (stage) => {
  test('a link for reading shows everything and can do nothing, also with frames that are made by hand', async () => {
    const { chromium, served } = stage;
    const owner = await chromium.enter(served.link);
    await owner.run('"seen", "by all"');
    await owner.shows("('seen', 'by all')");
    await owner.command('access');
    const access = owner.page.getByRole('dialog', { name: 'Access' });
    await owner.presses(access.getByRole('button', { name: 'Make a link' }), access.getByRole('textbox', { name: 'Link', exact: true }));
    const link = await access.getByRole('textbox', { name: 'Link', exact: true }).inputValue();
    expect(await access.getByAltText('The link as a QR code').evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBeGreaterThan(20);

    const guest = await chromium.enter(link);
    const { page } = guest;
    await guest.sees('READ-ONLY');
    await guest.sees('You are watching. Ask an admin for write access.');
    await guest.shows("('seen', 'by all')");
    expect(await guest.prompt.count()).toBe(0);
    for (const verb of ['Pause', 'Cancel all', 'Flatten…', 'Run', 'restart kernel']) {
      expect(await page.getByRole('button', { name: verb, exact: true }).count(), verb).toBe(0);
    }
    await guest.show('orders');
    await guest.sees(/^No open orders\.$/);
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await palette.waitFor();
    expect(await palette.getByText(/flatten|pause|stop the session|restart|access/i).count()).toBe(0);

    // A greater role is asked for, on the same socket and on one of its own.
    await guest.send({ hello: { version: 1, identity: 'op@127.0.0.1', role: 'admin', log: null, after: null } });
    for (const [place, command] of COMMANDS.entries()) {
      const id = `by-hand-${place}`;
      await guest.send({ command: { id, command } });
      const refused = await guest.hears(`an answer to ${JSON.stringify(command)}`, (message) => (message.refused?.command === id ? message.refused : null));
      expect(refused.message).toMatch(/viewer|role|may/);
    }
    const posted = await page.evaluate(async () => {
      const id = location.hash.slice(2) || ((await (await fetch('/api/sessions')).json()) as { id: string }[])[0]!.id;
      const body = JSON.stringify({ id: 'by-post', command: 'flatten' });
      const headers = { 'content-type': 'application/json', 'x-qubx': '1' };
      return (await fetch(`/api/sessions/${encodeURIComponent(id)}/commands`, { method: 'POST', headers, body })).status;
    });
    expect(posted).toBe(403);
    guest.expectComplaint(/403/);

    const { paused, strategy, orders } = await served.status();
    expect({ paused, state: strategy.state, orders }).toEqual({ paused: false, state: 'running', orders: [] });
    const history = await served.history();
    expect(history.filter(({ kind, code }) => kind === 'cell' && code.includes('hacked'))).toEqual([]);
    expect(history.filter(({ author }) => author?.startsWith('share'))).toEqual([]);
  });

  test('a trader trades and runs no Python', async () => {
    const { chromium, served } = stage;
    const { link } = await served.newToken('tessa', 'trader');
    const tab = await chromium.enter(link);
    await tab.sees('TRADER');
    await tab.sees('You may trade here. Ask an admin for write access to run Python.');
    expect(await tab.prompt.count()).toBe(0);
    await tab.page.getByRole('button', { name: 'Pause', exact: true }).click();
    await tab.shows('(tessa@127.0.0.1)');
    await tab.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await tab.send({ command: { id: 'trader-runs', command: { execute: { code: '1' } } } });
    await tab.hears('a refusal', (message) => (message.refused?.command === 'trader-runs' ? true : null));
    await tab.page.getByText('PAUSED', { exact: true }).waitFor({ state: 'detached' });
  });

  test('access that is revoked ends within a second, and nothing stays in sight', async () => {
    const { chromium, served } = stage;
    const { link, id } = await served.newToken('gone', 'admin');
    const tab = await chromium.enter(link);
    tab.expectComplaint(/401|4401|WebSocket/);
    await tab.shows('START');
    const ended = tab.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const look = () => (document.body.innerText.includes('Access ended. Ask for a new link.') ? resolve(Date.now()) : setTimeout(look, 10));
          look();
        }),
    );
    await served.place.does('tokens', 'revoke', id);
    const told = Date.now();
    expect((await ended) - told).toBeLessThan(1_000);
    const text = await tab.page.locator('body').innerText();
    expect(text).not.toMatch(/BTCUSDT|START|idle|PAPER/);
    await tab.page.reload();
    await tab.sees('Access ended. Ask for a new link.');
    await tab.page.getByLabel('Link or token').fill(await served.newLink());
    await tab.page.getByRole('button', { name: 'Enter' }).click();
    await tab.isLive();
  });

  test('a token is made on the page, used by somebody else, and revoked on the page, which ends it within a second', async () => {
    const { chromium, served } = stage;
    const owner = await chromium.enter(await served.newLink());
    await owner.command('access');
    const access = owner.page.getByRole('dialog', { name: 'Access' });
    const name = access.getByLabel('Name', { exact: true });
    await becomes('the name stands there', async () => (await name.fill('tove'), name.inputValue()), (text) => text === 'tove');
    await access.getByLabel('Role').selectOption('trader');
    const made = access.getByRole('textbox', { name: 'Link of tove' });
    await owner.presses(access.getByRole('button', { name: 'Make', exact: true }), made);
    await picture(owner, 'access-token-made');

    const guest = await chromium.enter(await made.inputValue());
    guest.expectComplaint(/401|4401|WebSocket/);
    await guest.sees('TRADER');
    await guest.page.getByRole('button', { name: 'Pause', exact: true }).click();
    await owner.shows('(tove@127.0.0.1)');
    await guest.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await picture(guest, 'access-token-used');

    const ended = guest.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const look = () => (document.body.innerText.includes('Access ended. Ask for a new link.') ? resolve(Date.now()) : setTimeout(look, 10));
          look();
        }),
    );
    const row = access.getByRole('row', { name: /^tove trader .* token / });
    const really = row.getByRole('button', { name: 'Really revoke' });
    await owner.presses(row.getByRole('button', { name: /^Revoke$/ }), really);
    const asked = Date.now();
    await really.click();
    expect((await ended) - asked).toBeLessThan(1_000);
    await picture(guest, 'access-token-revoked');
    expect(await guest.page.locator('body').innerText()).not.toMatch(/BTCUSDT|idle|PAPER/);
    await row.waitFor({ state: 'detached' });
    expect(JSON.parse(await served.place.does('tokens', 'list', '--json')).map((entry: { name: string }) => entry.name)).not.toContain('tove');
    // What was made from it has ended too.
    await guest.page.reload();
    await guest.sees('Access ended. Ask for a new link.');
  });

  test('a link is good once, and a wrong one says why it is not', async () => {
    const { chromium, served } = stage;
    const link = await served.newLink();
    await (await chromium.enter(link)).close();
    const late = await chromium.open(link);
    late.expectComplaint(/401/);
    await late.sees('Access ended. Ask for a new link.');
    await late.reads('why', late.page.getByRole('alert'), (text) => text.length > 5);
    expect(await late.page.evaluate(() => document.cookie)).toBe('');
    await becomes('the token is out of the address', () => late.page.url(), (url) => !url.includes('t='));
  });
});
