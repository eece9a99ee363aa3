import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { copyWithoutNativePart, NODE22, WHY_SKIPPED } from '../support/node22.ts';
import { gates } from './gates.ts';
import { recording } from './recording.ts';
import { defineConformance } from './suite.ts';
import { NODE_ENGINE } from './support/engines.ts';

/** What the Node engine writes with Node's own SQLite is read with better-sqlite3. */
describe.skipIf(NODE22 === undefined)(`with Node's own SQLite${WHY_SKIPPED}`, () => {
  const place = mkdtempSync(join(tmpdir(), 'hookbus-node-sqlite-'));
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  defineConformance({ ...NODE_ENGINE, command: [NODE22 ?? '', copyWithoutNativePart(place)] }, [
    recording,
    gates,
  ]);
});
