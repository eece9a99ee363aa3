import { describe, expect, it } from 'vitest';
import { commandLine, namelessRuns } from '../../src/domain/hook/hook-id.ts';
import { defaultHookName } from '../../src/domain/hook/hook-name.ts';
import { gateFiles } from '../../src/gates/gate-file.ts';
import { createRandom } from '../support/random.ts';

const WORDS = [
  '/bin/sh',
  'sh',
  '-c',
  'python3',
  'x/guard.py',
  'a b.sh',
  `it's`,
  `'`,
  `'\\''`,
  '\\',
  ' ',
  '',
  'naïve.py',
  'a\nb',
  '"q"',
  '|',
  '$X',
];

/** Command lines of all kinds, some of them shell lines that look like another command. */
function commands(): { argv: string[]; shellLine?: string }[] {
  const random = createRandom(11);
  const some = (limit: number): string[] =>
    Array.from({ length: 1 + random(limit) }, () => WORDS[random(WORDS.length)] ?? '');
  return Array.from({ length: 4000 }, () => {
    const line = random(2) === 0 ? commandLine(some(4)) : some(4).join(' ');
    const argv = random(3) === 0 ? some(4) : ['/bin/sh', '-c', line, ...some(3).slice(1)];
    const isLine = argv[0] === '/bin/sh' && argv[1] === '-c' && random(2) === 0;
    return { argv, ...(isLine && argv[2] !== undefined ? { shellLine: argv[2] } : {}) };
  });
}

describe('runs without a name', () => {
  it('that belong to a hook have its default name and its command, and no others do', () => {
    for (const run of commands()) {
      const hookName = defaultHookName(run.argv, run.shellLine);
      const command = commandLine(run.argv);
      const runs = namelessRuns({ hookName, command });
      expect(runs, JSON.stringify(run)).toContainEqual(run);
      for (const { argv, shellLine } of runs) {
        expect(commandLine(argv)).toBe(command);
        expect(defaultHookName(argv, shellLine)).toBe(hookName);
      }
      expect(new Set(gateFiles({ hookName, command })).size).toBe(runs.length + 1);
    }
  });

  it('never belong to a hook that has another name', () => {
    for (const { argv } of commands().slice(0, 500)) {
      expect(namelessRuns({ hookName: 'another', command: commandLine(argv) })).toEqual([]);
    }
  });

  it('share a gate with no other hook', () => {
    const hooks = new Map<string, string>();
    for (const { argv, shellLine } of commands()) {
      const hook = { hookName: defaultHookName(argv, shellLine), command: commandLine(argv) };
      for (const file of gateFiles(hook)) {
        expect(hooks.get(file) ?? JSON.stringify(hook)).toBe(JSON.stringify(hook));
        hooks.set(file, JSON.stringify(hook));
      }
    }
  });
});
