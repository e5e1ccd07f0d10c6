// What was typed and not run yet, by session: kept over a reload of the page, and in this tab alone.

const key = (session: string) => `qubx.draft.${session}`;

export function draftOf(session: string): string {
  try {
    return sessionStorage.getItem(key(session)) ?? '';
  } catch {
    return '';
  }
}

export function keepDraft(session: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(key(session));
    else sessionStorage.setItem(key(session), text);
  } catch {
    // A browser that keeps nothing loses it with the page.
  }
}
