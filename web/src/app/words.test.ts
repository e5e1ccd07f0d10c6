import { expect, test } from 'vitest';
import { clockWord } from './words';

test('a clock that is wrong is told with its sign and the exchange', () => {
  expect(clockWord({ exchange: 'SIM', ahead_ms: 2_340 })).toBe('clock +2.3 s vs SIM');
  expect(clockWord({ exchange: 'SIM', ahead_ms: -61_000 })).toBe('clock −61.0 s vs SIM');
});
