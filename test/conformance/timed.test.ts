import { describe } from 'vitest';
import { dedupe } from './dedupe.ts';
import { defineConformance, TIMED } from './suite.ts';
import { LAUNCHER_ENGINE, NODE_ENGINE } from './support/engines.ts';

for (const engine of [LAUNCHER_ENGINE, NODE_ENGINE]) {
  if (engine !== undefined) defineConformance(engine, TIMED);
}

const launcher = LAUNCHER_ENGINE;
if (launcher !== undefined) describe('the launcher', () => dedupe(launcher, true));
