// What an order would do: its value, the position and leverage after it, its fee, and what speaks against it. No I/O.
//
// It is an estimate at the prices of now. Whether an order is taken is decided by the service alone.

import type { Command } from '../protocol';
import { type Decimal, ZERO, decimal, isNegative, isZero, largest, maybe, quotient } from '../figures/decimal';
import { type Facts, exchangeOf } from '../figures/facts';
import { number } from '../figures/format';
import { type Result, type Ticket, changed, commandOf, limitOf, marketPrice, quantityOf, referencePrice } from './ticket';

/** A limit this far on the wrong side of the market, or through it, is more likely a slip than a wish: 5 %. */
const FAR = decimal('5');
/** An order worth this part of the equity is worth a second look: a half. */
const LARGE = decimal('0.5');

export type Preview = {
  /** The command, or what it is not one for yet. */
  command: Result<Command>;
  /** How much the order would trade, without what is filled already. */
  quantity: Decimal;
  notional: Decimal | null;
  /** The value over the account's equity. */
  part: Decimal | null;
  /** The position before and after it. */
  position: { before: Decimal; after: Decimal };
  /** The account's gross leverage before and after it. */
  gross: { before: Decimal | null; after: Decimal | null };
  fee: Decimal | null;
  /** Whether that is the fee of an order that rests. */
  rests: boolean;
  /** What it needs of the account's margin; null when it needs none. */
  margin: Decimal | null;
  /** What speaks against it. */
  warnings: string[];
};

/** Returns what a ticket's order would do. */
export function preview(ticket: Ticket, facts: Facts): Preview {
  const exchange = exchangeOf(ticket.instrument);
  const filled = maybe(changed(ticket, facts)?.filled) ?? ZERO;
  const wanted = quantityOf(ticket, facts);
  const quantity = largest(('ok' in wanted ? wanted.ok : ZERO).minus(filled), ZERO);
  const price = referencePrice(ticket, facts);
  const valueOf = (quantity: Decimal) => price && price.times(quantity.abs()).times(facts.multiplier(ticket.instrument));
  const notional = valueOf(quantity);
  const account = facts.account(exchange);
  const equity = maybe(account?.equity);
  const overEquity = (value: Decimal | null) => (equity?.gt(0) ? quotient(value, equity) : null);
  const before = facts.held(ticket.instrument);
  const after = afterwards(ticket, before, quantity);
  const gross = maybe(account?.gross_leverage);
  const [valueAfter, valueBefore] = [valueOf(after), valueOf(before)];
  const change = valueAfter && valueBefore ? valueAfter.minus(valueBefore) : null;
  const more = overEquity(change);
  const resting = rests(ticket, facts);
  const terms = facts.exchange(exchange);
  const bps = terms && decimal(resting ? terms.maker_bps : terms.taker_bps);
  const grows = after.abs().gt(before.abs());
  const made: Preview = {
    command: commandOf(ticket, facts),
    quantity,
    notional,
    part: overEquity(notional),
    position: { before, after },
    gross: { before: gross, after: gross && more ? largest(gross.plus(more), ZERO) : null },
    fee: notional && bps ? notional.times(bps).div(10_000) : null,
    rests: resting,
    margin: grows ? quotient(change, maybe(terms?.leverage)) : null,
    warnings: [],
  };
  return { ...made, warnings: warnings(ticket, made, valueAfter, grows, facts) };
}

/** Returns the position after an order that is filled whole. */
function afterwards(ticket: Ticket, held: Decimal, quantity: Decimal): Decimal {
  const signed = ticket.side === 'buy' ? quantity : quantity.times(-1);
  const reduces = !isZero(held) && isNegative(held) !== isNegative(signed);
  if (ticket.reduceOnly && !reduces) return held;
  if (ticket.reduceOnly && signed.abs().gt(held.abs())) return ZERO;
  return held.plus(signed);
}

/** Returns whether an order would rest rather than be filled at once. */
function rests(ticket: Ticket, facts: Facts): boolean {
  if (ticket.type !== 'limit' || ticket.timeInForce === 'ioc') return false;
  const limit = limitOf(ticket);
  const market = marketPrice(ticket, facts);
  if (!('ok' in limit) || !limit.ok || !market) return true;
  return ticket.side === 'buy' ? limit.ok.lt(market) : limit.ok.gt(market);
}

function warnings(ticket: Ticket, made: Preview, positionValue: Decimal | null, grows: boolean, facts: Facts): string[] {
  const warnings: string[] = [];
  const money = (value: Decimal) => number(value, 0);
  const limits = facts.info?.limits;
  const checks: [string, Decimal | null, Decimal | null][] = [
    ['order_notional', made.notional, maybe(limits?.order_notional)],
    ['position_notional', positionValue, maybe(limits?.position_notional)],
  ];
  for (const [name, value, limit] of checks) {
    if (grows && value && limit && value.gt(limit)) warnings.push(`above the limit ${name}: ${money(value)} of ${money(limit)}`);
  }
  const most = maybe(limits?.gross_leverage);
  if (grows && made.gross.after && most && made.gross.after.gt(most)) {
    warnings.push(`above the limit gross_leverage: ${number(made.gross.after, 2)}× of ${number(most, 2)}×`);
  }
  const minimum = maybe(facts.instrument(ticket.instrument)?.min_notional);
  if (made.notional && minimum && made.notional.lt(minimum) && !ticket.reduceOnly && !isZero(made.quantity)) {
    warnings.push(`worth less than the exchange takes: ${money(made.notional)} of ${money(minimum)}`);
  }
  if (grows && made.part?.gt(LARGE)) warnings.push(`worth ${number(made.part.times(100), 0)}% of the equity`);
  const [own, market] = [referencePrice(ticket, facts), marketPrice(ticket, facts)];
  const distance = own && market && quotient(own.minus(market).abs().times(100), market);
  if (own && market && distance?.gt(FAR)) {
    warnings.push(`${number(distance, 1)}% ${own.gt(market) ? 'above' : 'below'} the market`);
  }
  if (facts.isOld(ticket.instrument)) warnings.push('the quote is old');
  if (ticket.reduceOnly && made.position.before.eq(made.position.after) && !isZero(made.quantity)) {
    warnings.push('reduce-only, and it would reduce nothing');
  }
  if (facts.isPaused && grows) warnings.push('trading is paused: it would be refused');
  return warnings;
}
