import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/leaves-no-daemon.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One file at a time: tests start many processes of their own, and what is timed must not compete with the rest.
    maxWorkers: 1,
    maxConcurrency: 4,
  },
});
