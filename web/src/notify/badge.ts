// The tab's title and its picture: the mode is always in the title, and what is open in money with it. No I/O.

import { type Decimal, ZERO, maybe } from '../figures/decimal';
import type { Facts } from '../figures/facts';
import { number, tone } from '../figures/format';

/** Returns the open profit of all accounts of one currency; null while a part of it is not known, or there are several. */
export function openProfit(facts: Facts): Decimal | null {
  const accounts = facts.market?.accounts ?? [];
  if (accounts.length === 0 || new Set(accounts.map((account) => account.currency)).size > 1) return null;
  return accounts.reduce<Decimal | null>((sum, account) => {
    const open = maybe(account.unrealized_pnl);
    return sum && open ? sum.plus(open) : null;
  }, ZERO);
}

/** Returns the tab's title: `● LIVE −42.10 momentum-v3`. */
export function title(facts: Facts, unread: number): string {
  const info = facts.info;
  if (!info) return 'qubx';
  const open = openProfit(facts);
  const profit = open && facts.positions.length > 0 ? `${number(open, 2, 'both')} ` : '';
  const news = unread > 0 ? `(${unread}) ` : '';
  const mode = info.mode === 'live' ? '● LIVE' : 'PAPER';
  return `${news}${mode} ${profit}${info.name}`;
}

export type Badge = { mode: 'live' | 'paper' | 'none'; profit: 'good' | 'bad' | 'plain'; unread: boolean };

/** Returns what the tab's picture shows. */
export function badge(facts: Facts, unread: number): Badge {
  const mode = facts.info ? (facts.isLive ? 'live' : 'paper') : 'none';
  return { mode, profit: facts.positions.length > 0 ? tone(openProfit(facts)) : 'plain', unread: unread > 0 };
}

const RING = { live: '#e5484d', paper: '#5b8def', none: '#7a8290' };
const FILL = { good: '#30a46c', bad: '#e5484d', plain: '#7a8290' };

/** Returns the picture as an address. A gain and a loss differ in shape too. */
export function picture({ mode, profit, unread }: Badge): string {
  const shape = {
    good: '<path d="M16 8 25 23H7Z"/>',
    bad: '<path d="M16 24 7 9h18Z"/>',
    plain: '<circle cx="16" cy="16" r="7"/>',
  }[profit];
  const dot = unread ? '<circle cx="26" cy="6" r="6" fill="#f5a524"/>' : '';
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="1.5" y="1.5" width="29" height="29" rx="7" fill="#12161d" ` +
    `stroke="${RING[mode]}" stroke-width="3"/><g fill="${FILL[profit]}">${shape}</g>${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
