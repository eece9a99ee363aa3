import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { LAUNCHER } from '../support/daemon.ts';
import { defineConformance } from './suite.ts';

if (existsSync(LAUNCHER)) {
  defineConformance({
    name: 'launcher',
    command: [LAUNCHER],
    // Records stay in the spool until a command drains them, which the suite does before it looks.
    env: { HOOKBUS_DAEMON: 'off' },
    capabilities: {
      inheritsSignalState: true,
      passesRawBytes: true,
      keepsOpenFileLimit: true,
      inheritsDescriptors: true,
      keepsClosedDescriptors: true,
      startsInDeletedDirectory: true,
      seesRealTimeSignals: true,
      takesHookAlong: true,
      replacesItself: true,
      recordsIn: 'spool',
    },
  });
} else {
  describe('the launcher', () => {
    it.skip('is not there: no C compiler was found by `make build`', () => undefined);
  });
}
