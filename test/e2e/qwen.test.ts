import { describe, expect, it } from 'vitest';
import { qwenSettings, qwenStart } from './support/client-starts.ts';
import { describeAlike } from './support/describe-alike.ts';
import { QWEN as DIALECT } from './support/dialects.ts';
import { aClientHome, findDriven } from './support/one-call.ts';

const QWEN = findDriven('qwen');
const WHY = typeof QWEN === 'string' ? ` (skipped: ${QWEN})` : '';

const REFUSES = 'cat >/dev/null; echo not this >&2; exit 2';
const HOOKS = { PreToolUse: [{ hooks: [{ type: 'command', command: REFUSES }] }] };

describe.skipIf(typeof QWEN === 'string')(`the real Qwen Code${WHY}`, () => {
  it('runs no hook that is disabled, bare and wrapped', { timeout: 300_000 }, async ({
    onTestFinished,
  }) => {
    const settings = { ...qwenSettings(HOOKS), disableAllHooks: true };
    const home = aClientHome(QWEN, qwenStart(['echo hello-from-tool']), settings);
    onTestFinished(home.leave);
    for (const prepare of [() => undefined, home.install]) {
      await prepare();
      const { received, stderr } = await home.session();
      expect(received.join(), stderr).toContain('hello-from-tool');
    }
    expect(await home.rows()).toEqual([]);
  });
});

describeAlike(QWEN, DIALECT);
