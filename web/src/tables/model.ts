// What a table is: columns that say what stands in a row, and how a view of it is sorted and filtered. No I/O.

import type { Decimal } from '../figures/decimal';
import { filter as filterOf } from '../log/filter';

export type Tone = 'plain' | 'good' | 'bad' | 'warn' | 'dim' | 'strong';

export type Column<Row> = {
  key: string;
  title: string;
  align?: 'left' | 'right';
  text: (row: Row) => string;
  /** What it is sorted by; the text where there is none. Null comes last. */
  rank?: (row: Row) => Decimal | number | string | null;
  tone?: (row: Row) => Tone;
  /** Whether it is left out until somebody asks for it. */
  hidden?: boolean;
  /** Whether it is there on a phone too. */
  phone?: boolean;
};

export type Sort = { column: string; down: boolean };

/** How a table is looked at on this device. */
export type View = { sort: Sort | null; hidden: string[] | null };

/** One thing that can be done with a row. */
export type Entry = { label: string; run: () => void; danger?: boolean; disabled?: string | null };

/** Returns the columns that are shown. */
export function shownColumns<Row>(columns: readonly Column<Row>[], hidden: readonly string[] | null, phone: boolean): Column<Row>[] {
  if (phone) return columns.filter((column) => column.phone);
  return columns.filter((column) => (hidden ? !hidden.includes(column.key) : !column.hidden));
}

/** Returns the rows that have what was typed, sorted; rows of the same rank keep their place. */
export function arrange<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | null, typed: string): Row[] {
  const has = filterOf(typed, 'debug');
  const wanted = typed.trim() ? rows.filter((row) => has({ text: columns.map((column) => column.text(row)).join(' '), source: '' })) : [...rows];
  const column = sort && columns.find((column) => column.key === sort.column);
  if (!sort || !column) return wanted;
  const ranked = wanted.map((row) => ({ row, rank: rankOf(column, row) }));
  ranked.sort((a, b) => compare(a.rank, b.rank, sort.down));
  return ranked.map(({ row }) => row);
}

function rankOf<Row>(column: Column<Row>, row: Row): number | string | null {
  const rank = column.rank ? column.rank(row) : column.text(row);
  return rank === null || typeof rank === 'number' || typeof rank === 'string' ? rank : rank.toNumber();
}

function compare(a: number | string | null, b: number | string | null, down: boolean): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en');
  return down ? -order : order;
}

/** Returns the next way to sort when the title of a column is pressed: numbers from the greatest, words from A. */
export function nextSort<Row>(sort: Sort | null, column: Column<Row>): Sort | null {
  const first = column.align === 'right';
  if (sort?.column !== column.key) return { column: column.key, down: first };
  return sort.down === first ? { column: column.key, down: !first } : null;
}
