// Whether this browser may see anything: a login link is exchanged for a cookie, and the gateway is asked who we are.

import { ApiError, api, type Me } from './api';

/** `asking` before it is known, `away` when the gateway cannot be reached. */
type Phase = 'asking' | 'away' | 'out' | 'in';

const TRY_AGAIN_MS = 2_000;

/** Returns the token of a login link, and takes it out of the address so that it stays in no history. */
export function takeToken(): string | null {
  const token = tokenOf(location.hash);
  if (token !== null) history.replaceState(null, '', location.pathname);
  return token;
}

/** Returns the token in what somebody pasted: a whole link, its end, or the token itself. */
export function tokenOf(text: string): string | null {
  const after = /#t=([^&\s]+)/.exec(text)?.[1];
  return after ? decodeURIComponent(after) : null;
}

export class Access {
  phase = $state<Phase>('asking');
  me = $state.raw<Me | null>(null);
  /** Why a token was not taken; null when none was given. */
  refusal = $state<string | null>(null);

  /** Asks the gateway, with the token of a login link when there is one. */
  async begin(token: string | null): Promise<void> {
    await this.#enter(() => (token === null ? api.me() : api.login(token)), token !== null);
  }

  /** Exchanges what somebody pasted. */
  async login(text: string): Promise<void> {
    const token = tokenOf(text) ?? text.trim();
    if (token !== '') await this.#enter(() => api.login(token), true);
  }

  /** Gives the cookie back. */
  async logout(): Promise<void> {
    await api.logout().catch(() => undefined);
    this.ended();
  }

  /** Takes in that the gateway does not know this browser any more. */
  ended(): void {
    this.me = null;
    this.refusal = null;
    this.phase = 'out';
  }

  async #enter(ask: () => Promise<Me>, withToken: boolean): Promise<void> {
    try {
      this.me = await ask();
      this.refusal = null;
      this.phase = 'in';
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(0, 'failed', String(error));
      if (known.status === 0) {
        this.phase = 'away';
        setTimeout(() => void this.#enter(ask, withToken), TRY_AGAIN_MS);
        return;
      }
      this.ended();
      if (withToken) this.refusal = [known.message, known.hint].filter(Boolean).join('; ');
    }
  }
}
