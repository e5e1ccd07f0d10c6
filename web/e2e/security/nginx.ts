// A real nginx with the recipe of the documents, on ports of this machine.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { onPath } from '../harness/needs';
import { until } from '../harness/wait';

const ROOT = resolve(import.meta.dirname, '../../..');
const TLS = join(ROOT, 'crates/qubx/tests/tls');

/** nginx is not always on the path of an ordinary user. */
export const nginx: string | null = onPath('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : null);

/** Where the proxy's own requests come from, which is not where its clients' come from. */
export const PROXY = '127.0.0.7';

/** Returns a port that is free. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Returns the recipe with the names and places of this test; each is in it. */
function recipe(name: string, port: number, gateway: number): string {
  const text = readFileSync(join(ROOT, 'docs/web.md'), 'utf8');
  const found = /```nginx\n([\s\S]*?)```/.exec(text)?.[1];
  if (!found) throw new Error('docs/web.md has no recipe for nginx');
  const changes: [string, string][] = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:443 ssl;', ''],
    ['qubx.example.org', name],
    ['/etc/ssl/qubx/chain.pem', join(TLS, 'certificate-of-tests.pem')],
    ['/etc/ssl/qubx/key.pem', join(TLS, 'private-key-of-tests.pem')],
    ['proxy_pass http://127.0.0.1:8000;', `proxy_bind ${PROXY}; proxy_pass http://127.0.0.1:${gateway};`],
  ];
  return changes.reduce((recipe, [from, to]) => {
    if (!recipe.includes(from)) throw new Error(`the recipe has no ${from}`);
    return recipe.replaceAll(from, to);
  }, found);
}

export class Nginx {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it in a folder, and returns when it takes connections. */
  static async start(folder: string, name: string, port: number, gateway: number): Promise<Nginx> {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n');
    const config = `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
access_log ${folder}/nginx-access.log;
${temporary}
${recipe(name, port, gateway)}
}`;
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, config);
    const child = spawn(nginx!, ['-p', folder, '-c', path], { stdio: 'pipe' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('nginx takes connections', () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
      return new Promise<boolean>((known) => {
        const socket = createConnection(port, '127.0.0.1');
        socket.once('connect', () => (socket.destroy(), known(true))).once('error', () => known(false));
      });
    });
    return new Nginx(child);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
