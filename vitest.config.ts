import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two files at a time: most tests start processes of their own, and latencies are among what is tested.
    maxWorkers: 2,
    maxConcurrency: 4,
  },
});
