import { isDeepStrictEqual } from 'node:util';
import type { Fields, HookCase } from './hook-case.ts';
import type { HookRun, Outcome } from './outcome.ts';
import type { Candidate } from './select-hooks.ts';

/** One thing that is not as the case expects it. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** Compares what happened with what a case expects. */
export function checkOutcome(
  { expected, event, hooks }: Pick<HookCase, 'expected' | 'event' | 'hooks'>,
  outcome: Outcome,
  runs: readonly HookRun[],
  candidates: readonly Candidate[],
): Difference[] {
  const differences: Difference[] = [];
  const differ = (what: string, wanted: string, got: string): void => {
    differences.push({ what, expected: wanted, got });
  };
  const fired = runs.map(({ hook }) => hook.hookName);
  const isFree = expected.fires === undefined;
  for (const name of new Set(hooks ?? [])) {
    const named = candidates.filter(({ hook }) => hook.hookName === name && hook.event === event);
    if (named.length === 0)
      differ('hook', name, `there is no such hook; ${othersOn(event, candidates)}`);
    else if (isFree && !fired.includes(name)) differ('fires', name, whyNot(named));
  }
  if (isFree && hooks === undefined && runs.length === 0) {
    const on = candidates.filter(({ hook }) => hook.event === event);
    const got = on.length === 0 ? othersOn(event, candidates) : whyNot(on);
    differ('fires', 'at least one hook (or "fires": [])', got);
  }
  if (!isFree && !isDeepStrictEqual(sorted(fired), sorted(expected.fires ?? []))) {
    differ(
      'fires',
      listed(expected.fires ?? []),
      fired.length === 0
        ? whyNot(candidates.filter(({ hook }) => hook.event === event))
        : listed(fired),
    );
  }
  for (const { hook, end, fault } of runs) {
    const isExpected = expected.exitCode !== undefined && expected.exitCode === end.exitCode;
    if (fault !== undefined && !isExpected) differ('run', `${hook.hookName} runs`, fault);
  }
  // Without a hook, the reason is already there.
  if (runs.length === 0) return differences;
  if (expected.decision !== undefined && expected.decision !== outcome.decision) {
    differ('decision', expected.decision, outcome.decision);
  }
  const [only, ...others] = runs;
  if (expected.exitCode !== undefined && only !== undefined) {
    const got = only.end.exitCode === undefined ? (only.end.signal ?? 'none') : only.end.exitCode;
    if (others.length > 0) {
      differ(
        'exit code',
        `${expected.exitCode} of one hook`,
        `${fired.length} hooks run; name one in "hooks"`,
      );
    } else if (got !== expected.exitCode) {
      differ('exit code', String(expected.exitCode), String(got));
    }
  }
  const reason = outcome.reasons.join('\n');
  for (const text of expected.reason) {
    if (!reason.includes(text)) differ('reason', text, reason || 'no reason');
  }
  for (const text of expected.context) {
    if (!outcome.context.includes(text)) differ('context', text, outcome.context || 'no context');
  }
  if (!isAsExpected(expected.input, outcome.input)) {
    differ(
      'input',
      json(expected.input),
      outcome.input === undefined ? 'unchanged' : json(outcome.input),
    );
  }
  if (!isAsExpected(expected.output, outcome.output)) {
    differ(
      'output',
      json(expected.output),
      outcome.output === undefined ? 'unchanged' : json(outcome.output),
    );
  }
  if (expected.atMostMs !== undefined && outcome.durationMs > expected.atMostMs) {
    differ('time', `at most ${expected.atMostMs} ms`, `${Math.round(outcome.durationMs)} ms`);
  }
  return differences;
}

const sorted = (names: readonly string[]): string[] => [...names].sort();
const listed = (names: readonly string[]): string => names.join(', ') || 'no hook';
const json = (value: unknown): string => (value === null ? 'unchanged' : JSON.stringify(value));

/** Null: unchanged. An object: these fields have these values. Anything else: the same value. */
function isAsExpected(expected: unknown, got: unknown): boolean {
  if (expected === undefined) return true;
  if (expected === null) return got === undefined;
  if (!isFields(expected) || !isFields(got)) return isDeepStrictEqual(expected, got);
  return Object.entries(expected).every(([name, value]) => isDeepStrictEqual(value, got[name]));
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Why hooks do not run, each with its reason. */
const whyNot = (candidates: readonly Candidate[]): string =>
  candidates.length === 0
    ? 'no hook'
    : candidates
        .map(({ hook, verdict }) => `${hook.hookName || hook.type}: ${verdict.reason}`)
        .join('; ');

function othersOn(event: string, candidates: readonly Candidate[]): string {
  const names = new Set(
    candidates.flatMap(({ hook }) => (hook.event === event ? hook.hookName : [])),
  );
  if (names.size > 0) return `on ${event} there are: ${[...names].join(', ')}`;
  return `no hook is on ${event}`;
}
