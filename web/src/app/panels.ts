// The panels of the page and the fixed places around them. What is not listed is not there.
//
// A panel stands in the area of the layout that names its id; on a narrow page it is a tab. Its component takes no
// properties and asks `getApp()`. What weighs much is loaded when it is first shown.

import type { Component } from 'svelte';
import type { Session } from '../session/store.svelte';

export type Panel = {
  /** As layouts name it: `session`, `chart`, `positions`, `orders`, `fills`, `quotes`, `actions`, `equity`, `ticket`, … */
  id: string;
  title: string;
  /** The name below its sign on a phone; those without one stand behind `⋯`. */
  phone?: string;
  load: () => Promise<{ default: Component }>;
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

export const panels: readonly Panel[] = [];

export const places: Places = {};
