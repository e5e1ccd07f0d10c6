// The panels of the page and the fixed places around them. What is not listed is not there.
//
// A panel stands in the area of the layout that names its id; on a narrow page it is a tab. Its component takes no
// properties and asks `getApp()`. What weighs much is loaded when it is first shown.

import type { Component } from 'svelte';
import type { Role } from '../protocol';
import People from '../access/People.svelte';
import VerbBar from '../danger/VerbBar.svelte';
import { AREAS, type Layout } from './layout';
import type { Room } from './viewport.svelte';
import Tools from '../palette/Tools.svelte';
import More from '../phone/More.svelte';
import type { Session } from '../session/store.svelte';
import AccountLine from '../tables/AccountLine.svelte';
import Overlays from '../workspace/Overlays.svelte';

export type Panel = {
  /** As layouts name it: `session`, `chart`, `positions`, `orders`, `fills`, `quotes`, `actions`, `equity`, `ticket`, … */
  id: string;
  title: string;
  /** The name below its sign on a phone; those without one stand behind `⋯`. */
  phone?: string;
  load: () => Promise<{ default: Component }>;
  /** The least role that has it; for somebody with less it is not there at all. */
  role?: Role;
  /** Whether it stays as it is while another tab is shown: what is typed there, and what is looked at. */
  keep?: boolean;
  /** What stands behind the title, the number of rows for example. */
  count?: (session: Session) => number | string | null;
};

/** Places outside of the panels, each with one component: in the first line, in the second one, over the page, and behind `⋯`. */
export type Places = {
  /** In the first line: who is here. */
  presence?: Component;
  /** In the second line: what the account is worth. */
  account?: Component;
  /** In the second line: pause, cancel all, flatten. */
  verbs?: Component;
  /** Behind the first line's end: the palette's button and the like. */
  tools?: Component;
  /** Drawn once, without a place of its own: dialogs, palette, help, notifications. */
  overlays?: Component;
  /** What a phone shows behind `⋯`, above the panels. */
  more?: Component;
};

const openPositions = (session: Session) => Object.values(session.positions).filter(({ quantity }) => Number(quantity) !== 0).length;

export const panels: readonly Panel[] = [
  { id: 'positions', title: 'Positions', phone: 'Pos', load: () => import('../phone/PositionsPanel.svelte'), count: openPositions },
  { id: 'orders', title: 'Orders', phone: 'Ord', load: () => import('../tables/Orders.svelte'), count: (session) => Object.keys(session.orders).length },
  { id: 'chart', title: 'Chart', phone: 'Chart', load: () => import('../chart/Chart.svelte') },
  { id: 'session', title: 'Session', phone: 'Sess', keep: true, load: () => import('../transcript/SessionPanel.svelte') },
  { id: 'fills', title: 'Fills', load: () => import('../tables/Fills.svelte') },
  { id: 'quotes', title: 'Quotes', load: () => import('../tables/Quotes.svelte') },
  { id: 'actions', title: 'Strategy', load: () => import('../actions/Strategy.svelte') },
  { id: 'log', title: 'Log', load: () => import('../log/Log.svelte') },
  { id: 'equity', title: 'Equity', load: () => import('../equity/EquityPanel.svelte') },
  { id: 'account', title: 'Account', load: () => import('../tables/Account.svelte') },
  { id: 'ticket', title: 'Ticket', role: 'trader', load: () => import('../ticket/TicketPanel.svelte') },
];

export const places: Places = {
  presence: People,
  account: AccountLine,
  verbs: VerbBar,
  tools: Tools,
  overlays: Overlays,
  more: More,
};

/** Begins to load the panels that a page of this layout shows first, so that their code is here when they are drawn. */
export function fetchFirst(layout: Layout, room: Room): void {
  const first = room === 'wide' ? AREAS.map((area) => layout.areas[area][0]) : ['session', 'positions'];
  // What could not be loaded its place says, once it is seen.
  for (const panel of panels) if (first.includes(panel.id)) panel.load().catch(() => undefined);
}

const ROLES: readonly Role[] = ['viewer', 'trader', 'admin'];

/** Returns the panels that somebody has. */
export function panelsOf(role: Role): readonly Panel[] {
  return panels.filter((panel) => ROLES.indexOf(role) >= ROLES.indexOf(panel.role ?? 'viewer'));
}
