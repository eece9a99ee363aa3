import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hookbusProcess } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

/** Marks each line, so that a test sees what the pager printed. */
const MARKING = 'sed s/^/paged:/';

/** A state directory with more executions than the screen has lines. */
function aHome(): string {
  const { home, paths } = freshState();
  const createdAt = new Date().toISOString();
  writeExecutions(
    paths.database,
    Array.from({ length: 40 }, () => recordedOf(anExecution({ createdAt }))),
  );
  return home;
}

/** What a terminal of 24 lines shows, without line ends; the last line has the exit code. */
function inTerminal(words: string, pager: string): string[] {
  const line = `stty cols 80 rows 24; ${execPath} ${ENTRY} ${words}; echo code $?`;
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], TERM: 'xterm', NO_COLOR: '1', PAGER: pager },
      ...{ HOOKBUS_HOME: aHome(), HOOKBUS_DAEMON: 'off' },
    },
  });
  return stdout.split(/\r?\n/).filter((text) => text !== '');
}

describe('a pager on a terminal', () => {
  it('shows an answer that is longer than the screen', () => {
    const lines = inTerminal('logs', MARKING);
    expect(lines).toHaveLength(42);
    expect(lines.slice(0, -1).every((line) => line.startsWith('paged:'))).toBe(true);
    expect(lines.at(-1)).toBe('code 0');
  });

  it.each([
    ['a short answer', 'logs --limit 5'],
    ['JSON', 'logs --json'],
    ['what --no-pager asks for', 'logs --no-pager'],
    ['what --no-pager before the command asks for', '--no-pager logs'],
    ['an answer of other commands', 'config path'],
  ])('leaves %s alone', (_, words) => {
    expect(inTerminal(words, MARKING).join('\n')).not.toContain('paged:');
  });

  it.each(['', 'cat', 'no-such-pager', 'no-such-pager --with options'])(
    'prints the answer itself if the pager is %j',
    (pager) => {
      const lines = inTerminal('logs', pager).filter((line) => line.includes('guard_rm'));
      expect(lines).toHaveLength(40);
    },
  );

  it('may be closed before it has read everything, and does not change the exit code', () => {
    expect(inTerminal('logs --limit 40', 'head -n 1')).toEqual([
      expect.stringMatching(/^ID/),
      'code 0',
    ]);
    expect(inTerminal('logs', 'false')).toEqual(['code 0']);
  });

  it('never runs in a pipe', () => {
    const file = join(temporaryDirectory(), 'started');
    const env = { HOOKBUS_HOME: aHome(), HOOKBUS_DAEMON: 'off', PAGER: `touch ${file}` };
    expect(hookbusProcess(['logs'], env).stdout).toContain('guard_rm');
    expect(existsSync(file)).toBe(false);
    inTerminal('logs', env.PAGER);
    expect(existsSync(file)).toBe(true);
  });
});
