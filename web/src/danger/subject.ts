// What a dialog asks about, and in which words: the same as in the terminal. No I/O.
//
// What it says is made anew whenever the session changes: while it waits the market and others go on.

import type { Command } from '../protocol';
import type { Facts } from '../figures/facts';
import { count, json } from '../figures/format';
import { describeOrder, sayOrder } from '../figures/words';
import { kindOf, verbOf } from './command';
import { type Leg, cost, flattening, leg, ordersOf } from './effect';

/** What is read back before a command: lines, the positions that it closes, and what that costs. */
export type Effect = { lines: string[]; legs: Leg[]; cost: string | null; after: string[]; warnings: string[] };

const HEADINGS: Record<string, string> = {
  place: 'SEND ORDER',
  modify: 'MODIFY ORDER',
  cancel_order: 'CANCEL ORDER',
  close: 'CLOSE POSITION',
  flatten: 'FLATTEN ALL',
  restart_kernel: 'RESTART KERNEL',
  action: 'ACTION',
  set_parameter: 'SET PARAMETER',
  pause: 'PAUSE',
  resume: 'RESUME',
};

const LABELS: Record<string, string> = {
  place: 'Send it',
  modify: 'Change it',
  cancel_order: 'Cancel this order',
  cancel_orders: 'Cancel them',
  close: 'Close it',
  flatten: 'Flatten',
  action: 'Do it',
  set_parameter: 'Set it',
  restart_kernel: 'Restart the Python kernel',
  pause: 'Pause',
  resume: 'Resume',
};

function heading(command: Command): string {
  if (typeof command === 'object' && 'cancel_orders' in command) {
    return command.cancel_orders.instrument ? 'CANCEL ORDERS' : 'CANCEL ALL ORDERS';
  }
  if (typeof command === 'object' && 'stop' in command) return command.stop.flatten ? 'FLATTEN AND STOP' : 'STOP SESSION';
  return HEADINGS[kindOf(command)] ?? 'CONFIRM';
}

/** Returns what stands over the dialog: the verb, the mode, the session. */
export function title(command: Command, facts: Facts): string {
  const info = facts.info;
  return info ? `${heading(command)} — ${info.mode.toUpperCase()} — ${info.name}` : heading(command);
}

/** Returns what the button that says yes says. */
export function label(command: Command): string {
  if (typeof command === 'object' && 'stop' in command) return command.stop.flatten ? 'Flatten and stop' : 'Stop the session';
  return LABELS[kindOf(command)] ?? verbOf(command);
}

const GONE = 'the order is not open any more';

/** Returns what a command leads to, in numbers as they are now. */
export function effect(command: Command, facts: Facts, warnings: readonly string[] = []): Effect {
  const said = (lines: string[], after: string[] = []): Effect => ({ lines, legs: [], cost: null, after, warnings: [...warnings] });
  const orders = count(facts.orders.length, 'order');
  const positions = count(facts.positions.length, 'position');

  if (command === 'flatten') {
    return { ...closing(flattening(facts), facts), after: ['strategy will be PAUSED afterwards, until it is resumed'] };
  }
  if (command === 'pause') {
    return said(['orders that would increase a position are refused, and those that rest are cancelled', 'exits go on']);
  }
  if (command === 'resume') return said(['the strategy may open positions again']);
  if (command === 'restart_kernel') {
    const running = facts.running ? [`the running cell of ${facts.running.author} ends`] : [];
    return said([...running, 'variables of the REPL are lost', `${orders} and ${positions} stay as they are`, 'the strategy is created anew']);
  }
  if (typeof command === 'string') return said([]);
  if ('place' in command) return said([sayOrder(command.place)]);
  if ('cancel_order' in command) {
    const order = facts.order(command.cancel_order.order);
    return said([order ? describeOrder(order, facts) : GONE]);
  }
  if ('modify' in command) {
    const { order: id, price, stop_price, quantity } = command.modify;
    const order = facts.order(id);
    const changes: [string, string | null | undefined][] = [['price', price], ['stop price', stop_price], ['quantity', quantity]];
    const changed = changes.filter(([, value]) => value != null).map(([name, value]) => `${name} → ${value}`);
    return said([order ? describeOrder(order, facts) : GONE, ...changed]);
  }
  if ('cancel_orders' in command) {
    const { instrument } = command.cancel_orders;
    const meant = ordersOf(instrument ?? null, facts);
    const of = instrument ? ` of ${facts.label(instrument)}` : '';
    const lines = [`cancels ${count(meant.length, 'order')}${of}`, ...meant.map((order) => describeOrder(order, facts))];
    return said(lines, ['positions stay, and the strategy may place new ones']);
  }
  if ('close' in command) {
    const position = facts.position(command.close.instrument);
    if (!position) return said([`${facts.label(command.close.instrument)} is flat by now`]);
    return { ...said(['closes at market:']), legs: [leg(position, facts)], cost: cost([position], facts) };
  }
  if ('action' in command) {
    const { name, arguments: given } = command.action;
    const known = facts.status?.strategy.actions.find((action) => action.name === name);
    const values = Object.entries(given ?? {}).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    return said([`has the strategy do ${name}`, ...values, ...(known?.description ? [known.description] : [])]);
  }
  if ('set_parameter' in command) {
    const { name, value } = command.set_parameter;
    const known = facts.status?.strategy.parameters.find((parameter) => parameter.name === name);
    return said([`sets ${name} to ${json(value)}${known ? `; it is ${json(known.value)} now` : ''}`]);
  }
  if ('stop' in command) {
    const { flatten, keep_orders } = command.stop;
    const base = flatten
      ? closing(flattening(facts), facts)
      : said([keep_orders ? `${orders} and ${positions} stay as they are` : `cancels ${orders}; ${positions} stay as they are`]);
    return { ...base, after: ['the strategy ends, and so does the session, for everyone', ...others(facts)] };
  }
  return said([]);
}

function closing(line: string, facts: Facts): Effect {
  const positions = facts.positions;
  return {
    lines: [line],
    legs: positions.map((position) => leg(position, facts)),
    cost: positions.length > 0 ? cost(positions, facts) : null,
    after: [],
    warnings: [],
  };
}

function others(facts: Facts): string[] {
  const others = Math.max(0, facts.screens - 1);
  return others > 0 ? [`${count(others, 'other screen')} attached too`] : [];
}
