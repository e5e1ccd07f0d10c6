import { expect, test } from 'vitest';
import { formOfAction, formOfParameter, parse, placeholder, read } from './form';
import { SeriesLine } from './series';

test('what is typed becomes a value of its kind', () => {
  const cases: [string, string, unknown][] = [
    ['bool', 'true', true],
    ['bool', 'False', false],
    ['bool', 'yes', undefined],
    ['int', '-7', -7],
    ['int', '7.5', undefined],
    ['float', '7', 7],
    ['float', '1e-3', 0.001],
    ['float', 'inf', undefined],
    ['str', '', ''],
    ['any', '[1, "a"]', [1, 'a']],
    ['any', 'a b', 'a b'],
  ];
  for (const [kind, text, expected] of cases) expect(parse(kind, text)).toEqual(expected);
});

test('a form says which value is wrong, and leaves defaults out', () => {
  const action = {
    name: 'widen',
    description: '',
    dangerous: false,
    parameters: [{ name: 'by', kind: 'float', default: 1 }, { name: 'side', kind: 'str' }, { name: 'lots', kind: 'int' }],
  };
  const form = formOfAction(action);
  expect(read({ ...form, values: ['', 'a', ''] })).toEqual({ place: 2, problem: 'lots is needed' });
  expect(read({ ...form, values: ['x', 'a', '1'] })).toEqual({ place: 0, problem: 'by must be a number, not `x`' });
  expect(read({ ...form, values: ['', '', '3'] })).toEqual({ arguments: { side: '', lots: 3 } });
  expect(action.parameters.map(placeholder)).toEqual(['float, else 1', 'str, must be given', 'int, must be given']);
  const parameter = formOfParameter({ name: 'fast', kind: 'int', value: 25, default: 20 });
  expect([parameter.values[0], parameter.description]).toEqual(['25', 'int, 25 now, 20 by default']);
});

test('only new points of a line are asked for', () => {
  const line = new SeriesLine();
  const point = (second: number, value: number) => ({ time: new Date(second * 1_000).toISOString(), value });
  expect([line.want(2), line.want(2)]).toEqual([true, false]);
  line.take([point(1, 1), point(2, 2)]);
  expect([line.want(3), line.after]).toEqual([true, new Date(2_000).toISOString()]);
  line.take([point(2, 2), point(3, 3)]);
  expect(line.points.map((point) => point.value)).toEqual([1, 2, 3]);
  line.failed();
  expect(line.want(3)).toBe(true);
  expect(line.want(1)).toBe(true);
  expect(line.points.length).toBe(0);
});
