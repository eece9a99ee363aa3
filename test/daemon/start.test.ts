import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { parseStat } from '../conformance/support/processes.ts';
import { aState, CLI, hasLauncher, LAUNCHER, until } from '../support/daemon.ts';

const STARTERS = [
  ['the command line', [execPath, CLI, 'daemon', 'start'], true],
  ['the launcher', [LAUNCHER, 'run', '--', 'true'], hasLauncher],
] as const;

const text = (pid: number, name: string): string =>
  readFileSync(`/proc/${pid}/${name}`, 'latin1').replaceAll('\0', '\n');

describe.each(STARTERS)('a daemon that is started by %s', (_, words, isThere) => {
  const test = it.skipIf(!isThere);

  test('inherits only a short list of variables from its starter, and has sane limits', async () => {
    const state = aState();
    const own = join(state.home, 'own');
    mkdirSync(own);
    chmodSync(own, 0o700);
    const env = {
      ...state.env,
      // Has no effect, so the state directory is known without it.
      HOME: '/nonexistent',
      LANG: 'C.UTF-8',
      LC_TIME: 'C',
      TZ: 'UTC',
      TMPDIR: own,
      SECRET_TOKEN: 'x',
      NODE_EXTRA_CA_CERTS: '/nowhere',
      SSL_CERT_FILE: '/nowhere',
      HOOKBUS_STORE_RAW: '1',
      HOOKBUS_REDACT: '0',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      LD_BIND_NOW: '1',
    };
    const line =
      'umask 0; ulimit -S -f 40000; ulimit -S -n 200; ulimit -S -t 600; exec nice -n 7 "$@"';
    spawnSync('sh', ['-c', line, 'sh', ...words], { env, input: '{}', stdio: 'pipe' });
    const { pid } = await until('the daemon to answer', () => state.ask());
    const variables = text(pid, 'environ').split('\n').filter(Boolean);
    expect(variables.map((one) => one.slice(0, one.indexOf('='))).sort()).toEqual(
      [
        'HOME',
        'HOOKBUS_HOME',
        'LANG',
        'LC_TIME',
        'MALLOC_ARENA_MAX',
        'MALLOC_TRIM_THRESHOLD_',
        'PATH',
        'TMPDIR',
        'TZ',
      ]
        .concat(
          // Added by dash, which starts Node.
          variables.some((one) => one.startsWith('PWD=')) ? ['PWD'] : [],
        )
        .sort(),
    );
    expect(variables).toContainEqual(
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
    for (const name of ['Max cpu time', 'Max file size', 'Max open files']) {
      const [, soft, hard] =
        new RegExp(`${name}\\s+(\\S+)\\s+(\\S+)`).exec(text(pid, 'limits')) ?? [];
      expect(soft, name).toBe(hard);
    }
    expect(/^Umask:\s+(\d+)/m.exec(text(pid, 'status'))?.[1]).toBe('0077');
    // Only a privileged user may do this.
    if (process.getuid?.() === 0) expect(parseStat(text(pid, 'stat')).nice).toBe(0);
  });

  test('does not use a TMPDIR that others can write to', async () => {
    const state = aState();
    const open = join(state.home, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    spawnSync(words[0], words.slice(1), { env: { ...state.env, TMPDIR: open }, input: '{}' });
    const { pid } = await until('the daemon to answer', () => state.ask());
    expect(text(pid, 'environ')).not.toMatch(/^TMPDIR=/m);
  });

  test('loads nothing that NODE_OPTIONS of its starter names', async () => {
    const state = aState();
    const mark = join(state.home, 'loaded');
    const script = join(state.home, 'evil.cjs');
    writeFileSync(
      script,
      `require('node:fs').appendFileSync(${JSON.stringify(mark)}, process.argv.join(' ') + '\\n')`,
    );
    const env = { ...state.env, NODE_OPTIONS: `--require=${script}` };
    spawnSync(words[0], words.slice(1), { env, input: '{}' });
    await until('the daemon to answer', () => state.ask());
    const loaded = spawnSync('cat', [mark], { encoding: 'utf8' }).stdout;
    expect(loaded).not.toMatch('daemon run');
  });
});
