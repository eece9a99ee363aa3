import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from './compare.ts';

const ROOT = process.cwd();
export const LAUNCHER = join(ROOT, 'bin', 'hookbus');
const NODE_ENTRY = join(ROOT, 'bin', 'hookbus.js');

/** What the launcher may add on an idle machine: P50, P95 and P99 in ms. */
const BUDGET = {
  nothing: [0.5, 1, 2],
  hookOf10Ms: [0.5, 1.5, 3],
  largePayload: [1.2, 3, 6],
  key: [0.5, 2, 4],
} as const;

const wrap = (hook: readonly string[], ...options: string[]): string[] => [
  LAUNCHER,
  'run',
  '--name',
  'noop',
  ...options,
  '--',
  ...hook,
];
const run = (...options: string[]): string[] => wrap(['/bin/true'], ...options);

export const bare: Subject = { name: 'bare /bin/true', command: ['/bin/true'] };
export const off: Subject = { name: 'launcher, switched off', command: run() };

const switchedOn = (home: string): Record<string, string> => ({
  HOOKBUS_ENABLED: '1',
  HOOKBUS_HOME: home,
  HOOKBUS_DAEMON: 'off',
});

export const launcher = (home: string): Subject => ({
  name: 'launcher',
  command: run(),
  env: switchedOn(home),
  budget: BUDGET.nothing,
});

export const withLargePayload = (home: string): Subject => ({
  ...launcher(home),
  budget: BUDGET.largePayload,
});

/** A hook that takes this long, like most; a machine that has slept wakes up more slowly. */
export function sleeping(ms: number, home: string, aloneHome: string): Subject[] {
  const hook = ['sleep', String(ms / 1000)];
  const budget = ms === 10 ? { budget: BUDGET.hookOf10Ms } : {};
  const wrapped = { name: 'launcher', command: wrap(hook), env: switchedOn(home), ...budget };
  return [
    { name: `bare hook of ${ms} ms`, command: hook },
    wrapped,
    // Leaves nothing to reuse.
    { ...wrapped, name: 'launcher, without a daemon', env: switchedOn(aloneHome) },
  ];
}

/** A guard as people write it. */
export function python(home: string): Subject[] {
  const hook = ['python3', join(ROOT, 'fixtures', 'hooks', 'guard_rm.py')];
  return [
    { name: 'bare hook in Python', command: hook },
    { name: 'launcher', command: wrap(hook), env: switchedOn(home) },
  ];
}

export const storing = (home: string): Subject => ({
  name: 'launcher --store-raw --compress',
  command: run('--store-raw', '--compress'),
  env: switchedOn(home),
});

export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Small programs from Debian that also run a command as a prefix. */
export function others(): Subject[] {
  return [['tini', '-s', '--'], ['dumb-init', '--'], ['chronic']]
    .filter(([program = '']) => isInstalled(program))
    .map((prefix) => ({ name: prefix[0] ?? '', command: [...prefix, '/bin/true'] }));
}

export function nodeSubjects(scratch: string): Subject[] {
  const empty = join(scratch, 'empty.cjs');
  writeFileSync(empty, '');
  const engine = [process.execPath, NODE_ENTRY, 'run', '--name', 'noop', '--', '/bin/true'];
  const wrapper = [process.execPath, join(ROOT, 'bench', 'plain-wrapper.js')];
  return [
    { name: 'empty node process', command: [process.execPath, empty] },
    { name: 'Node engine', command: engine, env: switchedOn(join(scratch, 'node-state')) },
    { name: 'Node engine, switched off', command: engine },
    {
      name: 'plain yargs + execa + better-sqlite3',
      command: [...wrapper, '--name', 'noop', '--', '/bin/true'],
      env: { HOOKBUS_HOME: scratch },
    },
  ];
}

/** A hook that fails frees its key, so that each run claims it again; `--fail-open` turns that into exit code 0. */
export function keySubjects(home: string): Subject[] {
  const command = (...options: string[]): string[] => [
    LAUNCHER,
    'run',
    '--name',
    'noop',
    '--fail-open',
    '--event',
    'PostToolUse',
    ...options,
    '--',
    '/bin/false',
  ];
  const env = switchedOn(home);
  return [
    { name: 'launcher without a key', command: command(), env },
    { name: 'launcher with a key', command: command('--dedupe'), env, budget: BUDGET.key },
  ];
}

/** A payload of 200 KB, with the fields that HookBus searches for at both ends. */
export function writeLargePayload(scratch: string): string {
  const path = join(scratch, 'large.json');
  const input = { content: 'x'.repeat(200_000) };
  const payload = { session_id: 's', tool_input: input, tool_use_id: 't' };
  writeFileSync(path, `${JSON.stringify(payload)}\n`);
  return path;
}
