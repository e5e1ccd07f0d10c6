// What the files of tests begin with: a browser for all of them, and a session of their own, both ended whatever happens.

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { Chromium } from './browser';
import { impossible } from './needs';
import { Served, type Strategy } from './served';

/** What the tests of one group share. */
export type Stage = {
  readonly chromium: Chromium;
  readonly served: Served;
};

/**
 * A group of tests on one session, which are skipped where they cannot run. Tabs are closed after each, and the browser must
 * not have complained of anything that the test did not expect.
 */
export function onOneSession(name: string, tests: (stage: Stage) => void, strategy?: Strategy, ...line: string[]): void {
  let chromium: Chromium | undefined;
  let served: Served | undefined;
  const stage: Stage = {
    get chromium() {
      return chromium!;
    },
    get served() {
      return served!;
    },
  };
  describe.skipIf(impossible !== null)(impossible === null ? name : `${name} (${impossible})`, () => {
    beforeAll(async () => {
      chromium = await Chromium.start();
      served = await Served.start(strategy, ...line);
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') console.log(await chromium?.seen());
      expect(await chromium?.closeTabs(), 'the browser complained').toEqual([]);
    });
    afterAll(async () => {
      try {
        await chromium?.end();
      } finally {
        await served?.end();
      }
    });
    tests(stage);
  });
}
