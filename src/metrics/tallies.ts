import { isFailure, isRun, STATUSES, type Status } from '../domain/execution.ts';
import type { Rollup, Sample } from '../domain/sample.ts';
import type { Distribution } from './percentile.ts';
import type { Times } from './times.ts';

/** How executions ended and how long they took; docs/json.md explains each field. */
export interface Figures {
  readonly runs: number;
  readonly success: number;
  readonly blocked: number;
  readonly denied: number;
  readonly error: number;
  readonly timeout: number;
  readonly deduped: number;
  readonly breaker_skipped: number;
  readonly failure_rate: number | null;
  readonly dedupe_rate: number | null;
  readonly avg_ms: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
  readonly total_ms: number;
}

/** The counts and times of a group of executions. */
export interface Tally {
  readonly counts: Record<Status, number>;
  denied: number;
  readonly durations: Times;
}

export function countSample(tally: Tally, { status, decision, durationMs }: Sample): void {
  tally.counts[status] += 1;
  if (decision === 'deny') tally.denied += 1;
  if (durationMs !== null && isRun(status)) tally.durations.add(durationMs);
}

export function countRollup(
  tally: Tally,
  { counts, denied, duration }: Pick<Rollup, 'counts' | 'denied' | 'duration'>,
): void {
  for (const [status, count] of Object.entries(counts) as [Status, number][]) {
    tally.counts[status] += count;
  }
  tally.denied += denied;
  if (duration.sketch !== null) {
    tally.durations.addEncoded(duration.sketch, duration.sumMs, duration.maxMs ?? 0);
  }
}

/** Tallies by a key. */
export function createTallies<Key extends string | readonly string[]>(makeTimes: () => Times) {
  const tallies = new Map<string, Tally & { readonly key: Key }>();
  return {
    of(key: Key): Tally {
      const name = typeof key === 'string' ? key : key.join('\0');
      let tally = tallies.get(name);
      if (tally === undefined) {
        const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
        tally = {
          key,
          counts: counts as Record<Status, number>,
          denied: 0,
          durations: makeTimes(),
        };
        tallies.set(name, tally);
      }
      return tally;
    },
    all: (): { key: Key; figures: Figures }[] =>
      [...tallies.values()].map((tally) => ({ key: tally.key, figures: figuresOf(tally) })),
  };
}

function figuresOf({ counts, denied, durations }: Tally): Figures {
  const statuses = Object.entries(counts) as [Status, number][];
  const count = (doesCount: (status: Status) => boolean): number =>
    statuses.reduce((sum, [status, times]) => sum + (doesCount(status) ? times : 0), 0);
  const runs = count(isRun);
  const times = durations.describe();
  return {
    runs,
    success: counts.success,
    blocked: counts.blocked,
    denied,
    error: counts.error,
    timeout: counts.timeout,
    deduped: counts.dedupe_skip,
    breaker_skipped: counts.breaker_skip,
    failure_rate: ratio(count(isFailure), runs),
    dedupe_rate: ratio(
      counts.dedupe_skip,
      count(() => true),
    ),
    ...millisecondFields(times),
    total_ms: toMicroseconds(times.totalMs),
  };
}

export function millisecondFields(times: Distribution) {
  return {
    avg_ms: times.averageMs === undefined ? null : toMicroseconds(times.averageMs),
    p50_ms: times.p50Ms === undefined ? null : toMicroseconds(times.p50Ms),
    p95_ms: times.p95Ms === undefined ? null : toMicroseconds(times.p95Ms),
    p99_ms: times.p99Ms === undefined ? null : toMicroseconds(times.p99Ms),
    max_ms: times.maxMs ?? null,
  };
}

export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Removes floating-point noise from sums; the clock has a resolution of microseconds at best. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
