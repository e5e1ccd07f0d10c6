// Tokens and links of the gateway.

import { call } from '../app/api';
import type { Role } from '../protocol';

export type Token = {
  id: string;
  name: string;
  role: Role;
  session: string | null;
  created_at: string;
  expires_at: string | null;
  revoked: boolean;
  last_used_at: string | null;
};

export type NewToken = { name: string; role: Role; ttl_seconds: number; session: string | null };

export const tokens = {
  list: () => call<Token[]>('GET', '/api/tokens'),
  make: (wanted: NewToken) => call<{ id: string; token: string; link: string }>('POST', '/api/tokens', wanted),
  revoke: (id: string) => call<undefined>('DELETE', `/api/tokens/${encodeURIComponent(id)}`),
};

export type Share = { id: string; link: string; qr_svg: string; expires_at: string };

/** Makes a link to one session that can look and do nothing. */
export function share(session: string, ttl_seconds: number): Promise<Share> {
  return call<Share>('POST', `/api/sessions/${encodeURIComponent(session)}/share`, { ttl_seconds });
}
