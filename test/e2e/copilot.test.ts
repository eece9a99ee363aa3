import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copilotStart } from './support/client-starts.ts';
import { describeAlike } from './support/describe-alike.ts';
import { COPILOT as DIALECT } from './support/dialects.ts';
import { aClientHome, findDriven } from './support/one-call.ts';

const COPILOT = findDriven('copilot');
const WHY = typeof COPILOT === 'string' ? ` (skipped: ${COPILOT})` : '';

/** A hook that says its name. */
const says = (name: string): string => `cat >/dev/null; echo ${name} >>"$HOME/ran"`;

const HOOKS = {
  preToolUse: [
    { type: 'command', bash: says('bash') },
    { type: 'command', command: says('command') },
    { type: 'command', exec: '/bin/sh', args: ['-c', says('program')] },
    { bash: says('no type') },
  ],
  PreToolUse: [{ hooks: [{ type: 'command', command: says('nested') }] }],
  PostToolUse: [{ type: 'command', command: says('capital') }],
};

const NAMES = ['bash', 'command', 'program', 'no type', 'nested', 'capital'];

const CASES = [
  ['in all shapes', { version: 1, hooks: HOOKS }, NAMES],
  ['that are disabled', { version: 1, disableAllHooks: true, hooks: HOOKS }, []],
] as const;

describe.skipIf(typeof COPILOT === 'string')(`the real Copilot CLI${WHY}`, () => {
  it.concurrent.for(CASES)(
    'runs hooks %s, bare and wrapped',
    { timeout: 300_000 },
    async ([_title, settings, names], { onTestFinished }) => {
      const home = aClientHome(COPILOT, copilotStart(['echo hello-from-tool']), settings);
      onTestFinished(home.leave);
      const file = join(home.home, 'ran');
      const ran = async (): Promise<string[]> => {
        rmSync(file, { force: true });
        const { received, stderr } = await home.session();
        expect(received.join(), stderr).toContain('hello-from-tool');
        return linesOf(file);
      };
      expect(await ran()).toEqual(names);
      const before = home.settings();
      await home.install();
      expect(await ran()).toEqual(names);
      expect(await home.rows()).toHaveLength(names.length);
      await home.uninstall();
      expect(home.settings()).toBe(before);
    },
  );
});

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

describeAlike(COPILOT, DIALECT);
