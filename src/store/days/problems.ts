import type { Database } from '../database.ts';
import {
  type HookProblems,
  type RepeatedRun,
  readProblemsOf,
  readRepeatedRuns,
  type Sighting,
} from '../queries/problems.ts';
import { type DayQuestion, eachDay } from './by-day.ts';

const PROBLEMS: DayQuestion<readonly HookProblems[]> = { kind: 'problems 2', read: readProblemsOf };
const REPEATED: DayQuestion<readonly RepeatedRun[]> = {
  kind: 'repeated 1',
  read: readRepeatedRuns,
};

/** One entry per hook and event, for all executions since a time (UTC, in the format of `created_at`). */
export function allHookProblems(db: Database, since: string): HookProblems[] {
  return joined(db, since, PROBLEMS, joinProblems);
}

/** Commands that ran again for the same call, for all executions since a time. Calls do not go over midnight UTC. */
export function allRepeatedRuns(db: Database, since: string): RepeatedRun[] {
  return joined(db, since, REPEATED, (before, one) => ({ ...one, ...joinSightings(before, one) }));
}

/** Joins what belongs to the same hook, event and command; in their order. */
function joined<T extends { readonly hookName: string; readonly eventType: string }>(
  db: Database,
  since: string,
  question: DayQuestion<readonly T[]>,
  join: (before: T, one: T) => T,
): T[] {
  const all = new Map<string, T>();
  for (const day of eachDay(db, { from: since, until: undefined }, question)) {
    for (const one of day) {
      const { hookName, eventType, command = '' } = one as T & { readonly command?: string };
      const key = `${hookName}\0${eventType}\0${command}`;
      const before = all.get(key);
      all.set(key, before === undefined ? one : join(before, one));
    }
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, one]) => one);
}

/** @param one of a later day */
function joinProblems(before: HookProblems, one: HookProblems): HookProblems {
  const failedAlways = one.failuresInRow === one.runs;
  return {
    hookName: one.hookName,
    eventType: one.eventType,
    isOfCline: before.isOfCline || one.isOfCline,
    runs: before.runs + one.runs,
    isCapped: false,
    failed: joinSightings(before.failed, one.failed),
    failuresInRow: one.failuresInRow + (failedAlways ? before.failuresInRow : 0),
    lastError: one.failed.latest === null ? before.lastError : one.lastError,
    oddExit: {
      ...joinSightings(before.oddExit, one.oddExit),
      code: Math.max(before.oddExit.code ?? 0, one.oddExit.code ?? 0) || null,
    },
    notStarted: joinSightings(before.notStarted, one.notStarted),
    brokenJson: joinSightings(before.brokenJson, one.brokenJson),
    silentBlock: joinSightings(before.silentBlock, one.silentBlock),
    longText: joinSightings(before.longText, one.longText),
    longJson: joinSightings(before.longJson, one.longJson),
    maxStdoutBytes: Math.max(before.maxStdoutBytes, one.maxStdoutBytes),
    cutShort: joinSightings(before.cutShort, one.cutShort),
  };
}

const joinSightings = (before: Sighting, one: Sighting): Sighting => ({
  count: before.count + one.count,
  latest: one.latest ?? before.latest,
});
