// How the connection is, as the page shows it.

import type { ErrorMessage } from '../protocol';

/** Why a connection is over for good: the service's own codes, or `access` when this browser may not attach any more. */
export type ClosedError = Omit<ErrorMessage, 'code'> & { code: ErrorMessage['code'] | 'access' };

export type Link =
  | { kind: 'connecting'; since: Date }
  | { kind: 'connected'; since: Date; latencyMs?: number }
  | { kind: 'lost'; since: Date; attempt: number; retryAt: Date; full: boolean }
  | { kind: 'closed'; since: Date; error: ClosedError };

export const ACCESS_ENDED: ClosedError = { code: 'access', message: 'Access ended. Ask for a new link.' };
export const SESSION_GONE: ClosedError = { code: 'ended', message: 'there is no such session any more' };

/** Returns what the gateway means by the code with which it closes a socket; null when it is to be tried again. */
export function closedBy(code: number): ClosedError | null {
  if (code === 4401) return ACCESS_ENDED;
  return code === 4404 ? SESSION_GONE : null;
}

/** Tells whether trying again after the service's last word is in vain. */
export function isFinal(error: ErrorMessage): boolean {
  return error.code !== 'too_slow' && error.code !== 'busy';
}
