// How much stands between a press and its effect. No I/O.
//
// On paper it is one step less than with real money, as in the terminal.

import type { Command } from '../protocol';
import { kindOf } from './command';

/** What is asked before a command: nothing, a press, or a whole word. */
export type Tier = { kind: 'nothing' } | { kind: 'press' } | { kind: 'word'; word: string };

const NOTHING: Tier = { kind: 'nothing' };
const PRESS: Tier = { kind: 'press' };

const GRAVE: Partial<Record<string, string>> = { close: 'close', flatten: 'flat', restart_kernel: 'restart', stop: 'stop' };
const LIGHT = new Set(['cancel_order', 'cancel_orders', 'pause', 'resume', 'set_parameter']);

/** The word that confirms an order with real money against which something speaks. */
const ORDER_WORD = 'send';
/** The word that confirms a dangerous action of the strategy with real money. */
const ACTION_WORD = 'act';

/** Returns what is asked before a command. */
export function tier(command: Command, live: boolean): Tier {
  const word = GRAVE[kindOf(command)];
  if (word) return live ? { kind: 'word', word } : PRESS;
  return live && LIGHT.has(kindOf(command)) ? PRESS : NOTHING;
}

/** Returns what is asked before an order of a ticket. What speaks against it makes it graver by one step. */
export function orderTier(warnings: readonly string[], live: boolean): Tier {
  if (warnings.length === 0) return live ? PRESS : NOTHING;
  return live ? { kind: 'word', word: ORDER_WORD } : PRESS;
}

/** Returns what is asked before what the strategy itself calls dangerous. */
export function actionTier(live: boolean): Tier {
  return live ? { kind: 'word', word: ACTION_WORD } : PRESS;
}
