import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gateFile, gatePath } from '../../src/gates/gate-file.ts';
import { aState, CLI, hasLauncher, LAUNCHER, start } from '../support/daemon.ts';

describe('the gate of a hook', () => {
  it('is a file whose name has no special characters', () => {
    const files = ['guard', '../../etc/passwd', 'x'.repeat(500)].map((hookName) =>
      gateFile({ hookName, command: 'true' }),
    );
    for (const file of files) expect(file).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(files).size).toBe(3);
    expect(gateFile({ hookName: 'a', command: 'b' })).toBe('59b271ae1bbcb1d31d41929817f4b16f');
  });

  const engines = [[process.execPath, CLI], ...(hasLauncher ? [[LAUNCHER]] : [])];

  it.each(engines)('is found under %s by a name that is not UTF-8', async (...engine) => {
    const state = aState();
    mkdirSync(state.paths.gates);
    const octal = [
      'bad\\377',
      '\\360\\237\\230',
      '\\355\\240\\200x',
      '\\341\\200a\\300\\257',
      'n\\303\\251\\364\\220',
    ];
    for (const name of [...octal, '\\377'.repeat(99)]) {
      const bytes = name.replace(/\\(\d{3})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8)),
      );
      // As recorded, and as a person writes the command.
      const shown = Buffer.from(bytes, 'latin1').toString();
      const hook = { hookName: shown, command: "sh -c 'echo ran'" };
      writeFileSync(gatePath(state.paths.gates, hook), `off ${Date.now() + 60_000}\n`);
      const line = `name=$(printf '${name}'); exec "$@" run --name "$name" -- sh -c 'echo ran'`;
      const env = { ...state.env, HOOKBUS_DAEMON: 'off' };
      const { code, stdout } = await start(['sh', '-c', line, 'sh', ...engine], env).ended;
      expect({ name, code, stdout }).toEqual({ name, code: 0, stdout: '' });
    }
  });

  it.each(engines)('keeps it from running under %s, which is recorded', async (...engine) => {
    const state = aState();
    mkdirSync(state.paths.gates);
    const hook = { hookName: 'noisy', command: "sh -c 'echo ran; exit 3'" };
    writeFileSync(gatePath(state.paths.gates, hook), `off ${Date.now() + 60_000}\n`);
    const env = { ...state.env, HOOKBUS_DAEMON: 'off' };
    const run = (name: string) =>
      start([...engine, 'run', '--name', name, '--', 'sh', '-c', 'echo ran; exit 3'], env).ended;
    expect(await run('noisy')).toEqual({ code: 0, signal: null, stdout: '' });
    expect(await run('other')).toEqual({ code: 3, signal: null, stdout: 'ran\n' });
    await start([process.execPath, CLI, 'logs'], env).ended;
    expect(state.rows('SELECT hook_name, status, error FROM hook_logs ORDER BY id')).toMatchObject([
      { hook_name: 'noisy', status: 'breaker_skip', error: 'off' },
      { hook_name: 'other', status: 'error' },
    ]);
  });
});
