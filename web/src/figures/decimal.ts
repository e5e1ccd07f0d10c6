// Exact decimals: what an order or a sum of money depends on is never computed with floats. No I/O.
//
// A quotient keeps more digits than any price or sum has, and rounding goes to the even neighbour, as the service does it.

import Light from 'decimal.js-light';

export type Decimal = Light;

/** With settings of our own, so that nobody else's change them. */
const Exact = Light.clone({ precision: 40, rounding: Light.ROUND_HALF_EVEN, toExpNeg: -40, toExpPos: 40 });

/** Returns the decimal of some digits. They are the service's: what is no number is a mistake of ours. */
export function decimal(digits: string | number): Decimal {
  return new Exact(digits);
}

/** Returns the decimal of digits that may not be known. */
export function maybe(digits: string | null | undefined): Decimal | null {
  return digits == null ? null : new Exact(digits);
}

/** Returns the decimal of what a person typed; null when it is no plain number. */
export function typed(text: string): Decimal | null {
  return /^\d*\.?\d*$/.test(text) && /\d/.test(text) ? new Exact(text.replace(/^\./, '0.').replace(/\.$/, '')) : null;
}

export const ZERO = decimal(0);
export const HUNDRED = decimal(100);

export function isZero(value: Decimal): boolean {
  return value.eq(0);
}

export function isNegative(value: Decimal): boolean {
  return value.lt(0);
}

export function largest(a: Decimal, b: Decimal): Decimal {
  return a.gt(b) ? a : b;
}

/** Returns a quotient; null when there is nothing to divide by. */
export function quotient(a: Decimal | null, b: Decimal | null): Decimal | null {
  return a === null || b === null || b.eq(0) ? null : a.div(b);
}

/** Returns the plain digits without zeros at the end: `0.050` is `0.05`. */
export function digits(value: Decimal): string {
  return value.toFixed();
}

/** Returns how many digits stand after the point, without zeros at the end. */
export function scale(value: Decimal): number {
  return digits(value).split('.')[1]?.length ?? 0;
}

/** Returns the greatest multiple of a step that is not greater; the value itself when there is no step. */
export function wholeSteps(value: Decimal, step: Decimal): Decimal {
  return step.eq(0) ? value : value.div(step).toDecimalPlaces(0, Exact.ROUND_DOWN).times(step);
}

/** Returns the double nearest to it, for drawing alone. */
export function float(value: string | Decimal): number {
  return Number(value.toString());
}

/** Returns a value with at most so many digits after the point. */
export function round(value: Decimal, decimals: number): Decimal {
  return value.toDecimalPlaces(decimals);
}
