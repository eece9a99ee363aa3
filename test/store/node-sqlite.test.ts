import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyWithoutNativePart, NODE22, WHY_SKIPPED } from '../support/node22.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Where the Node of the tests has SQLite itself. */
const HIDES_SQLITE: Record<string, string> =
  process.getBuiltinModule('node:sqlite') === undefined
    ? {}
    : { NODE_OPTIONS: '--no-experimental-sqlite' };

describe.skipIf(NODE22 === undefined)(`Node's own SQLite${WHY_SKIPPED}`, () => {
  it('passes every test of the store', () => {
    const { status, stdout, stderr } = spawnSync(
      NODE22 ?? '',
      ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.node-sqlite.config.ts'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect(status, stdout + stderr).toBe(0);
  }, 900_000);
});

describe('without the native part of better-sqlite3', () => {
  const place = mkdtempSync(join(tmpdir(), 'hookbus-node-sqlite-'));
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  let entry: string;
  beforeAll(() => {
    entry = copyWithoutNativePart(place);
  });

  /** A user whose hooks run by this Node. */
  function aUser(node: string, env: Record<string, string> = {}) {
    const home = join(temporaryDirectory(), 'state');
    return (words: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(node, [entry, ...words], {
        encoding: 'utf8',
        env: {
          PATH: '/usr/bin:/bin',
          HOOKBUS_HOME: home,
          HOOKBUS_ENABLED: '1',
          HOOKBUS_DAEMON: 'off',
          ...env,
        },
        input: '{}',
      });
      return { status, stdout, stderr };
    };
  }
  const HOOK = ['run', '--name', 'guard', '--', 'sh', '-c', 'cat; echo no >&2; exit 2'];

  it.skipIf(NODE22 === undefined)(
    `Node's own records a hook and shows it, and nobody sees a warning${WHY_SKIPPED}`,
    () => {
      const run = aUser(NODE22 ?? '');
      expect(run(HOOK)).toEqual({ status: 2, stdout: '{}', stderr: 'no\n' });
      const { stdout, ...rest } = run(['logs', '--json']);
      expect(rest).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject([{ hook_name: 'guard', status: 'blocked' }]);
      expect(run(['doctor']).stdout.replace(/\s+/g, ' ')).toMatch(
        /SQLite \d[\d.]+, by Node\.js itself, because the native part of better-sqlite3 cannot be loaded/,
      );
    },
  );

  it('a Node that has none says both ways to get one, and the hook runs', () => {
    const run = aUser(execPath, HIDES_SQLITE);
    expect(run(HOOK)).toEqual({ status: 2, stdout: '{}', stderr: 'no\n' });
    expect(run(['logs'])).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'hookbus: the native part of better-sqlite3 is missing or was built for another Node.js. Run `npm rebuild better-sqlite3` where hookbus is installed, or `npm rebuild -g better-sqlite3` (npm 12 asks you to approve install scripts); or use Node.js 22.13 or newer, which has SQLite.\n',
    });
  });
});
