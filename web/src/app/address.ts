// What the address of the page names: `#/ID` is a session.

export function sessionInAddress(): string | null {
  const id = /^#\/(.+)$/.exec(location.hash)?.[1];
  try {
    return id === undefined ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

export function addressOf(session: string): string {
  return `#/${encodeURIComponent(session)}`;
}
