// The title of the window: the mode is always in it, and for real money what is open.

import type { Session } from '../session/store.svelte';

export function title(session: Session): string {
  const { info, market } = session;
  if (!info) return 'qubx';
  if (info.mode !== 'live') return `PAPER ${info.name}`;
  const pnl = market?.accounts.map((account) => account.unrealized_pnl);
  const known = pnl && pnl.length > 0 && pnl.every((value) => value != null);
  const open = known ? ` ${signed(pnl.reduce<number>((sum, value) => sum + Number(value), 0))}` : '';
  return `● LIVE${open} ${info.name}`;
}

function signed(value: number): string {
  const digits = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  if (digits === '0.00') return digits;
  return value < 0 ? `−${digits}` : `+${digits}`;
}
