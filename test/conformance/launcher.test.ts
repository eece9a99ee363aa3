import { describe, it } from 'vitest';
import { defineConformance } from './suite.ts';
import { LAUNCHER_ENGINE } from './support/engines.ts';

if (LAUNCHER_ENGINE !== undefined) defineConformance(LAUNCHER_ENGINE);
else {
  describe('the launcher', () => {
    it.skip('was not built: `make build` found no C compiler', () => undefined);
  });
}
