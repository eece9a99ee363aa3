/*
 * Measures what HookBus adds to a hook, as whole processes that take turns: a machine whose speed drifts slows all of
 * them alike, and each round's difference to the bare command is one sample. Prints tables and writes
 * bench/results.json. From the root of the repository: make bench [ROUNDS=500]. docs/performance.md explains it.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { statePaths } from '../src/config/paths.ts';
import { socketPath } from '../src/config/socket-path.ts';
import { makeStateHome } from '../src/config/state-home.ts';
import { askDaemon, stopDaemon } from '../src/daemon/client.ts';
import { percentile } from '../src/metrics/percentile.ts';
import { encodeBegin, encodeEnd } from '../src/protocol/record.ts';
import { createSpool } from '../src/spool/spool.ts';
import { aBegin, anEnd } from '../test/support/records.ts';

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Added {
  readonly name: string;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Of each round, against the first subject. */
  readonly ratio: number;
}

const ROOT = process.cwd();
const LAUNCHER = join(ROOT, 'bin', 'hookbus');
const NODE_ENTRY = join(ROOT, 'bin', 'hookbus.js');
const SMALL = join(ROOT, 'fixtures', 'payloads', 'PreToolUse.Bash.json');
const ROUNDS = Number(process.argv[2] ?? 500);
const WARM_UP = 10;

const scratch = mkdtempSync(join(tmpdir(), 'hookbus-bench-'));
let home = join(scratch, 'state');
const timer = join(scratch, 'timer');
let ON = { HOOKBUS_ENABLED: '1', HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' };
const OUTSIDE = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKBUS_')),
);
const results: Record<string, unknown> = {};

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

/** Rounds of nanoseconds, a number a subject, from bench/timer.c. */
function time(
  subjects: readonly Subject[],
  rounds: number,
  payload: string,
  sideBySide = 1,
): number[][] {
  const list = subjects.map(({ command, env = {} }) =>
    [...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...command].join('\t'),
  );
  const { stdout, status, stderr } = spawnSync(
    timer,
    [String(rounds + WARM_UP), payload, String(sideBySide)],
    {
      input: `${list.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      // The environment as it is: what Node loads at its start, such as extra certificates, is part of every run.
      env: OUTSIDE,
    },
  );
  if (status !== 0) throw new Error(`the timer ended with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .slice(WARM_UP)
    .map((line) => line.split(' ').map(Number));
}

function compare(
  title: string,
  key: string,
  subjects: readonly Subject[],
  rounds: number,
  payload: string,
  sideBySide = 1,
): void {
  const times = time(subjects, rounds, payload, sideBySide);
  const added = subjects.map((subject, index): Added => {
    const differences = times.map(
      (round) => ((round[index] ?? 0) - (index === 0 ? 0 : (round[0] ?? 0))) / 1e6,
    );
    const at = (rank: number): number => percentile(differences, rank) ?? 0;
    const ratio =
      percentile(
        times.map((round) => (round[index] ?? 0) / (round[0] ?? 1)),
        50,
      ) ?? 1;
    return { name: subject.name, p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), ratio };
  });
  console.log(`\n${title} (${rounds} rounds, in turn)`);
  console.log(
    `${''.padEnd(44)}${'P50'.padStart(9)}${'P95'.padStart(9)}${'P99'.padStart(9)}${'ratio'.padStart(8)}`,
  );
  for (const [index, row] of added.entries()) {
    const cells = [row.p50_ms, row.p95_ms, row.p99_ms].map((ms) =>
      `${index === 0 ? '' : '+'}${ms.toFixed(2)}`.padStart(9),
    );
    console.log(`${row.name.padEnd(44)}${cells.join('')}${row.ratio.toFixed(2).padStart(8)}`);
  }
  results[key] = added;
}

const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function fastSubjects(): Subject[] {
  return [
    bare,
    { name: 'launcher', command: run(), env: ON },
    { name: 'launcher --store-raw --compress', command: run('--store-raw', '--compress'), env: ON },
    { name: 'launcher, switched off', command: run() },
    ...[['tini', '-s', '--'], ['dumb-init', '--'], ['chronic']]
      .filter(([program = '']) => isInstalled(program))
      .map((prefix): Subject => ({ name: prefix[0] ?? '', command: [...prefix, '/bin/true'] })),
  ];
}

function slowSubjects(): Subject[] {
  const empty = join(scratch, 'empty.cjs');
  writeFileSync(empty, '');
  const node = [process.execPath, NODE_ENTRY, 'run', '--name', 'noop', '--', '/bin/true'];
  return [
    { name: 'empty node process', command: [process.execPath, empty] },
    { name: 'Node engine', command: node, env: ON },
    { name: 'Node engine, switched off', command: node },
    {
      name: 'plain yargs + execa + better-sqlite3',
      command: [
        process.execPath,
        join(ROOT, 'bench', 'plain-wrapper.js'),
        '--name',
        'noop',
        '--',
        '/bin/true',
      ],
      env: { HOOKBUS_HOME: scratch },
    },
  ];
}

/** Fills the spool as launchers would. */
function fillSpool(count: number, ageMs = 0): void {
  const paths = statePaths(home);
  makeStateHome(home);
  const spool = createSpool(paths.spool, paths.setAside);
  for (let index = 0; index < count; index += 1) {
    const begin = aBegin({ createdAtMs: Date.now() - ageMs });
    spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
  }
}

async function startDaemon(): Promise<number> {
  const child = spawn(process.execPath, [NODE_ENTRY, 'daemon', 'run'], {
    env: { ...process.env, ...ON },
    stdio: 'ignore',
  });
  for (
    let state = await askDaemon(socketPath(home));
    state === undefined;
    state = await askDaemon(socketPath(home))
  ) {
    await wait(10);
  }
  return child.pid ?? 0;
}

async function measureDaemon(): Promise<void> {
  home = join(scratch, 'quiet-state');
  ON = { ...ON, HOOKBUS_HOME: home };
  const count = 20_000;
  fillSpool(count);
  const before = performance.now();
  const pid = await startDaemon();
  let state = await askDaemon(socketPath(home));
  while ((state?.drained ?? 0) < count) {
    await wait(20);
    state = await askDaemon(socketPath(home));
  }
  const seconds = (performance.now() - before) / 1000;
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  fillSpool(count);
  while ((state?.drained ?? 0) < 2 * count) {
    await wait(20);
    state = await askDaemon(socketPath(home));
  }
  const rss = (state?.rss_bytes ?? 0) / 1024 / 1024;
  const later = readdirSync(`/proc/${pid}/fd`).length;
  await stopDaemon(socketPath(home));
  results['daemon'] = {
    drained_per_second: count / seconds,
    rss_mib: rss,
    descriptors,
    descriptors_later: later,
  };
  console.log(
    `\nDaemon: ${Math.round(count / seconds)} records a second, its own start included; after ${2 * count}`,
  );
  console.log(
    `executions ${rss.toFixed(1)} MiB resident, ${descriptors} then ${later} descriptors open`,
  );
}

/** Everything in the database is past its retention, and goes while hooks run. */
async function measureBusyDaemon(rounds: number): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  fillSpool(30_000, 30 * 86_400_000);
  await startDaemon();
  const cleanup = spawn(process.execPath, [NODE_ENTRY, 'cleanup'], {
    env: { ...process.env, ...ON },
    stdio: 'ignore',
  });
  compare(
    'Added, in ms, while the daemon drains and a clean-up runs',
    'busy',
    [bare, { name: 'launcher', command: run(), env: ON }],
    rounds,
    SMALL,
  );
  cleanup.kill('SIGTERM');
  await stopDaemon(socketPath(home));
}

execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-o', timer, join(ROOT, 'bench', 'timer.c')]);
if (!existsSync(LAUNCHER))
  throw new Error('expected bin/hookbus, which `make build` makes where there is a C compiler');
mkdirSync(home, { recursive: true });
const large = join(scratch, 'large.json');
writeFileSync(
  large,
  `${JSON.stringify({ session_id: 's', tool_input: { content: 'x'.repeat(200_000) }, tool_use_id: 't' })}\n`,
);
console.log(
  `${cpus().length} x ${cpus()[0]?.model}; load ${loadavg()[0]?.toFixed(2)}; Node ${process.version}`,
);

compare('Added, in ms, to /bin/true', 'added', fastSubjects(), ROUNDS, SMALL);
compare(
  'Added, in ms, with a payload of 200 KB',
  'large_payload',
  [
    bare,
    { name: 'launcher', command: run(), env: ON },
    { name: 'launcher --store-raw --compress', command: run('--store-raw', '--compress'), env: ON },
  ],
  ROUNDS,
  large,
);
await measureBusyDaemon(ROUNDS);
for (const sideBySide of [8, 32]) {
  compare(
    `Added, in ms, to ${sideBySide} hooks at once, until the last has ended`,
    `side_by_side_${sideBySide}`,
    [bare, { name: 'launcher', command: run(), env: ON }],
    Math.ceil(ROUNDS / 5),
    SMALL,
    sideBySide,
  );
}
compare(
  'Node, in ms, against an empty node process',
  'node',
  slowSubjects(),
  Math.ceil(ROUNDS / 5),
  SMALL,
);
await measureDaemon();
results['machine'] = {
  cpus: cpus().length,
  model: cpus()[0]?.model,
  node: process.version,
  rounds: ROUNDS,
};
writeFileSync(join(ROOT, 'bench', 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
rmSync(scratch, { recursive: true, force: true });
