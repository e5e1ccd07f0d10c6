// What a verb acts on, in words. No I/O.

import type { Command } from '../protocol';
import type { Facts } from '../figures/facts';
import { json } from '../figures/format';
import { sayOrder } from '../figures/words';

/** Returns what a command acts on; empty when there is nothing to name. */
export function targetOf(command: Command, facts: Facts): string {
  if (typeof command === 'string') return '';
  if ('place' in command) return sayOrder(command.place);
  if ('modify' in command) {
    const { order, price, stop_price, quantity } = command.modify;
    const numbers = [quantity && `quantity ${quantity}`, price && `price ${price}`, stop_price && `stop price ${stop_price}`];
    return `${order} to ${numbers.filter(Boolean).join(', ')}`;
  }
  if ('cancel_order' in command) return command.cancel_order.order;
  if ('cancel_orders' in command) return command.cancel_orders.instrument ? facts.label(command.cancel_orders.instrument) : '';
  if ('close' in command) return facts.label(command.close.instrument);
  if ('set_parameter' in command) return `${command.set_parameter.name} = ${json(command.set_parameter.value)}`;
  return 'action' in command ? command.action.name : '';
}
