// The addresses of a session at the gateway.

import { ACCESS_ENDED, SESSION_GONE, type ClosedError } from './link';

const path = (session: string) => `/api/sessions/${encodeURIComponent(session)}`;

/** Opens a session's websocket. */
export function openSocket(session: string): WebSocket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return new WebSocket(`${scheme}://${location.host}${path(session)}/socket`);
}

/** Returns why a session's websocket is refused: no access, or no session; null when nothing is known against it. */
export async function whyRefused(session: string): Promise<ClosedError | null> {
  const status = await fetch(path(session), { credentials: 'same-origin' }).then(
    (response) => response.status,
    () => 0,
  );
  if (status === 401) return ACCESS_ENDED;
  return status === 404 ? SESSION_GONE : null;
}
