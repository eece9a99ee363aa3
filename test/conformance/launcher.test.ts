import { describe, it } from 'vitest';
import { dedupe } from './dedupe.ts';
import { defineConformance } from './suite.ts';
import { LAUNCHER_ENGINE } from './support/engines.ts';

const launcher = LAUNCHER_ENGINE;

if (launcher !== undefined) {
  defineConformance(launcher);
  describe('the launcher', () => dedupe(launcher, true));
} else {
  describe('the launcher', () => {
    it.skip('was not built: `make build` found no C compiler', () => undefined);
  });
}
