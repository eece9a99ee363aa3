import { rmSync } from 'node:fs';
import { afterAll, describe, it } from 'vitest';
import { EFFORT } from '../support/effort.ts';
import { buildSanitized } from './support/sanitized.ts';

const built = buildSanitized();

if (typeof built === 'string') {
  it.skip(`the launcher with sanitizers (skipped: ${built})`, () => undefined);
} else {
  // Both files read these variables when they are loaded.
  process.env['HOOKBUS_LAUNCHER_BIN'] = built.program;
  process.env['HOOKBUS_CONFORMANCE'] ??= EFFORT > 1 ? 'all' : 'core';
  describe('with sanitizers,', async () => {
    afterAll(() => rmSync(built.directory, { recursive: true, force: true }));
    await import('./run.test.ts');
    await import('../conformance/launcher.test.ts');
  });
}
