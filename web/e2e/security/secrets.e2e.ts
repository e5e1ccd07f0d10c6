// Secrets of a session with a page, at its most talkative: what logs somebody in is nowhere afterwards but with whoever has it.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { impossible } from '../harness/needs';
import { Place } from '../harness/place';
import { signal } from '../harness/processes';
import { IDLE, config } from '../harness/strategies';
import { Tab, watch } from '../harness/tab';
import { until } from '../harness/wait';
import { startBrowser } from './chromium';

/** A place whose programs write down as much as they can. */
class Talkative extends Place {
  override get environment(): NodeJS.ProcessEnv {
    return { ...super.environment, QUBX_LOG: 'trace', RUST_LOG: 'trace', RUST_BACKTRACE: '1' };
  }
}

/** Returns the ways in which a secret may be written. */
function writings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const bare = Buffer.from(secret.replace(/^qx_/, ''));
  // Within a longer text, what base64 makes of it depends on where it begins.
  const shifted = [0, 1, 2].map((pad) => Buffer.concat([Buffer.alloc(pad, 'x'), bare]).toString('base64').slice(pad + 3, -4));
  return [bare.toString(), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex'), [...bare].reverse().map((byte) => String.fromCharCode(byte)).join(''), ...shifted];
}

/** Returns the names of the secrets that are in some bytes. */
function found(bytes: Buffer | string, secrets: ReadonlyMap<string, string>): string[] {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1');
  return [...secrets].filter(([, secret]) => writings(secret).some((writing) => text.includes(writing))).map(([name]) => name);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const kind = statSync(path, { throwIfNoEntry: false });
    return kind?.isDirectory() ? filesBelow(path) : kind?.isFile() ? [path] : [];
  });
}

describe.skipIf(impossible !== null)('secrets', () => {
  let place: Talkative;
  let browser: Browser;
  let context: BrowserContext;
  let tab: Tab;
  let origin: string;
  const secrets = new Map<string, string>();
  /** What was answered, but for the one answer that gives a secret away. */
  const bodies: { what: string; body: Buffer }[] = [];

  function keepBodies(page: Page): void {
    page.on('response', (response) => {
      const what = `${response.request().method()} ${new URL(response.url()).pathname}`;
      void response.body().then(
        (body) => bodies.push({ what, body }),
        () => {}, // It had none, or the page is gone.
      );
    });
  }

  beforeAll(async () => {
    place = new Talkative();
    place.write('idle.py', IDLE);
    place.write('idle.yml', config('idle', 'idle.Idle'));
    secrets.set('token', JSON.parse(await place.does('tokens', 'new', 'anna', '--role', 'admin', '--json')).token);
    const owner = place.spawn('run', 'idle.yml', '--paper', '--textual-web', '--port', '0');
    const [, address, link] = await owner.says(/page: (http:\S+)\/#t=(\S+)/);
    origin = address!;
    secrets.set('link', link!);
    browser = await startBrowser();
    context = await browser.newContext();
    await context.addInitScript(watch);
    tab = new Tab(await context.newPage());
    keepBodies(tab.page);
    await tab.page.goto(`${origin}/#t=${link}`);
    await tab.isLive();
    const [cookie] = await context.cookies();
    secrets.set('cookie', cookie!.value);
  });

  afterAll(async () => {
    try {
      await browser?.close();
    } finally {
      await place?.end();
    }
  });

  /** Sends a request of a program's, and keeps what is answered. */
  async function send(path: string, token: string, options: RequestInit = {}): Promise<number> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(origin + path, { headers, ...options });
    bodies.push({ what: `${options.method ?? 'GET'} ${path.split('?')[0]}`, body: Buffer.from(await response.arrayBuffer()) });
    return response.status;
  }

  test('are found in no file, no process and no answer', async () => {
    const token = secrets.get('token')!;
    await tab.run('import os; print("PLANTED-IN-THE-SESSION", dict(os.environ), open("/proc/self/cmdline").read(), open(f"/proc/{os.getppid()}/cmdline").read())');
    await tab.shows('PLANTED-IN-THE-SESSION');
    // All that a program does with a token, and what goes wrong with one.
    for (const path of ['/api/me', '/api/sessions', '/api/sessions/idle', '/api/tokens', '/api/sessions/idle/history', '/api/sessions/idle/export/log.txt', '/api/sessions/idle/export/notebook.ipynb', '/metrics', '/ready']) {
      expect(await send(path, token)).toBe(200);
    }
    secrets.set('wrong token', `qx_${'W'.repeat(20)}${createHash('sha256').update(String(Math.random())).digest('base64url').slice(0, 23)}`);
    const wrong = secrets.get('wrong token')!;
    expect(await send('/api/me', wrong)).toBe(401);
    expect(await send('/api/login', wrong, { method: 'POST', body: JSON.stringify({ token: wrong }) })).toBe(401);
    // Where people put them by mistake.
    expect(await send(`/api/sessions/${token}`, token)).toBe(404);
    expect(await send(`/${token}?token=${token}#t=${token}`, token)).toBe(404);
    expect(await send('/api/login', token, { method: 'POST', body: `{"token": "${token}` })).toBe(400);
    // What is wrong with a command is told to the sender, in the sender's own words.
    const wrongCommand = { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: `{"id": "x", "command": "${token}"}` };
    expect((await fetch(`${origin}/api/sessions/idle/commands`, wrongCommand)).status).toBe(400);
    expect(await send('/api/sessions/idle/commands', token, { method: 'POST', body: JSON.stringify({ id: 'run', command: { execute: { code: '1 + 1' } } }) })).toBe(200);

    const shared = await fetch(`${origin}/api/sessions/idle/share`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ttl_seconds: 600 }),
    });
    const { link } = (await shared.json()) as { link: string };
    secrets.set('share link', link.split('#t=')[1]!);
    const watcher = new Tab(await (await browser.newContext()).newPage());
    keepBodies(watcher.page);
    await watcher.page.goto(link);
    await watcher.isLive();

    // The gateway is started anew and knows everybody.
    const gateway = () => place.processes().find(({ name }) => name === 'qubx-gateway')?.pid;
    const killed = gateway()!;
    signal(killed, 'SIGKILL');
    await until('another gateway runs', () => gateway() !== undefined && gateway() !== killed);
    await until('it answers', () => fetch(`${origin}/health`).then(({ ok }) => ok, () => false));
    await tab.isLive();
    await tab.page.reload();
    await tab.isLive();
    expect(await send('/api/me', token)).toBe(200);

    const hits: string[] = [];
    const processes = place.processes();
    for (const { pid, name } of processes) {
      for (const file of ['cmdline', 'environ']) {
        found(readFileSync(`/proc/${pid}/${file}`), secrets).forEach((secret) => hits.push(`${secret} in ${file} of ${name}`));
      }
    }
    const files = filesBelow(place.folder);
    files.forEach((path) => found(readFileSync(path), secrets).forEach((secret) => hits.push(`${secret} in ${path}`)));
    // The page's own scripts and what a cell printed are among them.
    bodies.forEach(({ what, body }) => found(body, secrets).forEach((secret) => hits.push(`${secret} in the answer to ${what}`)));
    for (const { page } of [tab, watcher]) {
      const kept = await page.evaluate(() =>
        JSON.stringify([location.href, document.referrer, document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML, window.name, history.state]),
      );
      found(kept, secrets).forEach((secret) => hits.push(`${secret} in the page`));
    }
    found((await tab.page.evaluate(() => window.watched.frames)).join('\n'), secrets).forEach((secret) => hits.push(`${secret} in what the session sent`));
    const lines = (await place.does('kernel', 'logs', 'idle')) + (await place.does('history', 'idle', '--json')) + (await place.does('tokens', 'list', '--json'));
    found(lines, secrets).forEach((secret) => hits.push(`${secret} in what the program prints`));

    console.log(`${secrets.size} secrets: ${hits.length} hits in ${files.length} files, ${processes.length} processes, ${bodies.length} answers`);
    expect(hits).toEqual([]);
    expect(secrets.size).toBe(5);
    expect([files.length > 10, processes.length >= 4, bodies.length > 30]).toEqual([true, true, true]);
    // The search would have found them: what a cell printed is in a file, and so is what is kept of a secret.
    const planted = new Map([['planted', 'qx_PLANTED-IN-THE-SESSION']]);
    expect(files.some((path) => found(readFileSync(path), planted).length > 0)).toBe(true);
    const hash = createHash('sha256').update(token).digest('hex');
    expect(files.filter((path) => readFileSync(path).includes(hash)).map((path) => path.split('/').at(-1))).toEqual(['tokens.json']);
  });
});
