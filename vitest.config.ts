import { defineConfig } from 'vitest/config';

/** Tests that measure no times and start few processes. */
const QUIET = [
  'test/{agents,bus,cli,config,domain,metrics,protocol,store}/**/*.test.ts',
  'test/docs.test.ts',
];

/** Tests of what the daemon does beside the hooks: they mostly wait for it, with seconds to spare. */
const WAITING = [
  'test/exporters/**/*.test.ts',
  'test/dashboard/{access,feed,list,live,page,payload}.test.ts',
  'test/daemon/{alert-actions,alerts,breaker,look}.test.ts',
  'test/e2e/{follow,replay}.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: ['test/support/plain-node.ts', 'test/support/leaves-no-daemon.ts'],
    setupFiles: ['test/support/no-home.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
    projects: [
      {
        extends: true,
        test: { name: 'quiet', include: QUIET, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'waiting', include: WAITING, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'busy',
          include: ['test/**/*.test.ts'],
          exclude: [...QUIET, ...WAITING, '**/node_modules/**'],
          // One file at a time: they start many processes of their own, and what is timed must not compete with the rest.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
