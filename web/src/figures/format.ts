// Numbers and times as a trader reads them: grouped digits, signs that are printed, unknown as `–`. No I/O.
//
// The terminal screen writes the same values in the same way.

import { type Decimal, decimal, isNegative, isZero, round, scale } from './decimal';

/** What stands where a value is not known. Never zero. */
export const UNKNOWN = '–';

/** How a sign is shown: only a minus, or a plus too unless the value is zero. */
export type Sign = 'minus' | 'both';

/** Returns a value with exactly `decimals` digits after the point and its thousands grouped. */
export function number(value: Decimal, decimals: number, sign: Sign = 'minus'): string {
  const rounded = round(value, decimals);
  const [whole = '0', fraction] = rounded.abs().toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return signOf(rounded, sign) + grouped + (fraction ? `.${fraction}` : '');
}

/** Returns a value that may not be known. */
export function maybeNumber(value: Decimal | null, decimals: number, sign: Sign = 'minus'): string {
  return value === null ? UNKNOWN : number(value, decimals, sign);
}

/** Returns a value with the digits of its step, and with more where it has more. */
export function exact(value: Decimal, least = 0, sign: Sign = 'minus'): string {
  return number(value, Math.max(scale(value), least), sign);
}

function signOf(value: Decimal, sign: Sign): string {
  if (isZero(value)) return '';
  if (isNegative(value)) return '−';
  return sign === 'both' ? '+' : '';
}

/** Returns the glyph that tells a gain from a loss without colour; empty for neither. */
export function arrow(value: Decimal): string {
  return isZero(value) ? '' : isNegative(value) ? '▼' : '▲';
}

/** Returns the tone of money that is better above zero. Less than half a cent is none. */
export function tone(value: Decimal | null): 'good' | 'bad' | 'plain' {
  const shown = value && round(value, 2);
  return shown === null || isZero(shown) ? 'plain' : isNegative(shown) ? 'bad' : 'good';
}

/** Returns a profit with its sign and its glyph. Less than half a cent is none. */
export function profit(value: Decimal | null, decimals = 2): string {
  if (value === null) return UNKNOWN;
  const rounded = round(value, decimals);
  return arrow(rounded) + number(rounded, decimals, 'both');
}

/** Returns a leverage: `+0.31×`. */
export function times(value: Decimal | null, sign: Sign = 'minus'): string {
  return value === null ? UNKNOWN : `${number(value, 2, sign)}×`;
}

/** Where the hours of a time are shown. */
export type Zone = 'utc' | 'local';

const two = (value: number) => String(value).padStart(2, '0');

/** Returns the parts of a time in a zone. */
function parts(time: Date, zone: Zone): { year: number; day: string; clock: string } {
  const utc = zone === 'utc';
  const month = utc ? time.getUTCMonth() : time.getMonth();
  const date = utc ? time.getUTCDate() : time.getDate();
  const hours = utc ? time.getUTCHours() : time.getHours();
  const minutes = utc ? time.getUTCMinutes() : time.getMinutes();
  const seconds = utc ? time.getUTCSeconds() : time.getSeconds();
  return {
    year: utc ? time.getUTCFullYear() : time.getFullYear(),
    day: `${two(month + 1)}-${two(date)}`,
    clock: `${two(hours)}:${two(minutes)}:${two(seconds)}`,
  };
}

/** Returns a time of day. */
export function clock(time: Date, zone: Zone = 'utc'): string {
  return parts(time, zone).clock;
}

/** Returns a time of day, with its date unless that is today's, and with its year when that is another one. */
export function stamp(time: Date, now: Date, zone: Zone = 'utc'): string {
  const [then, today] = [parts(time, zone), parts(now, zone)];
  if (then.year !== today.year) return `${then.year}-${then.day} ${then.clock}`;
  return then.day === today.day ? then.clock : `${then.day} ${then.clock}`;
}

/** Returns a moment in full. */
export function moment(time: Date, zone: Zone = 'utc'): string {
  const { year, day, clock } = parts(time, zone);
  return `${year}-${day} ${clock}${zone === 'utc' ? ' UTC' : ''}`;
}

/** Returns the day that a time is on. */
export function day(time: Date, zone: Zone = 'utc'): string {
  const { year, day } = parts(time, zone);
  return `${year}-${day}`;
}

/** Returns how long something lasts so far: `00:07`, and `1:02:03` from an hour on. */
export function stopwatch(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${two(minutes)}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** Returns an age: `0.1s`, `12s`, `3m`, `2h`, `9d`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 10) return `${Math.min(seconds, 9.9).toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.min(Math.floor(seconds / 86_400), 999)}d`;
}

/** Returns how long a cell or a callback ran: `12 µs`, `3.1 ms`, `3.4 s`, `02:10`. */
export function runTime(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1_000)} µs`;
  if (milliseconds < 1_000) return `${milliseconds < 10 && milliseconds % 1 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1_000).toFixed(1)} s` : stopwatch(milliseconds);
}

/** Returns an amount of text: `312 B`, `4.0 KB`, `3.2 MB`. */
export function bytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Returns `1 order`, `2 orders`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Returns `2nd`, `3rd`, `11th`. */
export function ordinal(number: number): string {
  const [ones, tens] = [number % 10, number % 100];
  const suffix = tens >= 11 && tens <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[ones] ?? 'th');
  return `${number}${suffix}`;
}

/** Returns a number of the strategy's in about six digits. */
export function float(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return UNKNOWN;
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3).replace(/-/g, '−').replace('+', '');
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0;
  const rounded = round(decimal(value), Math.min(Math.max(6 - whole, 2), 6));
  return number(rounded, scale(rounded));
}

/** Returns a value of JSON as people read it. */
export function json(value: unknown): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 1e15 ? number(decimal(value), 0) : float(value);
  return JSON.stringify(value);
}
