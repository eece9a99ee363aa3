import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Not before the daemon asks shared keys.
    exclude: [...configDefaults.exclude, 'test/e2e/two-machines.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One file at a time: tests start many processes of their own, and what is timed must not compete with the rest.
    maxWorkers: 1,
    maxConcurrency: 4,
  },
});
