import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    // One after another: two cores carry one browser with one session.
    fileParallelism: false,
    maxWorkers: 1,
    retry: 0,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    reporters: ['verbose', './e2e/harness/reporter.ts'],
  },
});
