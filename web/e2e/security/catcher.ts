// A server of somebody else's: it serves the pages that attack, and keeps everything that reaches it.

import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that reached it. */
export type Caught = { method: string; host: string; path: string; headers: IncomingHttpHeaders; body: string };

export class Catcher {
  /** What was asked, but for the pages that are served here. */
  readonly caught: Caught[] = [];
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Serves these pages, each at its path, on a port of this machine. */
  static async start(pages: Record<string, string> = {}): Promise<Catcher> {
    let catcher: Catcher | undefined;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        const page = pages[path.split('?')[0]!];
        if (page === undefined) catcher?.caught.push({ method, host: headers.host ?? '', path, headers, body });
        // Whoever asks may read everything: what is not got through was kept by the other side.
        response.writeHead(page === undefined ? 404 : 200, {
          'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8',
          'access-control-allow-origin': '*',
          'service-worker-allowed': '/',
        });
        response.end(page ?? '');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    catcher = new Catcher(server);
    server.on('connection', (socket: Socket) => {
      catcher.#sockets.add(socket);
      socket.once('close', () => catcher.#sockets.delete(socket));
    });
    return catcher;
  }

  end(): Promise<void> {
    this.#sockets.forEach((socket) => socket.destroy());
    return new Promise((ended) => this.#server.close(() => ended()));
  }
}
