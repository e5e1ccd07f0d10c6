// The HTTP side of the gateway. Every request that changes something says that it comes from this page.

import type { Role } from '../protocol';

/** Who this browser is to the gateway. */
export type Me = {
  name: string;
  role: Role;
  /** The one session that may be seen; null for all. */
  session: string | null;
  expires_at: string | null;
  /** The version of the program that serves the page. */
  version: string;
};

/** A session of the list, as `qubx kernel list --json` prints it. */
export type SessionEntry = {
  id: string;
  name: string;
  strategy_name: string;
  mode: 'paper' | 'live';
  status: 'starting' | 'running' | 'failed' | 'unattended' | 'dead';
  started_at: string;
  screens: number;
};

/** What the gateway answered instead of what was asked for. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, code: string, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

type Method = 'GET' | 'POST' | 'DELETE';

/** Calls the gateway and returns what it answers; undefined when it answers nothing. */
export async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> =
    method === 'GET' ? {} : { 'content-type': 'application/json', 'x-qubx': '1' };
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: method === 'GET' ? null : JSON.stringify(body ?? {}),
      credentials: 'same-origin',
    });
  } catch {
    throw new ApiError(0, 'unreachable', 'the service cannot be reached');
  }
  const text = await response.text();
  const answer = read(text);
  if (response.ok) return answer as T;
  const error = (answer as { error?: { code?: string; message?: string; hint?: string } } | undefined)?.error;
  throw new ApiError(response.status, error?.code ?? 'failed', error?.message ?? response.statusText, error?.hint);
}

function read(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the address of something to download of a session. */
export function exportPath(session: string, file: string): string {
  return `/api/sessions/${encodeURIComponent(session)}/export/${file}`;
}

export const api = {
  me: () => call<Me>('GET', '/api/me'),
  login: (token: string) => call<Me>('POST', '/api/login', { token }),
  logout: () => call<undefined>('POST', '/api/logout'),
  sessions: () => call<SessionEntry[]>('GET', '/api/sessions'),
};
