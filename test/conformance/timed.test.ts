import { describe } from 'vitest';
import { dedupe } from './dedupe.ts';
import { defineConformance, TIMED } from './suite.ts';
import { LAUNCHER_ENGINE, NODE_ENGINE } from './support/engines.ts';

const launcher = LAUNCHER_ENGINE;

for (const engine of [launcher, NODE_ENGINE]) {
  if (engine !== undefined) defineConformance(engine, TIMED);
}

if (launcher !== undefined) describe('the launcher', () => dedupe(launcher, true));
