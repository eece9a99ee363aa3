import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { keyServerFindings } from '../../src/app/dedupe/key-server.ts';
import { parseConfig, readConfigFile } from '../../src/config/file/config-file.ts';
import { CLI } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { freshState, makeState } from '../support/state.ts';

const SECRET = 'f'.repeat(64);
const whats = (url: string, secret = SECRET): string[] =>
  keyServerFindings({ url, secret }).map(({ what }) => what);

function configured(dedupe: Readonly<Record<string, string>>) {
  const { home, paths } = freshState();
  makeState(home);
  writeFileSync(paths.config, JSON.stringify({ dedupe }), { mode: 0o600 });
  return { env: { HOOKBUS_HOME: home }, paths };
}

describe('a key server', () => {
  it.each([
    'redis://keys.example.com',
    'redis://:pw@10.0.0.1:6379/1',
    'redis://192.168.1.2',
    'redis://[fe80::1]:6379',
    'redis://localhost.example.com',
    'redis://127.0.0.1.example.com',
  ])('that is reached without encryption over a network is a problem: %s', (url) => {
    expect(whats(url)).toHaveLength(1);
    expect(whats(url)[0]).toMatch(/^the key server .* is reached without encryption/);
    expect(whats(url)[0]).not.toContain('pw');
  });

  it.each([
    '',
    'rediss://keys.example.com',
    'redis://localhost',
    'redis://LOCALHOST:6379',
    'redis://127.0.0.1',
    'redis://127.8.8.8:1/2',
    'redis://[::1]:6379',
    'redis://keys.example.com?path=/run/redis.sock',
    'redis://:pw@',
  ])('that is encrypted or on this machine is no problem: %s', (url) => {
    expect(whats(url)).toEqual([]);
  });

  it('without a secret is a problem', () => {
    expect(whats('rediss://keys', '')).toEqual([
      'config.json has dedupe.url but no dedupe.secret, so no dedupe keys are shared',
    ]);
    expect(whats('', '')).toEqual([]);
  });

  it('is shown by status and doctor if it has a problem', async () => {
    const { env } = configured({ url: 'redis://:hunter2@keys.example.com' });
    for (const command of ['status', 'doctor']) {
      const { stdout } = await hookbus([command], env);
      const text = stdout.replace(/\s+/g, ' ');
      expect(text).toContain('no dedupe.secret, so no dedupe keys are shared');
      expect(text).toContain('keys.example.com is reached without encryption');
      expect(text).not.toContain('hunter2');
    }
  });

  it("in a run's environment causes a warning in both", async () => {
    const { env } = configured({});
    for (const command of ['status', 'doctor']) {
      const { stdout } = await hookbus([command], {
        ...env,
        HOOKBUS_DEDUPE_URL: 'redis://:hunter2@h',
      });
      expect(stdout.replace(/\s+/g, ' ')).toContain('HOOKBUS_DEDUPE_URL: the only value is off');
      expect(stdout).not.toContain('hunter2');
    }
  });
});

describe('the secret of machines', () => {
  it.each(['', 'x'.repeat(16), 'é'.repeat(8), 'a pass phrase of some length', SECRET])(
    'is accepted: %s',
    (secret) => {
      expect(parseConfig(JSON.stringify({ dedupe: { secret } })).state).toBe('good');
    },
  );

  it.each(['short', 'x'.repeat(15), ' '.repeat(20), `${SECRET}\n`, 'x'.repeat(1025), 7, null])(
    'is refused and not repeated: %j',
    (secret) => {
      const reading = parseConfig(JSON.stringify({ dedupe: { secret } }));
      expect(reading).toEqual({
        state: 'refused',
        problem: expect.stringMatching(
          /dedupe\.secret: expected a text of 16 to 1024 bytes, such as `openssl rand -hex 32` makes$/,
        ),
      });
    },
  );

  it('is printed by no command, not even by the one that sets it', async () => {
    const { env, paths } = configured({});
    const commands = [
      ['config', 'set', 'dedupe.url', 'redis://:hunter2@localhost:1'],
      ['config', 'set', 'dedupe.secret', SECRET],
      ['config', 'get', 'dedupe.secret'],
      ['config', 'get', 'dedupe.secret', '--json'],
      ['config', 'set', 'dedupe.secret', SECRET, '--json'],
      ['config'],
      ['config', '--json'],
      ['status', '--json'],
      ['doctor', '--json'],
    ];
    const said: string[] = [];
    for (const words of commands) {
      const { stdout, stderr, exitCode } = await hookbus(words, env);
      if (words[0] === 'config') expect(exitCode).toBe(0);
      said.push(stdout + stderr);
    }
    expect(readFileSync(paths.config, 'utf8')).toContain(SECRET);
    expect(said.join('\n')).not.toContain(SECRET.slice(0, 20));
    expect(said[1]).toBe('dedupe.secret is now: "(hidden)"\n');
    expect(said[2]).toBe('(hidden)\n');
    const short = await hookbus(['config', 'set', 'dedupe.secret', 'hunter2'], env);
    expect(short.exitCode).toBe(1);
    expect(short.stderr).toMatch(/dedupe\.secret must be a text of 16/);
    expect(short.stderr).not.toContain('hunter2');
    expect((await hookbus(['config', 'unset', 'dedupe.secret'], env)).stdout).toMatch(
      /default: ""/,
    );
  });

  it('can be piped, so that no other user sees it', () => {
    const { env, paths } = configured({});
    const set = (input: string) =>
      spawnSync(execPath, [CLI, 'config', 'set', 'dedupe.secret', '-'], { input, env });
    expect(set(`${SECRET}\n`).status).toBe(0);
    expect(JSON.parse(readFileSync(paths.config, 'utf8')).dedupe.secret).toBe(SECRET);
    // The command that should have made a secret failed.
    expect(set('').status).toBe(1);
    expect(JSON.parse(readFileSync(paths.config, 'utf8')).dedupe.secret).toBe(SECRET);
  });

  it('counts only in a file that others cannot write', () => {
    const { paths } = configured({ secret: SECRET });
    expect(readConfigFile(paths.config).state).toBe('good');
    chmodSync(paths.config, 0o622);
    expect(readConfigFile(paths.config).state).toBe('refused');
  });
});
