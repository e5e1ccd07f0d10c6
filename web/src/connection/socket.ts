// The address of a session's websocket.

export function openSocket(session: string): WebSocket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return new WebSocket(`${scheme}://${location.host}/api/sessions/${encodeURIComponent(session)}/socket`);
}
