// Everything that a key or the palette can do, in one table: a line is an action. No I/O.
//
// The help, the palette and the keyboard come from here. No key of the browser is taken: what acts are `?`, two-letter jumps
// outside of inputs, and Ctrl/Cmd+K, which pages may have.

import type { Role } from '../protocol';

export type ActionName =
  | 'palette'
  | 'help'
  | 'positions'
  | 'orders'
  | 'fills'
  | 'quotes'
  | 'account'
  | 'strategy'
  | 'log'
  | 'chart'
  | 'session'
  | 'equity'
  | 'ticket'
  | 'people'
  | 'pause'
  | 'cancel_all'
  | 'flatten'
  | 'stop'
  | 'restart_kernel'
  | 'access'
  | 'notifications'
  | 'time_zone'
  | 'about';

export type Spec = {
  name: ActionName;
  /** What it does, for the help and the palette. */
  title: string;
  group: 'Everywhere' | 'Jump' | 'Verbs' | 'Page';
  /** The least role that has it. To somebody with less it is not there at all. */
  role: Role;
  /** `mod+k` is Ctrl+K, on a Mac Cmd+K; `g p` is one after the other. */
  keys: string[];
  /** The command that it gives, by its name: such a verb waits while the link is lost. */
  verb?: string;
};

export const ACTIONS: readonly Spec[] = [
  { name: 'palette', title: 'Find a command by its name', group: 'Everywhere', role: 'viewer', keys: ['mod+k'] },
  { name: 'help', title: 'This help', group: 'Everywhere', role: 'viewer', keys: ['?'] },
  { name: 'positions', title: 'Go to positions', group: 'Jump', role: 'viewer', keys: ['g p'] },
  { name: 'orders', title: 'Go to orders', group: 'Jump', role: 'viewer', keys: ['g o'] },
  { name: 'session', title: 'Go to the session', group: 'Jump', role: 'viewer', keys: ['g s'] },
  { name: 'equity', title: 'Go to equity', group: 'Jump', role: 'viewer', keys: ['g e'] },
  { name: 'fills', title: 'Go to fills', group: 'Jump', role: 'viewer', keys: ['g f'] },
  { name: 'quotes', title: 'Go to quotes', group: 'Jump', role: 'viewer', keys: ['g q'] },
  { name: 'account', title: 'Go to the account', group: 'Jump', role: 'viewer', keys: ['g a'] },
  { name: 'strategy', title: 'Go to what the strategy shows and takes', group: 'Jump', role: 'viewer', keys: ['g y'] },
  { name: 'log', title: 'Go to the log', group: 'Jump', role: 'viewer', keys: ['g l'] },
  { name: 'chart', title: 'Go to the chart', group: 'Jump', role: 'viewer', keys: ['g c'] },
  { name: 'ticket', title: 'Go to the ticket', group: 'Jump', role: 'trader', keys: ['g t'] },
  { name: 'people', title: 'Show who is here', group: 'Page', role: 'viewer', keys: [] },
  { name: 'pause', title: 'Pause entries, or resume them', group: 'Verbs', role: 'trader', keys: [], verb: 'pause' },
  { name: 'cancel_all', title: 'Cancel all orders', group: 'Verbs', role: 'trader', keys: [], verb: 'cancel_orders' },
  { name: 'flatten', title: 'Flatten: cancel all, close all, pause', group: 'Verbs', role: 'trader', keys: [], verb: 'flatten' },
  { name: 'restart_kernel', title: 'Restart the Python kernel; orders and positions stay', group: 'Verbs', role: 'admin', keys: [], verb: 'restart_kernel' },
  { name: 'stop', title: 'Stop the session, for everyone', group: 'Verbs', role: 'admin', keys: [], verb: 'stop' },
  { name: 'access', title: 'Access: tokens and links to share', group: 'Page', role: 'admin', keys: [] },
  { name: 'notifications', title: 'Notifications of the browser on or off', group: 'Page', role: 'viewer', keys: [] },
  { name: 'time_zone', title: 'Times in UTC, or in local time', group: 'Page', role: 'viewer', keys: [] },
  { name: 'about', title: 'About this page', group: 'Page', role: 'viewer', keys: [] },
];

/** Time in which the second key of a jump must follow, in milliseconds. */
const FOLLOWS_WITHIN = 1_500;

/** What the keyboard reads of a key that was pressed. */
export type Pressed = { key: string; mod: boolean; alt: boolean; typing: boolean; at: number };

/** Reads keys one after the other. */
export class Keyboard {
  #prefix: { key: string; at: number } | null = null;

  /** Returns what a key does; null when it does nothing here. In an input only keys with a modifier act. */
  press(pressed: Pressed, actions: readonly Spec[] = ACTIONS): ActionName | null {
    const prefix = this.#prefix && pressed.at - this.#prefix.at <= FOLLOWS_WITHIN ? this.#prefix.key : null;
    this.#prefix = null;
    if (pressed.alt || (pressed.typing && !pressed.mod)) return null;
    const key = pressed.mod ? `mod+${pressed.key.toLowerCase()}` : pressed.key;
    const name = prefix && !pressed.mod ? `${prefix} ${key}` : key;
    const found = actions.find((spec) => spec.keys.includes(name));
    if (found) return found.name;
    if (!pressed.mod && actions.some((spec) => spec.keys.some((keys) => keys.startsWith(`${key} `)))) {
      this.#prefix = { key, at: pressed.at };
    }
    return null;
  }
}

/** Returns a key as people call it. */
export function keyLabel(keys: string, mac: boolean): string {
  return keys.replace('mod+k', mac ? '⌘K' : 'Ctrl+K');
}
