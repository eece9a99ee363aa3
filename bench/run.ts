/*
 * Measures what HookBus adds, as whole processes: the commands take turns, so that a machine whose speed drifts slows
 * them all alike, and what counts is the ratio. From the root of the repository: make bench [ROUNDS=60]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from '../src/metrics/percentile.ts';

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly enabled: boolean;
}

const ROOT = process.cwd();
const HOOKBUS = join(ROOT, 'bin', 'hookbus.js');
const PAYLOAD = join(ROOT, 'fixtures', 'payloads', 'PreToolUse.Bash.json');
const WARM_UP_ROUNDS = 3;

const rounds = Number(process.argv[2] ?? 60);
const scratch = mkdtempSync(join(tmpdir(), 'hookbus-bench-'));
const empty = join(scratch, 'empty.cjs');
writeFileSync(empty, '');

const run = [process.execPath, HOOKBUS, 'run', '--name', 'noop', '--'];
const subjects: readonly Subject[] = [
  { name: 'empty node process', command: [process.execPath, empty], enabled: false },
  { name: 'hookbus run, Node engine', command: [...run, '/bin/true'], enabled: true },
  { name: 'the same, switched off', command: [...run, '/bin/true'], enabled: false },
];

function time(subject: Subject): number {
  const [program = '', ...parameters] = subject.command;
  const stdin = openSync(PAYLOAD, 'r');
  const before = process.hrtime.bigint();
  const { status } = spawnSync(program, parameters, {
    stdio: [stdin, 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOOKBUS_ENABLED: subject.enabled ? '1' : '0',
      HOOKBUS_HOME: join(scratch, 'state'),
      HOOKBUS_DAEMON: 'off',
    },
  });
  const ms = Number(process.hrtime.bigint() - before) / 1e6;
  if (status !== 0) throw new Error(`${subject.name} ended with ${status}`);
  return ms;
}

const times = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
  for (const subject of subjects) {
    const ms = time(subject);
    if (round >= 0) times.get(subject)?.push(ms);
  }
}
rmSync(scratch, { recursive: true, force: true });

const [baseline] = subjects;
console.log(
  `${rounds} rounds, the commands in turn; milliseconds of wall time of the whole process\n`,
);
console.log(
  `${'command'.padEnd(28)} ${'P50'.padStart(8)} ${'P95'.padStart(8)} ${'P99'.padStart(8)} ${'x empty'.padStart(8)}`,
);
for (const [subject, values] of times) {
  const base = baseline === undefined ? [] : (times.get(baseline) ?? []);
  // Pair by pair: each round's two runs met the same machine.
  const ratio =
    percentile(
      values.map((value, index) => value / (base[index] ?? value)),
      50,
    ) ?? 1;
  const cells = [50, 95, 99].map((rank) => (percentile(values, rank) ?? 0).toFixed(1).padStart(8));
  console.log(`${subject.name.padEnd(28)} ${cells.join(' ')} ${ratio.toFixed(2).padStart(8)}`);
}
