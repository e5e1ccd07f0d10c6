import { expect, test } from 'vitest';
import { decimal } from '../figures/decimal';
import { type Column, arrange, nextSort, shownColumns } from './model';

type Row = { name: string; profit: string | null };
const columns: Column<Row>[] = [
  { key: 'name', title: 'Name', text: (row) => row.name, phone: true },
  { key: 'profit', title: 'Profit', align: 'right', text: (row) => row.profit ?? '–', rank: (row) => (row.profit ? decimal(row.profit) : null) },
  { key: 'note', title: 'Note', text: () => '', hidden: true },
];
const rows: Row[] = [{ name: 'b', profit: '-10' }, { name: 'a', profit: '9' }, { name: 'c', profit: null }, { name: 'd', profit: '100' }];
const names = (...given: [Parameters<typeof arrange<Row>>[2], string]) => arrange(rows, columns, ...given).map((row) => row.name).join('');

test('rows are sorted by value, and what is unknown comes last either way', () => {
  expect(names(null, '')).toBe('bacd');
  expect(names({ column: 'profit', down: true }, '')).toBe('dabc');
  expect(names({ column: 'profit', down: false }, '')).toBe('badc');
  expect(names({ column: 'name', down: false }, '')).toBe('abcd');
});

test('a filter looks through all columns', () => {
  expect([names(null, '10'), names(null, '10 -b'), names(null, 'x')]).toEqual(['bd', 'd', '']);
});

test('a title is pressed three times: one way, the other way, as before', () => {
  const profit = columns[1]!;
  const first = nextSort(null, profit);
  expect([first, nextSort(first, profit), nextSort({ column: 'profit', down: false }, profit)]).toEqual([
    { column: 'profit', down: true }, { column: 'profit', down: false }, null,
  ]);
});

test('columns are left out by choice, and most of them on a phone', () => {
  const keys = (hidden: string[] | null, phone: boolean) => shownColumns(columns, hidden, phone).map((column) => column.key);
  expect([keys(null, false), keys(['name'], false), keys(null, true)]).toEqual([['name', 'profit'], ['profit', 'note'], ['name']]);
});
