import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { CLI } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const BIN = join(CLI, '..');

it.each([
  ['does not exist', (bundle: string) => rmSync(join(bundle, '..'), { recursive: true })],
  ['lacks its file', (bundle: string) => rmSync(bundle)],
  ['is empty', (bundle: string) => truncateSync(bundle, 0)],
  ['is truncated', (bundle: string) => truncateSync(bundle, 20_000)],
])('a guard refuses as without HookBus if the bundle of the Node engine %s', (_what, spoil) => {
  const directory = temporaryDirectory();
  cpSync(BIN, join(directory, 'bin'), { recursive: true });
  mkdirSync(join(directory, 'dist'));
  cpSync(join(BIN, '../dist/run.cjs'), join(directory, 'dist/run.cjs'));
  spoil(join(directory, 'dist/run.cjs'));
  const run = (...words: string[]) => {
    const { status, signal, stdout, stderr } = spawnSync(
      execPath,
      [join(directory, 'bin/hookbus.js'), 'run', '--name', 'guard', ...words],
      { input: 'payload', encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    );
    return { status, signal, stdout, stderr };
  };
  const line = 'cat; echo no >&2; exit 2';
  const refused = { status: 2, signal: null, stdout: 'payload', stderr: 'no\n' };
  for (const words of [['--', 'sh', '-c', line], ['--shell', line], [`--shell=${line}`]])
    expect(run(...words)).toEqual(refused);
  expect(run('--', 'sh', '-c', 'kill -KILL $$')).toMatchObject({ signal: 'SIGKILL' });
  expect(run('--', 'sh', '-c', 'kill -PIPE $$')).toMatchObject({ status: 141 });
  expect(run('--', './no-such-hook')).toMatchObject({ status: 127, stdout: '' });
});

/** A disk that was full, or an update that was interrupted between a bundle and its code. */
it.each([
  ['is truncated', (good: Buffer) => good.subarray(0, good.length - 4096)],
  ['is empty', () => Buffer.alloc(0)],
  ['has holes', (good: Buffer) => good.map((byte, at) => (at < 4096 || at & 0x3000 ? byte : 0))],
])('a guard refuses as without HookBus if the code that V8 compiled %s', (_what, spoil) => {
  const directory = temporaryDirectory();
  cpSync(BIN, join(directory, 'bin'), { recursive: true });
  mkdirSync(join(directory, 'dist'));
  for (const file of ['run.cjs', 'run.cache'])
    cpSync(join(BIN, '../dist', file), join(directory, 'dist', file));
  const path = join(directory, 'dist/run.cache');
  writeFileSync(path, spoil(readFileSync(path)));
  const { status, signal, stderr } = spawnSync(
    execPath,
    [
      join(directory, 'bin/hookbus.js'),
      'run',
      '--name',
      'g',
      '--',
      'sh',
      '-c',
      'echo no >&2; exit 2',
    ],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  );
  expect({ status, signal, stderr }).toEqual({ status: 2, signal: null, stderr: 'no\n' });
});

it.each(['run', 'main'])(
  'a start takes the code of the bundle %s that V8 compiled at build time',
  (name) => {
    const bundle = join(BIN, '../dist', `${name}.cjs`);
    // Read as bin/hookbus.js and bin/executable.js do.
    const script = new Script(Module.wrap(readFileSync(bundle, 'latin1')), {
      filename: bundle,
      cachedData: readFileSync(bundle.replace(/cjs$/, 'cache')).subarray(0, -4),
    });
    expect(script.cachedDataRejected).toBe(false);
  },
);

it('the bundles are pure ASCII, so that their rules find what they are to find', () => {
  const bundles = readdirSync(join(BIN, '../dist'), { recursive: true, encoding: 'utf8' });
  const others = bundles
    .filter((name) => name.endsWith('.cjs') && !name.startsWith('new'))
    .filter((name) => /[^\0-\x7f]/.test(readFileSync(join(BIN, '../dist', name), 'latin1')));
  expect(others).toEqual([]);
});
