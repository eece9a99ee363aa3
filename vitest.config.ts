import { defineConfig } from 'vitest/config';
import { LineAFile } from './test/support/line-a-file.ts';

/** Tests that measure no times and start few processes. */
const QUIET = [
  'test/{app,cli,config,domain,metrics,os,protocol,redaction,spool,store}/**/*.test.ts',
  'test/docs.test.ts',
];

/** Tests of what the daemon does beside the hooks: they mostly wait for it, with seconds to spare. */
const WAITING = [
  'test/exporters/**/*.test.ts',
  'test/dashboard/{access,feed,list,live,page,payload}.test.ts',
  'test/daemon/{alert-actions,alerts,breaker,look,network,retention}.test.ts',
  'test/e2e/{follow,replay}.test.ts',
];

/** Tests that start many processes and measure no times. */
const CROWDED = [
  'test/{dist,gates,library,redis}/**/*.test.ts',
  'test/launcher/{analyzer,arm64,circles,claim,cross,frames,hardened,sanitized,twins,vectors}.test.ts',
  'test/daemon/memory.test.ts',
  'test/e2e/{codex,gemini,refusals}.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: [
      'test/support/own-temporary.ts',
      'test/support/plain-node.ts',
      'test/support/leaves-no-daemon.ts',
    ],
    setupFiles: ['test/support/no-home.ts'],
    // In a file, a line for each of thousands of tests hides those that failed.
    reporters: process.stdout.isTTY ? ['default'] : [new LineAFile()],
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
        test: { name: 'crowded', include: CROWDED, maxWorkers: 2, sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: {
          name: 'busy',
          include: ['test/**/*.test.ts'],
          exclude: [...QUIET, ...WAITING, ...CROWDED, '**/node_modules/**'],
          // One file at a time: they start many processes of their own, and what is timed must not compete with the rest.
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
