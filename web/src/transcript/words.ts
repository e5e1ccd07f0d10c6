// Orders, fills, funding and results in the words of a line, as the terminal screen writes them. No I/O.

import { decimal, isNegative, quotient, HUNDRED } from '../figures/decimal';
import { Facts } from '../figures/facts';
import { UNKNOWN, exact, number, type Sign } from '../figures/format';
import { price, quantity, sideWord, stateWord, typeWord } from '../figures/words';
import type { AccountResults, Fill, Funding, Order, SessionStatus } from '../protocol';

/** Returns what is known of the instruments. */
export function namesOf(status: SessionStatus | null): Facts {
  return new Facts({ status, market: null, strategy: null, presence: null, orders: [], positions: [], connected: true });
}

/** Returns an order: what it is, how it stands, and who gave it. */
export function orderWords(order: Order, names: Facts): string {
  const id = order.instrument;
  const parts = [`${names.label(id)}  ${sideWord(order.side)} ${typeWord(order.type)} ${quantity(names, id, order.quantity)}`];
  if (order.price != null) parts.push(`@ ${price(names, id, order.price)}`);
  if (order.stop_price != null) parts.push(`stop ${price(names, id, order.stop_price)}`);
  if (order.time_in_force !== 'gtc') parts.push(order.time_in_force.toUpperCase());
  if (order.post_only) parts.push('post-only');
  if (order.reduce_only) parts.push('reduce-only');
  parts.push(` ${stateWord(order.status)}`);
  if (!decimal(order.filled).eq(0)) parts.push(`filled ${quantity(names, id, order.filled)}`);
  const reason = order.reason == null ? '' : `: ${order.reason}`;
  return `${parts.join(' ')}${reason}  (${order.author})`;
}

/** Returns a fill with what it cost, and who gave the order. */
export function fillWords(fill: Fill, names: Facts): string {
  const id = fill.instrument;
  const currency = names.currency(id);
  const fee = `fee ${exact(decimal(fill.fee))}${currency === '' ? '' : ` ${currency}`}`;
  return `${names.label(id)}  ${sideWord(fill.side)} ${quantity(names, id, fill.quantity)} @ ${price(names, id, fill.price)}  ${fee}  (${fill.author})`;
}

/** Returns a payment of funding. */
export function fundingWords(funding: Funding, names: Facts): string {
  const id = funding.instrument;
  const amount = decimal(funding.amount);
  const currency = names.currency(id);
  const verb = isNegative(amount) ? 'received' : 'paid';
  const sum = `${exact(amount.abs())}${currency === '' ? '' : ` ${currency}`}`;
  return `${names.label(id)}  ${verb} ${sum} for ${quantity(names, id, funding.quantity)} at ${exact(decimal(funding.rate))}`;
}

/** Returns what came of an account in a replay, in three lines. */
export function resultsWords(results: AccountResults): string {
  const { account } = results;
  // Enough for an account in dollars, and for one in bitcoins.
  const decimals = decimal(account.capital).lt(1_000) ? 8 : 2;
  const amount = (digits: string, sign?: Sign) => number(decimal(digits), decimals, sign);
  const percent = (part: string, sign?: Sign) => `${number(decimal(part).times(HUNDRED), 2, sign)} %`;
  const sharpe = results.sharpe == null ? UNKNOWN : number(decimal(results.sharpe), 2);
  const part = quotient(decimal(results.winning_trades), decimal(results.trades));
  const won = part === null ? '' : ` (${percent(part.toString())} won)`;
  return [
    `${account.exchange}  profit ${amount(results.profit, 'both')} ${account.currency} (${percent(results.return_on_capital, 'both')})`,
    `drawdown ${amount(results.max_drawdown)} (${percent(results.max_drawdown_part)})  Sharpe ${sharpe}`,
    `trades ${number(decimal(results.trades), 0)}${won}  fees ${amount(account.fees)}`,
  ].join('\n');
}
