import type { Rollup, Sample } from '../domain/sample.ts';
import type { Distribution } from './percentile.ts';
import { RELATIVE_ERROR } from './sketch.ts';
import {
  countRollup,
  countSample,
  createTallies,
  type Figures,
  millisecondFields,
  ratio,
  type Tally,
  toMicroseconds,
} from './tallies.ts';
import {
  FAILURE_RATE_TARGET,
  type Grade,
  gradeOf,
  OVERHEAD_TARGETS,
  type Target,
} from './targets.ts';
import { exactTimes, sketchedTimes } from './times.ts';

/** A value with its target, as in JSON. */
export interface Graded extends Target {
  readonly value: number | null;
  readonly grade: Grade | null;
}

/** One hook on one event; docs/json.md explains each field. */
export interface HookMetrics extends Figures {
  readonly hook_name: string;
  readonly event_type: string;
}

/** What executions can be grouped by, in addition to hook and event. */
export const GROUPINGS = [
  'hook',
  'event',
  'tool',
  'session',
  'day',
  'decision',
  'project',
  'agent',
  'subagent',
] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** The metrics of a group of executions. */
export interface GroupMetrics extends Figures {
  readonly name: string;
  /** Of a session: the project that it started in. */
  readonly project?: string | null;
}

/** The whole of `metrics --json`; docs/json.md explains each field. */
export interface MetricsReport {
  readonly window_hours: number;
  /** Null if percentiles are exact; else their maximum relative error. */
  readonly relative_error: number | null;
  /** Rows of the window, whether the hook ran or was skipped. */
  readonly executions: number;
  readonly runs: number;
  readonly failures: number;
  /** Executions that decided `deny`, whatever their status. */
  readonly denied: number;
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
  /** The hook that took the most time comes first. */
  readonly hooks: readonly HookMetrics[];
  /** The same executions by another grouping, if requested. */
  readonly groups?: readonly GroupMetrics[];
}

/**
 * Collects samples and makes a report of them.
 * @param isExact all percentiles are exact, and rollups cannot be added; else all are sketched
 */
export function createMetrics(isExact = true) {
  const makeTimes = isExact ? exactTimes : sketchedTimes;
  const hooks = createTallies<readonly [hookName: string, eventType: string]>(makeTimes);
  const groups = createTallies<string>(makeTimes);
  const overheads = makeTimes();
  let isGrouped = false;

  function talliesFor(hookName: string, eventType: string, group: string | undefined): Tally[] {
    isGrouped ||= group !== undefined;
    return [hooks.of([hookName, eventType]), ...(group === undefined ? [] : [groups.of(group)])];
  }

  return {
    isExact,
    /** @param group name of the sample's group, if there are groups */
    add(sample: Sample, group?: string): void {
      const { hookName, eventType, overheadMs } = sample;
      for (const tally of talliesFor(hookName, eventType, group)) countSample(tally, sample);
      if (overheadMs !== null) overheads.add(overheadMs);
    },
    addRollup(rollup: Rollup, group?: string): void {
      const { hookName, eventType, overhead } = rollup;
      for (const tally of talliesFor(hookName, eventType, group)) countRollup(tally, rollup);
      if (overhead.sketch !== null) {
        overheads.addEncoded(overhead.sketch, overhead.sumMs, overhead.maxMs ?? 0);
      }
    },
    report(windowHours: number): MetricsReport {
      const all = hooks
        .all()
        .map(({ key: [hook_name, event_type], figures }) => ({ hook_name, event_type, ...figures }))
        .sort(byTotalThenName);
      const sum = (of: (hook: HookMetrics) => number): number =>
        all.reduce((total, hook) => total + of(hook), 0);
      const runs = sum((hook) => hook.runs);
      const failures = sum((hook) => hook.error + hook.timeout);
      return {
        window_hours: windowHours,
        relative_error: isExact ? null : RELATIVE_ERROR,
        executions: sum((hook) => hook.runs + hook.deduped + hook.breaker_skipped),
        runs,
        failures,
        denied: sum((hook) => hook.denied),
        failure_rate: graded(ratio(failures, runs) ?? undefined, FAILURE_RATE_TARGET),
        total_ms: toMicroseconds(sum((hook) => hook.total_ms)),
        overhead: overheadMetrics(overheads.describe()),
        hooks: all,
        ...(isGrouped
          ? { groups: groups.all().map(({ key, figures }) => ({ name: key, ...figures })) }
          : {}),
      };
    },
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

function graded(value: number | undefined, target: Target): Graded {
  return { value: value ?? null, ...target, grade: gradeOf(value, target) ?? null };
}

function byTotalThenName(a: HookMetrics, b: HookMetrics): number {
  return (
    b.total_ms - a.total_ms ||
    compare(a.hook_name, b.hook_name) ||
    compare(a.event_type, b.event_type)
  );
}

/** Compares code units, so that the order does not depend on the locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
