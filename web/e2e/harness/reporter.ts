// A run in which no test ran is a failure, unless none can run on this machine, which it says.

import type { Reporter, TestModule } from 'vitest/node';
import { impossible } from './needs';

export default class SomeTestRan implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const ran = modules.flatMap((module) => [...module.children.allTests()]).filter((test) => test.result().state !== 'skipped');
    if (ran.length > 0) return;
    if (impossible !== null) {
      console.log(`skipped: ${impossible}`);
      return;
    }
    console.error('no test ran');
    process.exitCode = 1;
  }
}
