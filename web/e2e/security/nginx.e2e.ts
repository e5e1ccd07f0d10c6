// The page behind a real nginx that is set up as the documents say: logins, websockets, origins and clients' addresses are
// still right, and nobody can say that they come from elsewhere.

import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { impossible, lacks } from '../harness/needs';
import { Place } from '../harness/place';
import { IDLE, config } from '../harness/strategies';
import { Tab } from '../harness/tab';
import { until } from '../harness/wait';
import { startBrowser } from './chromium';
import { Nginx, PROXY, freePort, nginx } from './nginx';

const missing = impossible ?? lacks({ nginx });
const NAME = 'qubx.test';

describe.skipIf(missing !== null)(missing === null ? 'behind nginx' : `behind nginx (${missing})`, () => {
  let place: Place;
  let proxy: Nginx;
  let browser: Browser;
  let port: number;
  let gateway: number;
  let link: string;
  let token: string;
  let origin: string;

  beforeAll(async () => {
    place = new Place();
    place.write('idle.py', IDLE);
    place.write('idle.yml', config('idle', 'idle.Idle'));
    [port, gateway] = [await freePort(), await freePort()];
    origin = `https://${NAME}:${port}`;
    ({ token } = JSON.parse(await place.does('tokens', 'new', 'anna', '--role', 'trader', '--json')));
    const line = ['--port', String(gateway), '--behind-proxy', `${PROXY}/32`, '--public-url', origin];
    const owner = place.spawn('run', 'idle.yml', '--paper', '--textual-web', ...line);
    [, link] = (await owner.says(/page: (https:\S+#t=\S+)/)) as unknown as [string, string];
    proxy = await Nginx.start(place.folder, NAME, port, gateway);
    browser = await startBrowser(`${NAME} 127.0.0.1`);
  });

  afterAll(async () => {
    try {
      await browser?.close();
      await proxy?.end();
    } finally {
      await place?.end();
    }
  });

  type Answer = { status: number; text: string; headers: Record<string, unknown> };

  /** Sends a request through the proxy, or to the gateway itself. */
  function send(path: string, headers: Record<string, string>, { body = '', direct = false } = {}): Promise<Answer> {
    const send = direct ? plainRequest : secureRequest;
    return new Promise((resolve, reject) => {
      const request = send(
        { host: '127.0.0.1', port: direct ? gateway : port, path, method: body ? 'POST' : 'GET', rejectUnauthorized: false, headers: { host: `${NAME}:${port}`, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  async function authors(): Promise<string[]> {
    const history = (await place.does('history', 'idle', '--json')).split('\n').filter(Boolean);
    return history.map((line) => String(JSON.parse(line).author ?? '')).filter((author) => author.includes('@'));
  }

  test('the printed link logs in, and the page has its websocket', async () => {
    expect(link.startsWith(`${origin}/#t=`)).toBe(true);
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tab = new Tab(await context.newPage());
    await tab.page.goto(link);
    await tab.isLive();
    await tab.run('print("through", "nginx")');
    await tab.shows('through nginx');
    // The link is used up, and not in the address any more.
    expect(tab.page.url()).not.toContain('t=');
    const [cookie, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: '__Host-qubx', domain: NAME, path: '/', httpOnly: true, secure: true, sameSite: 'Strict' });
    // The author is the client, not the proxy.
    expect(await authors()).toEqual(['op@127.0.0.1']);
    await tab.page.reload();
    await tab.isLive();
    await context.close();
    const log = readFileSync(join(place.folder, 'nginx-access.log'), 'utf8');
    expect(log).toContain('POST /api/login');
    expect(log).not.toContain(link.split('#t=')[1]!);
  });

  test('nobody says for himself where he comes from', async () => {
    const before = (await authors()).length;
    const claim = { 'x-forwarded-for': '203.0.113.66', 'x-real-ip': '203.0.113.66', forwarded: 'for=203.0.113.66' };
    const program = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...claim };
    for (const direct of [false, true]) {
      const body = JSON.stringify({ id: `claims-${direct}`, command: direct ? 'resume' : 'pause' });
      const { status, text } = await send('/api/sessions/idle/commands', program, { body, direct });
      expect([status, text]).toEqual([200, expect.stringContaining('done')]);
    }
    const added = await until('both commands are in the history', async () => {
      const all = (await authors()).slice(before);
      return all.length >= 2 && all;
    });
    expect([...new Set(added)]).toEqual(['anna@127.0.0.1']);
  });

  test('other names and other pages are refused through it as well', async () => {
    const program = { authorization: `Bearer ${token}` };
    const status = async (headers: Record<string, string>) => (await send('/api/sessions', headers)).status;
    expect(await status(program)).toBe(200);
    expect(await status({ ...program, host: `evil.test:${port}` })).toBe(421);
    expect(await status({ ...program, host: '127.0.0.1' })).toBe(421);
    expect(await status({ ...program, origin: 'https://evil.test' })).toBe(403);
    expect(await status({ ...program, origin: `http://${NAME}:${port}` })).toBe(403);
    expect(await status({ ...program, origin })).toBe(200);
    expect(await status({ ...program, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({})).toBe(401);
    const { headers } = await send('/', {});
    expect(headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000', 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
    expect(String(headers['content-security-policy'])).toContain("script-src 'self'");
  });
});
