// Everyone who looks at a session sees the same.

import { expect, test } from 'vitest';
import { onOneSession } from './harness/suite';

onOneSession('one session', (stage) => {
  test('two tabs see one cell', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(served.link);
    const two = await chromium.enter(await served.newLink());
    await one.run('print("from", "one")');
    await one.shows('from one');
    const shown = await two.shows('from one');
    expect(shown).toContain('print("from", "one")');
  });
});
