/*
 * Measures what HookBus adds to a hook, with whole processes in turn: a machine whose speed drifts slows all of them
 * alike, and the difference to the bare command in each round is one sample. Prints tables and writes
 * bench/results.json. Run it from the root of the repository: make bench [ROUNDS=500]. docs/performance.md explains it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepBusy } from './busy.ts';
import { type Added, createComparison, withoutBudget } from './compare.ts';
import {
  type DaemonFigures,
  measureDaemon,
  whileBusy,
  withDaemon,
  withEverythingOn,
} from './daemon.ts';
import {
  bare,
  isInstalled,
  keySubjects,
  LAUNCHER,
  launcher,
  nodeSubjects,
  off,
  others,
  python,
  sleeping,
  storing,
  withLargePayload,
  writeLargePayload,
} from './subjects.ts';

const ROOT = process.cwd();
const SMALL = join(ROOT, 'fixtures', 'payloads', 'PreToolUse.Bash.json');
const AFTERWARDS = join(ROOT, 'fixtures', 'payloads', 'PostToolUse.Bash.json');
const ROUNDS = Math.max(1, Math.trunc(Number(process.argv[2] ?? 500)) || 500);
const HALF = Math.ceil(ROUNDS / 2);
const FEW = Math.ceil(ROUNDS / 5);
/** Number of records for the daemon to ingest; fewer in a short run. */
const RECORDS = Math.min(20_000, 40 * ROUNDS);

async function measure(
  scratch: string,
): Promise<Record<string, Added[] | DaemonFigures | undefined>> {
  const timer = join(scratch, 'timer');
  execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-o', timer, join(ROOT, 'bench', 'timer.c')]);
  const compare = createComparison(timer);
  const home = join(scratch, 'state');
  const pair = [bare, launcher(home)];
  const sideBySide = (count: number, subjects = pair.map(withoutBudget), rounds = FEW): Added[] =>
    compare(`Added, in ms, to ${count} hooks at once, until the last has ended`, subjects, {
      rounds,
      payload: SMALL,
      sideBySide: count,
    });
  // As users have it: with a daemon, which meanwhile ingests what earlier runs left behind.
  const [added, large_payload] = await withDaemon(home, async () => [
    compare('Added, in ms, to /bin/true', [...pair, storing(home), off, ...others()], {
      rounds: ROUNDS,
      payload: SMALL,
    }),
    compare(
      'Added, in ms, with a payload of 200 KB',
      [bare, withLargePayload(home), storing(home)],
      {
        rounds: ROUNDS,
        payload: writeLargePayload(scratch),
      },
    ),
  ]);
  const aloneHome = join(scratch, 'alone-state');
  const sleepers = (ms: number, rounds: number, how = ''): Added[] => {
    const subjects = sleeping(ms, home, aloneHome);
    return compare(
      `Added, in ms, to a hook of ${ms} ms${how}`,
      how === '' ? subjects : subjects.map(withoutBudget),
      {
        rounds,
        payload: SMALL,
      },
    );
  };
  const [hook_10_ms, hook_50_ms, hook_10_ms_busy, hook_50_ms_busy] = await withDaemon(
    home,
    async () => [
      sleepers(10, ROUNDS),
      sleepers(50, HALF),
      ...(await keepBusy(() => [
        sleepers(10, HALF, ', every CPU busy'),
        sleepers(50, FEW, ', every CPU busy'),
      ])),
    ],
  );
  const busyHome = join(scratch, 'busy-state');
  const busy = await whileBusy(busyHome, () =>
    compare(
      'Added, in ms, while the daemon ingests and a clean-up runs',
      [bare, withoutBudget(launcher(busyHome))],
      { rounds: ROUNDS, payload: SMALL },
    ),
  );
  const [side_by_side_8, side_by_side_32, python_8, python_32, keyed] = await withDaemon(
    home,
    async () => [
      sideBySide(8),
      sideBySide(32),
      ...(isInstalled('python3')
        ? [
            sideBySide(8, python(home), Math.ceil(ROUNDS / 10)),
            sideBySide(32, python(home), Math.ceil(ROUNDS / 25)),
          ]
        : [[], []]),
      compare('Added, in ms, by a dedupe key', keySubjects(home), {
        rounds: ROUNDS,
        payload: AFTERWARDS,
      }),
    ],
  );
  const observedHome = join(scratch, 'observed-state');
  const observed = await withDaemon(home, () =>
    withEverythingOn(observedHome, async () =>
      compare(
        'Added, in ms, beside daemons',
        [
          bare,
          { ...withoutBudget(launcher(home)), name: 'launcher, the daemon alone' },
          // The work of one daemon after a run must not overlap with the run of the other.
          { ...bare, name: 'bare /bin/true again' },
          {
            ...withoutBudget(launcher(observedHome)),
            name: 'launcher, alerts, exporters and page on',
          },
        ],
        { rounds: ROUNDS, payload: SMALL },
      ),
    ),
  );
  const node = compare('Node, in ms, against an empty node process', nodeSubjects(scratch), {
    rounds: FEW,
    payload: SMALL,
  });
  // Extra certificates make every start of Node slower, which would make the overhead seem smaller.
  const without = 'NODE_EXTRA_CA_CERTS';
  const node_plain = compare(`The same without ${without}`, nodeSubjects(scratch), {
    rounds: FEW,
    payload: SMALL,
    without,
  });
  const daemon = await measureDaemon(join(scratch, 'daemon-state'), RECORDS);
  return {
    added,
    large_payload,
    hook_10_ms,
    hook_50_ms,
    hook_10_ms_busy,
    hook_50_ms_busy,
    busy,
    side_by_side_8,
    side_by_side_32,
    python_8,
    python_32,
    keyed,
    observed,
    node,
    node_plain,
    daemon,
  };
}

function printDaemon({ drained_per_second, executions, rss_mb, descriptors }: DaemonFigures): void {
  console.log(
    `\nDaemon: ${Math.round(drained_per_second)} records a second, including its own start`,
  );
  for (const [index, count] of executions.entries()) {
    console.log(
      `after ${count} executions ${rss_mb[index]?.toFixed(1)} MB resident, ${descriptors[index]} descriptors open`,
    );
  }
}

if (!existsSync(LAUNCHER))
  throw new Error('bin/hookbus is missing; run make build on a machine with a C compiler');
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
