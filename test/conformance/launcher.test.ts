import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { LAUNCHER } from '../support/daemon.ts';
import { dedupe } from './dedupe.ts';
import { defineConformance } from './suite.ts';
import { CAPABLE } from './support/capable.ts';
import type { Engine } from './support/engine.ts';

if (existsSync(LAUNCHER)) {
  const launcher: Engine = {
    name: 'launcher',
    command: [LAUNCHER],
    // Records stay in the spool until a command ingests them, which the suite does before it looks.
    env: { HOOKBUS_DAEMON: 'off' },
    capabilities: CAPABLE,
  };
  defineConformance(launcher);
  describe('the launcher', () => dedupe(launcher, true));
} else {
  describe('the launcher', () => {
    it.skip('does not exist: `make build` found no C compiler', () => undefined);
  });
}
