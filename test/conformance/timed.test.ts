import { defineConformance, TIMED } from './suite.ts';
import { LAUNCHER_ENGINE, NODE_ENGINE } from './support/engines.ts';

for (const engine of [LAUNCHER_ENGINE, NODE_ENGINE]) {
  if (engine !== undefined) defineConformance(engine, TIMED);
}
