import { isDeepStrictEqual } from 'node:util';
import { isFields } from '../../domain/answer/fields.ts';
import type { HookCase } from './hook-case.ts';
import type { HookRun, Outcome } from './outcome.ts';
import type { Candidate } from './select-hooks.ts';

/** One thing that is not as the case expects it. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** Everything that a case is compared with. */
export interface Happened {
  readonly outcome: Outcome;
  readonly runs: readonly HookRun[];
  /** Every hook of the agent, and whether it fires. */
  readonly candidates: readonly Candidate[];
}

type Asked = Pick<HookCase, 'expected' | 'event' | 'hooks'>;

/** Compares what happened with what a case expects. */
export function checkOutcome(asked: Asked, happened: Happened): Difference[] {
  const firing = [...missingHooks(asked, happened), ...firingHooks(asked, happened)];
  // If none ran, the reason is already there.
  if (happened.runs.length === 0) return firing;
  return [...firing, ...faults(asked, happened), ...decisions(asked, happened)];
}

/** A case whose hook is missing fails, whatever else it expects. */
function missingHooks({ hooks = [], event }: Asked, { candidates }: Happened): Difference[] {
  const on = candidates.filter(({ hook }) => hook.event === event);
  const names = new Set(on.map(({ hook }) => hook.hookName));
  const there =
    names.size === 0 ? `no hook is on ${event}` : `on ${event}: ${[...names].join(', ')}`;
  return [...new Set(hooks)]
    .filter((name) => !names.has(name))
    .map((name) =>
      difference(
        'hook',
        name,
        `there is no such hook; ${there}. For a hook of your own: --source user`,
      ),
    );
}

/** Which hooks ran; a case in which none ran proves nothing, unless it says that none should. */
function firingHooks(
  { hooks, event, expected }: Asked,
  { runs, candidates }: Happened,
): Difference[] {
  const fired = runs.map(({ hook }) => hook.hookName);
  const on = candidates.filter(({ hook }) => hook.event === event);
  if (expected.fires !== undefined) {
    const isSame = isDeepStrictEqual([...fired].sort(), [...expected.fires].sort());
    const got = fired.length === 0 ? whyNot(on) : fired.join(', ');
    return isSame ? [] : [difference('fires', expected.fires.join(', ') || 'no hook', got)];
  }
  if (hooks === undefined) {
    const got = on.length === 0 ? `no hook is on ${event}` : whyNot(on);
    return fired.length > 0 ? [] : [difference('fires', 'a hook, or "fires": []', got)];
  }
  return hooks
    .filter((name) => !fired.includes(name) && on.some(({ hook }) => hook.hookName === name))
    .map((name) =>
      difference('fires', name, whyNot(on.filter(({ hook }) => hook.hookName === name))),
    );
}

/** Hooks whose end looks like an answer and is none. */
function faults({ expected }: Asked, { runs }: Happened): Difference[] {
  return runs.flatMap(({ hook, end, fault }) => {
    const isExpected = expected.exitCode !== undefined && expected.exitCode === end.exitCode;
    return fault === undefined || isExpected
      ? []
      : [difference('run', `${hook.hookName} runs`, fault)];
  });
}

function decisions({ expected }: Asked, { outcome, runs }: Happened): Difference[] {
  const { decision, reason, context, input, output, atMostMs } = expected;
  const reasons = outcome.reasons.join('\n');
  const took = `${Math.round(outcome.durationMs)} ms`;
  const isOther = decision !== undefined && decision !== outcome.decision;
  const isLate = atMostMs !== undefined && outcome.durationMs > atMostMs;
  return [
    ...(isOther ? [difference('decision', decision, outcome.decision)] : []),
    ...exitCodes(expected.exitCode, runs),
    ...missingTexts('reason', reason, reasons),
    ...missingTexts('context', context, outcome.context),
    ...changes('input', input, outcome.input),
    ...changes('output', output, outcome.output),
    ...(isLate ? [difference('time', `at most ${atMostMs} ms`, took)] : []),
  ];
}

function exitCodes(expected: number | undefined, runs: readonly HookRun[]): Difference[] {
  const [first, ...others] = runs;
  if (expected === undefined || first === undefined) return [];
  if (others.length > 0) {
    const got = `${runs.length} hooks ran; name one of them in "hooks"`;
    return [difference('exit code', `${expected} of one hook`, got)];
  }
  const { exitCode, signal } = first.end;
  if (exitCode === expected) return [];
  return [difference('exit code', String(expected), String(exitCode ?? signal ?? 'none'))];
}

const missingTexts = (what: string, wanted: readonly string[], text: string): Difference[] =>
  wanted
    .filter((part) => !text.includes(part))
    .map((part) => difference(what, part, text || `no ${what}`));

/** Null: unchanged. An object: these fields have these values. Anything else: the same value. */
function changes(what: string, expected: unknown, got: unknown): Difference[] {
  if (expected === undefined) return [];
  const isExpected =
    expected === null
      ? got === undefined
      : isFields(expected) && isFields(got)
        ? Object.entries(expected).every(([name, value]) => isDeepStrictEqual(value, got[name]))
        : isDeepStrictEqual(expected, got);
  return isExpected ? [] : [difference(what, shown(expected), shown(got))];
}

const shown = (value: unknown): string =>
  value === null || value === undefined ? 'unchanged' : JSON.stringify(value);

const difference = (what: string, expected: string, got: string): Difference => ({
  what,
  expected,
  got,
});

/** Why hooks do not run, each with its reason. */
const whyNot = (candidates: readonly Candidate[]): string =>
  candidates
    .map(({ hook, verdict }) => `${hook.hookName || hook.type} does not run: ${verdict.reason}`)
    .join('; ') || 'no hook';
