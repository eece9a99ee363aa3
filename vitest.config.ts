import { defineConfig } from 'vitest/config';
import { LineAFile } from './test/support/line-a-file.ts';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests that measure time, or race against a deadline of HookBus. */
const TIMED = [
  'test/conformance/timed.test.ts',
  'test/*/million.test.ts',
  'test/daemon/{claims,memory}.test.ts',
  'test/e2e/{claude,cline,codex,copilot,gemini,qwen}.test.ts',
  'test/e2e/{all-hooks,dedupe-races,log-under-fire,lying-key-server}.test.ts',
  'test/launcher/run.test.ts',
  'test/redis/eight-machines.test.ts',
  'test/windows/wine.test.ts',
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
    // Only what hangs takes so long, even on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxConcurrency: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [...TIMED, '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // One file at a time, after all others.
        test: { name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
