import { spawnSync } from 'node:child_process';
import { percentile } from '../src/metrics/percentile.ts';

export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it may add on an idle machine: P50, P95 and P99 in ms. */
  readonly budget?: Budget;
}

type Budget = readonly [number, number, number];

/** On a busy machine no budget applies. */
export function withoutBudget({ budget: _, ...subject }: Subject): Subject {
  return subject;
}

/** The time of a subject beyond that of the first one in its table; the first one's own time is listed. */
export interface Added {
  readonly name: string;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Median over the rounds of its time divided by the first subject's time. */
  readonly ratio: number;
  readonly budget_ms?: Budget;
  readonly is_within_budget?: boolean;
}

export interface Conditions {
  readonly rounds: number;
  /** A file for the stdin of each. */
  readonly payload: string;
  /** Number of commands that run at the same time; the time ends with the last one. Default 1. */
  readonly sideBySide?: number;
  /** A variable to remove from the environment. */
  readonly without?: string;
}

const WARM_UP = 10;

/** How long a round may take, in ms; after that, it hangs. */
const MAX_ROUND_MS = 20_000;

// Without HOME, as the daemon beside: with it the launchers would not trust a state directory that was made without.
const OUTSIDE = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKBUS_') && name !== 'HOME'),
);

/** Measures with bench/timer.c, compiled to `timer`. */
export function createComparison(timer: string) {
  /** Rounds of nanoseconds, one number per subject. @throws if a command fails or hangs */
  function time(subjects: readonly Subject[], conditions: Conditions): number[][] {
    const { rounds, payload, sideBySide = 1, without } = conditions;
    const outside = Object.entries(OUTSIDE).filter(([name]) => name !== without);
    const list = subjects.map(({ command, env = {} }) =>
      [...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...command].join('\t'),
    );
    const { stdout, status, stderr, error } = spawnSync(
      timer,
      [String(rounds + WARM_UP), payload, String(sideBySide)],
      {
        input: `${list.join('\n')}\n`,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        timeout: (rounds + WARM_UP) * MAX_ROUND_MS,
        // The unchanged environment: what Node loads at its start, such as extra certificates, is part of every run.
        env: Object.fromEntries(outside),
      },
    );
    if (status !== 0) throw new Error(`the timer ended with ${status}: ${error ?? stderr}`);
    return stdout
      .trim()
      .split('\n')
      .slice(WARM_UP)
      .map((line) => line.split(' ').map(Number));
  }

  /** Prints a table and returns it. */
  return function compare(
    title: string,
    subjects: readonly Subject[],
    conditions: Conditions,
  ): Added[] {
    const times = time(subjects, conditions);
    const added = subjects.map(({ name, budget }, index) =>
      withBudget({ name, ...summarize(times, index) }, budget),
    );
    print(`${title} (${conditions.rounds} rounds, in turn)`, added);
    return added;
  };
}

/** A round of all subjects is one sample, so that what slows the whole machine counts on both sides. */
function summarize(times: readonly number[][], index: number): Omit<Added, 'name'> {
  const own = (round: number[]): number => round[index] ?? 0;
  const first = (round: number[]): number => round[0] ?? 0;
  const added = times.map((round) => (own(round) - (index === 0 ? 0 : first(round))) / 1e6);
  const ratios = times.map((round) => own(round) / first(round));
  const at = (rank: number): number => percentile(added, rank) ?? 0;
  return { p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), ratio: percentile(ratios, 50) ?? 1 };
}

function withBudget(added: Added, budget: Budget | undefined): Added {
  if (budget === undefined) return added;
  const [p50, p95, p99] = budget;
  const isWithin = added.p50_ms <= p50 && added.p95_ms <= p95 && added.p99_ms <= p99;
  return { ...added, budget_ms: budget, is_within_budget: isWithin };
}

/** The rest of a line: the budget, and whether the row keeps it. */
function verdict({ budget_ms, is_within_budget }: Added): string {
  if (budget_ms === undefined) return '';
  return `   ${is_within_budget ? 'within' : 'over'} ${budget_ms.join(' / ')}`;
}

function print(title: string, rows: readonly Added[]): void {
  const heads = ['P50', 'P95', 'P99'].map((head) => head.padStart(9)).join('');
  console.log(`\n${title}\n${''.padEnd(44)}${heads}${'ratio'.padStart(8)}`);
  for (const [index, row] of rows.entries()) {
    const cells = [row.p50_ms, row.p95_ms, row.p99_ms].map((ms) =>
      `${index === 0 || ms < 0 ? '' : '+'}${ms.toFixed(2)}`.padStart(9),
    );
    console.log(
      `${row.name.padEnd(44)}${cells.join('')}${row.ratio.toFixed(2).padStart(8)}${verdict(row)}`,
    );
  }
}
