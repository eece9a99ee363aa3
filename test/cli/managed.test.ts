import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';

const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
if (!canMount)
  process.stderr.write('managed.test.ts: mounting needs a privilege, so its tests are skipped\n');

/** Node may be below /usr alone, and needs nothing of /etc. */
const INSIDE = `mount -t tmpfs none /etc && mkdir -p "\${1%/*}" && printf %s "$2" >"$1" && cd "$3" && shift 3 && exec "$@"`;

const GUARD = JSON.stringify({
  hooks: { PreToolUse: [{ hooks: [{ type: 'command', command: '/gone/managed-guard.sh' }] }] },
});

it.skipIf(!canMount).each([
  ['droid', '/etc/factory/settings.json'],
  ['qwen', '/etc/qwen-code/settings.json'],
])('hooks and doctor show the managed hooks of %s', (agent, file) => {
  const top = temporaryDirectory();
  mkdirSync(join(top, 'project/.git'), { recursive: true });
  const run = (...words: string[]): string => {
    const script = join(import.meta.dirname, '../../bin/hookbus.js');
    const inside = ['--mount', 'sh', '-c', INSIDE, 'sh', file, GUARD, join(top, 'project')];
    const { stdout } = spawnSync('unshare', [...inside, execPath, script, ...words], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: top, HOOKBUS_DAEMON: 'off' },
    });
    return stdout.replace(/\s+/g, ' ');
  };
  const [hook] = JSON.parse(run('hooks', '--json', '--offline', '--agent', agent)).hooks;
  expect(hook).toMatchObject({ source: 'managed', event: 'PreToolUse', concern: 'missing' });
  const report = run('doctor');
  expect(report).toMatch(/\/gone\/managed-guard\.sh does not exist/);
  expect(report).toContain(file);
});
