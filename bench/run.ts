/*
 * Measures what HookBus adds to a hook, as whole processes that take turns: a machine whose speed drifts slows all of
 * them alike, and each round's difference to the bare command is one sample. Prints tables and writes
 * bench/results.json. From the root of the repository: make bench [ROUNDS=500]. docs/performance.md explains it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Added, createComparison, type Subject } from './compare.ts';
import {
  type DaemonFigures,
  measureDaemon,
  whileBusy,
  withDaemon,
  withEverythingOn,
} from './daemon.ts';

const ROOT = process.cwd();
const LAUNCHER = join(ROOT, 'bin', 'hookbus');
const NODE_ENTRY = join(ROOT, 'bin', 'hookbus.js');
const SMALL = join(ROOT, 'fixtures', 'payloads', 'PreToolUse.Bash.json');
const ROUNDS = Math.max(1, Math.trunc(Number(process.argv[2] ?? 500)) || 500);
const FEW = Math.ceil(ROUNDS / 5);

const bare: Subject = { name: 'bare /bin/true', command: ['/bin/true'] };
const run = (...options: string[]): string[] => [
  LAUNCHER,
  'run',
  '--name',
  'noop',
  ...options,
  '--',
  '/bin/true',
];

const switchedOn = (home: string): Record<string, string> => ({
  HOOKBUS_ENABLED: '1',
  HOOKBUS_HOME: home,
  HOOKBUS_DAEMON: 'off',
});

const launcher = (home: string): Subject => ({
  name: 'launcher',
  command: run(),
  env: switchedOn(home),
});

const storing = (home: string): Subject => ({
  name: 'launcher --store-raw --compress',
  command: run('--store-raw', '--compress'),
  env: switchedOn(home),
});

const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Small programs from Debian that put themselves before a command too. */
function others(): Subject[] {
  return [['tini', '-s', '--'], ['dumb-init', '--'], ['chronic']]
    .filter(([program = '']) => isInstalled(program))
    .map((prefix) => ({ name: prefix[0] ?? '', command: [...prefix, '/bin/true'] }));
}

function nodeSubjects(scratch: string): Subject[] {
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

/** A hook that fails frees its key, so that each run claims it anew; `--fail-open` makes that an exit 0. */
function keySubjects(home: string): Subject[] {
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
    { name: 'launcher with a key', command: command('--dedupe'), env },
  ];
}

/** A payload of 200 KB, with what is looked for in it at both ends. */
function writeLargePayload(scratch: string): string {
  const path = join(scratch, 'large.json');
  const input = { content: 'x'.repeat(200_000) };
  const payload = { session_id: 's', tool_input: input, tool_use_id: 't' };
  writeFileSync(path, `${JSON.stringify(payload)}\n`);
  return path;
}

async function measure(scratch: string): Promise<Record<string, Added[] | DaemonFigures>> {
  const timer = join(scratch, 'timer');
  execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-o', timer, join(ROOT, 'bench', 'timer.c')]);
  const compare = createComparison(timer);
  const home = join(scratch, 'state');
  const pair = [bare, launcher(home)];
  const sideBySide = (count: number): Added[] =>
    compare(`Added, in ms, to ${count} hooks at once, until the last has ended`, pair, {
      rounds: FEW,
      payload: SMALL,
      sideBySide: count,
    });

  const off: Subject = { name: 'launcher, switched off', command: run() };
  // As users have it: with a daemon, which takes in meanwhile what the runs before left behind.
  const [added, large_payload] = await withDaemon(home, async () => [
    compare('Added, in ms, to /bin/true', [...pair, storing(home), off, ...others()], {
      rounds: ROUNDS,
      payload: SMALL,
    }),
    compare('Added, in ms, with a payload of 200 KB', [...pair, storing(home)], {
      rounds: ROUNDS,
      payload: writeLargePayload(scratch),
    }),
  ]);
  const busyHome = join(scratch, 'busy-state');
  const busy = await whileBusy(busyHome, () =>
    compare(
      'Added, in ms, while the daemon drains and a clean-up runs',
      [bare, launcher(busyHome)],
      { rounds: ROUNDS, payload: SMALL },
    ),
  );
  const [side_by_side_8, side_by_side_32, keyed] = await withDaemon(home, async () => [
    sideBySide(8),
    sideBySide(32),
    compare('Added, in ms, by a dedupe key', keySubjects(home), {
      rounds: ROUNDS,
      payload: SMALL,
    }),
  ]);
  const observedHome = join(scratch, 'observed-state');
  const observed = await withDaemon(home, () =>
    withEverythingOn(observedHome, async () =>
      compare(
        'Added, in ms, beside daemons',
        [
          bare,
          { ...launcher(home), name: 'launcher, the daemon alone' },
          // What the one daemon does after a run must not meet the run of the other.
          { ...bare, name: 'bare /bin/true again' },
          { ...launcher(observedHome), name: 'launcher, alerts, exporters and page on' },
        ],
        { rounds: ROUNDS, payload: SMALL },
      ),
    ),
  );
  const node = compare('Node, in ms, against an empty node process', nodeSubjects(scratch), {
    rounds: FEW,
    payload: SMALL,
  });
  // Extra certificates make every start of Node slower, and so what is added to it weigh less.
  const without = 'NODE_EXTRA_CA_CERTS';
  const node_plain = compare(`The same without ${without}`, nodeSubjects(scratch), {
    rounds: FEW,
    payload: SMALL,
    without,
  });
  const daemon = await measureDaemon(join(scratch, 'daemon-state'), 20_000);
  return {
    added,
    large_payload,
    busy,
    side_by_side_8,
    side_by_side_32,
    keyed,
    observed,
    node,
    node_plain,
    daemon,
  };
}

function printDaemon({ drained_per_second, executions, rss_mb, descriptors }: DaemonFigures): void {
  console.log(
    `\nDaemon: ${Math.round(drained_per_second)} records a second, its own start included`,
  );
  for (const [index, count] of executions.entries()) {
    console.log(
      `after ${count} executions ${rss_mb[index]?.toFixed(1)} MB resident, ${descriptors[index]} descriptors open`,
    );
  }
}

if (!existsSync(LAUNCHER))
  throw new Error('expected bin/hookbus, which `make build` makes where there is a C compiler');
const [cpu] = cpus();
console.log(
  `${cpus().length} x ${cpu?.model}; load ${loadavg()[0]?.toFixed(2)}; Node ${process.version}`,
);
const scratch = mkdtempSync(join(tmpdir(), 'hookbus-bench-'));
try {
  mkdirSync(join(scratch, 'state'));
  const figures = await measure(scratch);
  printDaemon(figures['daemon'] as DaemonFigures);
  const machine = {
    cpus: cpus().length,
    model: cpu?.model,
    node: process.version,
    rounds: ROUNDS,
    load: loadavg()[0],
  };
  writeFileSync(
    join(ROOT, 'bench', 'results.json'),
    `${JSON.stringify({ ...figures, machine }, null, 2)}\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
