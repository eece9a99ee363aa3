/*
 * Measures how much longer than an empty Node each command takes, on a small database, on one of 200,000 executions and
 * on one of a million. Prints tables: whole processes in turn, the time of the empty Node of the same round taken off.
 * Run it from the root of the repository: make bench-commands [ROUNDS=15]. docs/performance.md explains it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { statePaths } from '../src/config/home/paths.ts';
import { makeStateHome } from '../src/config/home/state-home.ts';
import { percentile } from '../src/metrics/percentile.ts';
import { openDatabase } from '../src/store/database.ts';
import { fillMonth } from '../test/support/million.ts';
import { seedExecutions } from '../test/support/seed.ts';
import { LAUNCHER } from './subjects.ts';

const ROUNDS = Math.max(1, Math.trunc(Number(process.argv[2] ?? 15)) || 15);

/** A table ends after the round in which it has taken this long, in s. */
const MAX_TABLE_SECONDS = 120;

/** A command line of a shell, without the program. ID and SESSION stand for ones that are on record. */
const SMALL = `--version
--help
status
doctor
hooks
logs
logs --status error
show ID
trace ID
trace --session SESSION
metrics
metrics --by session
metrics 1 --compare
report
alerts
explain no_such_hook
drill --dry-run
off lint --for 1h
on lint
cleanup --dry-run
config
daemon
export prometheus
install --dry-run
uninstall --dry-run
completion bash
__complete show ""`;

const LARGE = `status
doctor
doctor 720
hooks
logs
logs --status error
logs --decision deny
show ID
trace ID
trace --session SESSION
metrics
metrics 168
metrics 720
metrics 168 --compare
metrics 720 --by session
metrics 720 --by project
metrics 720 --by tool
report
report 168
report 720
report 720 --html
alerts
drill --dry-run
cleanup --dry-run
export prometheus
__complete logs --hook ""`;

const MILLION = `status
metrics 720
metrics 720 --by session
metrics 720 --by project
report 720`;

/** Commands that do something else than answer, or whose time is that of the hooks. */
const NOT_MEASURED = ['run', 'replay', 'test', 'dashboard', 'trust'];

interface Place {
  readonly home: string;
  readonly id: string;
  readonly session: string;
}

/** A home with a state directory and hooks in the settings of Claude Code. */
function makePlace(scratch: string, name: string, fill: (path: string) => void): Place {
  const home = join(scratch, name);
  const state = join(home, '.local', 'state', 'hookbus');
  mkdirSync(dirname(state), { recursive: true });
  makeStateHome(state, { HOME: home });
  const { database } = statePaths(state);
  fill(database);
  mkdirSync(join(home, '.claude'));
  const hook = (event: string, command: string) => [
    event,
    [{ hooks: [{ type: 'command', command }] }],
  ];
  const hooks = Object.fromEntries([
    hook('PreToolUse', 'python3 ~/.claude/hooks/guard_rm.py'),
    hook('PostToolUse', 'npx eslint --stdin | tee -a .claude/lint.log'),
    hook('Stop', 'notify-send "Claude Code"'),
  ]);
  writeFileSync(join(home, '.claude', 'settings.json'), JSON.stringify({ hooks }, null, 2));
  const db = openDatabase(database, 5000);
  try {
    const row = db.prepare('SELECT id, session_id FROM hook_logs ORDER BY id DESC LIMIT 1').get();
    const { id, session_id } = row as { id: number; session_id: string };
    return { home, id: String(id), session: session_id };
  } finally {
    db.close();
  }
}

/** Wall time and processor time of each command of one round, in ms; those of the empty Node come first. */
type Round = readonly (readonly [wallMs: number, cpuMs: number])[];

function measure(timer: string, place: Place, lines: readonly string[]): Round[] {
  const empty = join(place.home, 'empty.cjs');
  const page = join(place.home, 'report.html');
  writeFileSync(empty, '');
  const words = lines.map((line) =>
    line
      .replace('ID', place.id)
      .replace('SESSION', place.session)
      .replace('--html', `--html\t${page}\t--force`)
      .replace('""', '')
      .replaceAll(' ', '\t'),
  );
  const variables = ['HOME', 'PATH', 'NODE_EXTRA_CA_CERTS'].flatMap((name) => {
    const value = name === 'HOME' ? place.home : process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const list = [`${process.execPath}\t${empty}`, ...words.map((line) => `${LAUNCHER}\t${line}`)];
  const rounds: Round[] = [];
  const end = performance.now() + MAX_TABLE_SECONDS * 1000;
  // The first round fills the caches.
  for (let round = 0; round <= ROUNDS && (round < 2 || performance.now() < end); round += 1) {
    const { stdout, stderr, status } = spawnSync(timer, ['1', '/dev/null', '1', 'cpu'], {
      input: `${list.join('\n')}\n`,
      encoding: 'utf8',
      cwd: place.home,
      env: { ...Object.fromEntries(variables), HOOKBUS_DAEMON: 'off' },
    });
    if (status !== 0) throw new Error(`the timer ended with ${status}: ${stderr}`);
    const cells = stdout
      .trim()
      .split(' ')
      .map((cell) => cell.split('/').map((ns) => Number(ns) / 1e6));
    if (round > 0) rounds.push(cells.map(([wall = 0, cpu = 0]) => [wall, cpu] as const));
  }
  return rounds;
}

function print(
  title: string,
  goalMs: number,
  lines: readonly string[],
  rounds: readonly Round[],
): void {
  const median = (of: (round: Round) => number): number => percentile(rounds.map(of), 50) ?? 0;
  const at = (round: Round, index: number, part: 0 | 1): number => round[index]?.[part] ?? 0;
  const above = (index: number, part: 0 | 1): number =>
    median((round) => at(round, index, part) - at(round, 0, part));
  const node = [0, 1].map((part) => median((round) => at(round, 0, part as 0 | 1)).toFixed(0));
  console.log(
    `\n${title} (${rounds.length} rounds; an empty Node takes ${node.join(' ms, of processor time ')} ms; goal ${goalMs})`,
  );
  console.log(
    `${''.padEnd(34)}${'ms above'.padStart(9)}${'ratio'.padStart(8)}${'CPU above'.padStart(11)}`,
  );
  for (const [place, line] of lines.entries()) {
    const index = place + 1;
    const ratio = median((round) => at(round, index, 0) / at(round, 0, 0));
    const isOver = above(index, 1) > goalMs;
    console.log(
      `${line.padEnd(34)}${above(index, 0).toFixed(0).padStart(9)}${ratio.toFixed(1).padStart(8)}${above(index, 1).toFixed(0).padStart(11)}${isOver ? '  over' : ''}`,
    );
  }
}

if (!existsSync(LAUNCHER))
  throw new Error('bin/hookbus is missing; run make build on a machine with a C compiler');
const scratch = mkdtempSync(join(tmpdir(), 'hookbus-bench-'));
try {
  const timer = join(scratch, 'timer');
  execFileSync(process.env['CC'] ?? 'cc', [
    '-O2',
    '-o',
    timer,
    join(process.cwd(), 'bench', 'timer.c'),
  ]);
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}; load ${loadavg()[0]?.toFixed(2)}; Node ${process.version}`,
  );
  const tables = [
    [
      '400 executions',
      100,
      SMALL,
      (path: string) =>
        void seedExecutions(path, { count: 400, untilMs: Date.now(), overMs: 20 * 3_600_000 }),
    ],
    ['200,000 executions of 30 days', 250, LARGE, (path: string) => fillMonth(path, 200_000)],
    [
      'a million executions of 30 days',
      1500,
      MILLION,
      (path: string) => fillMonth(path, 1_000_000),
    ],
  ] as const;
  for (const [title, goalMs, text, fill] of tables) {
    const lines = text.split('\n');
    const place = makePlace(scratch, title.replaceAll(/\W+/g, '-'), fill);
    print(title, goalMs, lines, measure(timer, place, lines));
  }
  const measured = new Set(
    [...SMALL.split('\n'), ...NOT_MEASURED].map((line) => line.split(' ')[0]),
  );
  const missing = COMMANDS.filter(({ name }) => !measured.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(`bench/commands.ts does not measure ${missing.join(', ')}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
