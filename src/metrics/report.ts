import { isFailure, type Status } from '../domain/execution.ts';
import { type Distribution, describeTimes } from './percentile.ts';
import {
  FAILURE_RATE_TARGET,
  type Grade,
  gradeOf,
  OVERHEAD_TARGETS,
  type Target,
} from './targets.ts';

/** What of an execution counts. */
export interface Sample {
  readonly hookName: string;
  readonly eventType: string;
  readonly status: Status;
  readonly durationMs: number | null;
  readonly overheadMs: number | null;
}

/** A figure with its target, as it leaves in JSON. */
export interface Graded extends Target {
  readonly value: number | null;
  readonly grade: Grade | null;
}

/** One hook on one event; docs/json.md says what each field means. */
export interface HookMetrics {
  readonly hook_name: string;
  readonly event_type: string;
  readonly runs: number;
  readonly success: number;
  readonly blocked: number;
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

/** The whole of `metrics --json`; docs/json.md says what each field means. */
export interface MetricsReport {
  readonly window_hours: number;
  /** Rows of the window, whether the hook ran or was skipped. */
  readonly executions: number;
  readonly runs: number;
  readonly failures: number;
  readonly failure_rate: Graded;
  readonly total_ms: number;
  readonly overhead: {
    readonly count: number;
    readonly avg_ms: number | null;
    readonly p50_ms: number | null;
    readonly p95_ms: number | null;
    readonly p99_ms: number | null;
    readonly max_ms: number | null;
    readonly grades: Readonly<Record<keyof typeof OVERHEAD_TARGETS, Graded>>;
  };
  /** The one that took most time first. */
  readonly hooks: readonly HookMetrics[];
}

interface Tally {
  readonly hookName: string;
  readonly eventType: string;
  readonly counts: Record<Status, number>;
  readonly durations: number[];
}

/** Gathers samples and makes the report of them: every percentile is exact. */
export function createMetrics() {
  const tallies = new Map<string, Tally>();
  const overheads: number[] = [];

  return {
    add(sample: Sample): void {
      const tally = tallyFor(tallies, sample);
      tally.counts[sample.status] += 1;
      if (sample.durationMs !== null && isRun(sample.status))
        tally.durations.push(sample.durationMs);
      if (sample.overheadMs !== null) overheads.push(sample.overheadMs);
    },
    report(windowHours: number): MetricsReport {
      const all = [...tallies.values()];
      const hooks = all.map(hookMetrics).sort(byTotalThenName);
      const sum = (of: (hook: HookMetrics) => number): number =>
        hooks.reduce((total, hook) => total + of(hook), 0);
      const runs = sum((hook) => hook.runs);
      const failures = sum((hook) => hook.error + hook.timeout);
      return {
        window_hours: windowHours,
        executions: sum((hook) => hook.runs + hook.deduped + hook.breaker_skipped),
        runs,
        failures,
        failure_rate: graded(ratio(failures, runs) ?? undefined, FAILURE_RATE_TARGET),
        total_ms: toMicroseconds(sum((hook) => hook.total_ms)),
        overhead: overheadMetrics(describeTimes(overheads)),
        hooks,
      };
    },
  };
}

/** Whether an execution of this status ran its hook. */
function isRun(status: Status): boolean {
  return status !== 'dedupe_skip' && status !== 'breaker_skip';
}

function tallyFor(tallies: Map<string, Tally>, { hookName, eventType }: Sample): Tally {
  const key = JSON.stringify([hookName, eventType]);
  const known = tallies.get(key);
  if (known !== undefined) return known;
  const counts = { success: 0, blocked: 0, error: 0, timeout: 0, dedupe_skip: 0, breaker_skip: 0 };
  const fresh: Tally = { hookName, eventType, counts, durations: [] };
  tallies.set(key, fresh);
  return fresh;
}

function hookMetrics({ hookName, eventType, counts, durations }: Tally): HookMetrics {
  const statuses = Object.entries(counts) as [Status, number][];
  const count = (counts: (status: Status) => boolean): number =>
    statuses.reduce((sum, [status, times]) => sum + (counts(status) ? times : 0), 0);
  const runs = count(isRun);
  const times = describeTimes(durations);
  return {
    hook_name: hookName,
    event_type: eventType,
    runs,
    success: counts.success,
    blocked: counts.blocked,
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

function overheadMetrics(times: Distribution): MetricsReport['overhead'] {
  return {
    count: times.count,
    ...millisecondFields(times),
    grades: {
      p50: graded(times.p50Ms, OVERHEAD_TARGETS.p50),
      p95: graded(times.p95Ms, OVERHEAD_TARGETS.p95),
      p99: graded(times.p99Ms, OVERHEAD_TARGETS.p99),
    },
  };
}

function millisecondFields(times: Distribution) {
  return {
    avg_ms: times.averageMs === undefined ? null : toMicroseconds(times.averageMs),
    p50_ms: times.p50Ms ?? null,
    p95_ms: times.p95Ms ?? null,
    p99_ms: times.p99Ms ?? null,
    max_ms: times.maxMs ?? null,
  };
}

function graded(value: number | undefined, target: Target): Graded {
  return { value: value ?? null, ...target, grade: gradeOf(value, target) ?? null };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Sums of times carry the noise of floating point, and the clock that took them has no more than microseconds. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function byTotalThenName(a: HookMetrics, b: HookMetrics): number {
  return (
    b.total_ms - a.total_ms ||
    compare(a.hook_name, b.hook_name) ||
    compare(a.event_type, b.event_type)
  );
}

/** By code units, so that the order does not depend on the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
