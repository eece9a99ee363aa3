import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { statePaths } from '../../src/config/home/paths.ts';
import { seedExecutions } from '../support/seed.ts';
import { makeState } from '../support/state.ts';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'bin/hookbus');
const HOOKBUS = existsSync(LAUNCHER) ? LAUNCHER : join(ROOT, 'bin/hookbus.js');

const directory = mkdtempSync(join(tmpdir(), 'hookbus-cookbook-'));
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
const home = join(directory, 'home');
const project = join(home, 'shop');
const env = {
  HOME: home,
  PATH: `${home}/bin:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
  TZ: 'UTC',
  HOOKBUS_DAEMON: 'off',
};

function bash(script: string, variables: Readonly<Record<string, string>> = {}, input = '') {
  return spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: project,
    env: { ...env, ...variables },
    input,
    encoding: 'utf8',
  });
}

const payload = (name: string) => readFileSync(join(ROOT, 'fixtures/payloads', name), 'utf8');

/** A home with the hooks of a project, a week on record, and two executions that the pages name: 142 and 143. */
beforeAll(() => {
  for (const path of ['bin', '.claude', 'shop/.claude'])
    mkdirSync(join(home, path), { recursive: true });
  symlinkSync(HOOKBUS, join(home, 'bin/hookbus'));
  const hooks = join(project, '.claude/hooks');
  cpSync(join(ROOT, 'fixtures/hooks'), hooks, { recursive: true });
  cpSync(join(hooks, 'guard_rm.py'), join(hooks, 'guard_v2.py'));
  writeFileSync(
    join(project, '.claude/settings.json'),
    settings('PreToolUse', 'Bash', 'guard_rm.py'),
  );
  writeFileSync(
    join(home, '.claude/settings.json'),
    settings('PostToolUse', 'Edit', 'format_file.py'),
  );
  const { database } = statePaths(makeState(join(home, '.local/state/hookbus'), env));
  const hours = 60 * 60_000;
  seedExecutions(database, { count: 141, untilMs: Date.now() - hours, overMs: 150 * hours });
  const record = { HOOKBUS_ENABLED: '1', HOOKBUS_STORE_RAW: '1' };
  // A session that the seed does not have, since one recipe deletes the latest.
  const call = payload('PreToolUse.Bash.json').replace('7d3f0c52', '0c527d3f');
  bash('git init -q');
  const refused = call.replace('npm test -- --run src/auth', 'rm -rf build');
  bash('hookbus run -- python3 .claude/hooks/guard_rm.py', record, refused);
  bash('hookbus run -- python3 .claude/hooks/crash.py', record, call);
  expect(bash('hookbus logs --limit 1 --json').stdout).toContain('"id": 143,');
});

function settings(event: string, matcher: string, script: string): string {
  const hook = { type: 'command', command: `python3 .claude/hooks/${script}` };
  return JSON.stringify({ hooks: { [event]: [{ matcher, hooks: [hook] }] } }, null, 2);
}

const hasTools = spawnSync('bash', ['-c', 'command -v git jq sqlite3 python3']).status === 0;
// Printed on stderr, because a skipped test looks much like one that passed.
if (!hasTools)
  process.stderr.write(
    'cookbook.test.ts: git, jq, sqlite3 or python3 is missing, so no recipe is tried\n',
  );

describe.skipIf(!hasTools)('every command works', () => {
  const recipes = ['docs/cookbook.md', 'docs/troubleshooting.md'].flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => ({
      place: `${page}:${text.slice(0, match.index).split('\n').length}`,
      code: match[1] ?? '',
    }));
  });

  it.each(recipes)('at $place', ({ code }) => {
    // Doctor exits with 1 if it found something to report.
    const doctor = 'hookbus() { command hookbus "$@" || [ "$1 $?" = "doctor 1" ]; }\n';
    const { status, stderr } = bash(doctor + code);
    expect({
      status,
      stderr: stderr.match(/^hookbus: .*/gm) ?? (status === 0 ? [] : stderr),
    }).toEqual({
      status: 0,
      stderr: [],
    });
  });

  it('of the steps for GitHub Actions', () => {
    const text = readFileSync(join(ROOT, 'docs/cookbook.md'), 'utf8');
    const [, steps = ''] = /^```yaml\n(- name: What the hooks did\n.*?)^```$/ms.exec(text) ?? [];
    const [job, upload] = parse(steps) as [{ run: string }, { with: { path: string } }];
    const files = upload.with.path.trim().split('\n');
    const place = 'export HOOKBUS_DAEMON=off HOOKBUS_HOME="$HOME/hookbus-job"\n';
    const { status, stderr } = bash(`${place}${job.run}\nls ${files.join(' ')}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('of a recipe is found', () => {
    expect(recipes.length).toBeGreaterThan(17);
  });
});
