// Tokens and links of the gateway.

import { call } from '../app/api';
import type { Role } from '../protocol';

export type Token = {
  id: string;
  /** What it was made for: a token of a program or a person, a link to share, or a browser's login. */
  kind: 'token' | 'share' | 'login';
  name: string;
  role: Role;
  session: string | null;
  created_at: string;
  expires_at: string | null;
};

export type NewToken = { name: string; role: Role; ttl_seconds: number; session: string | null };

export const tokens = {
  list: () => call<Token[]>('GET', '/api/tokens'),
  make: (wanted: NewToken) => call<Share>('POST', '/api/tokens', wanted),
  revoke: (id: string) => call<undefined>('DELETE', `/api/tokens/${encodeURIComponent(id)}`),
};

/** A link that was made, shown this once. */
export type Share = { id: string; link: string; qr_svg: string; expires_at: string | null };

/** Makes a link to one session that can look and do nothing. */
export function share(session: string, ttl_seconds: number): Promise<Share> {
  return call<Share>('POST', `/api/sessions/${encodeURIComponent(session)}/share`, { ttl_seconds });
}
