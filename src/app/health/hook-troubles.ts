import { blocksByExitCode, canBlock, takesText } from '../../domain/events.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import { formatCount, formatThings } from '../../format.ts';
import type { HookProblems, Sighting } from '../../store/queries/problems.ts';
import { lastLine } from '../alerts/rules/bug.ts';
import { type Harm, type Trouble, trouble } from './health-item.ts';

/** A hook that failed this often in a row is broken. */
const FAILURES_IN_A_ROW = 3;

/** A hook that fails this often, and at least that many times, does not work. */
const OFTEN = 0.1;

const FAILURES = ['cannot_start', 'fails_always', 'odd_exit', 'cut_short', 'often_fails'] as const;

export type FaultKind =
  | (typeof FAILURES)[number]
  | 'broken_json'
  | 'silent_block'
  | 'long_output'
  | 'ignored';

/** What is wrong with a hook, by its executions. */
export interface HookFault {
  readonly kind: FaultKind;
  readonly harm: Harm;
  /** A sentence that begins with the hook's name. */
  readonly text: string;
  readonly hook: HookProblems;
  readonly seen: Sighting;
  /** The share of the runs that it concerns, and more where it does more harm. */
  readonly weight: number;
}

/** Whether it tells of executions that failed. */
export const isFailure = ({ kind }: HookFault): boolean =>
  FAILURES.some((failure) => failure === kind);

/** Whether it can stop what the agent is about to do. */
export const canRefuse = ({ eventType, isOfCline }: HookProblems): boolean =>
  isOfCline || canBlock(eventType);

type Fault = Omit<HookFault, 'hook'>;

/** How a hook is called: with its event only if it runs on several. */
export type NameOf = (hook: { readonly hookName: string; readonly eventType: string }) => string;

/** What recorded executions tell of each hook: why it failed, and what the agent cannot use of its answers. */
export function hookFaults(hooks: readonly HookProblems[], nameOf: NameOf): HookFault[] {
  return hooks.flatMap((hook) =>
    [...failuresOf(hook), silentBlock(hook), brokenJson(hook), longOutput(hook)].flatMap((fault) =>
      fault === undefined ? [] : [{ ...fault, hook, text: `${nameOf(hook)} ${fault.text}` }],
    ),
  );
}

export function troubleOf({ harm, text, hook, seen, weight }: HookFault): Trouble {
  const { hookName: hook_name, eventType: event_type } = hook;
  const log_id = seen.latest?.logId ?? null;
  const fix =
    log_id === null ? `hookbus logs --hook ${typedWord(hook_name)}` : `hookbus show ${log_id}`;
  return trouble(harm, text, { hook_name, event_type, log_id, fix }, weight);
}

/** `6 of 72 runs`, or of its latest if there are too many to count. */
const timesOf = ({ count }: Sighting, { runs, isCapped }: HookProblems): string =>
  `${formatCount(count)} of ${isCapped ? 'its last ' : ''}${formatThings(runs, 'run')}`;

/** What it failed by. Each failure is known once, and none hides another. */
function failuresOf(hook: HookProblems): readonly (Fault | undefined)[] {
  const [lost, always] = [cannotStart(hook), failsAlways(hook)];
  if (always !== undefined) return [hook.notStarted.count < hook.failed.count ? always : lost];
  const ways = [lost, exitsOddly(hook), wasEnded(hook)];
  return ways.some((fault) => fault !== undefined) ? ways : [failsSometimes(hook)];
}

const shareOf = ({ count }: Sighting, { runs }: HookProblems): number => count / runs;

/** What the latest failure said, if it failed in this way. */
function becauseOf({ lastError, failed }: HookProblems, seen: Sighting): string {
  const line = seen.latest?.logId === failed.latest?.logId ? lastLine(lastError) : undefined;
  return line === undefined ? '' : `: ${shortened(line)}`;
}

const guardsNothing = (hook: HookProblems): string => {
  if (!canRefuse(hook)) return '';
  return hook.failuresInRow > 0 ? ', so it guards nothing' : ', and guarded nothing then';
};

const harmOf = (hook: HookProblems): 'unguarded' | 'broken' =>
  canRefuse(hook) ? 'unguarded' : 'broken';

function cannotStart(hook: HookProblems): Fault | undefined {
  const { notStarted: seen, failuresInRow } = hook;
  if (seen.count === 0) return undefined;
  const verb = failuresInRow > 0 ? 'cannot' : 'could not';
  const text = `${verb} start (${timesOf(seen, hook)})${guardsNothing(hook)}${becauseOf(hook, seen)}`;
  return { kind: 'cannot_start', harm: harmOf(hook), text, seen, weight: 2 + shareOf(seen, hook) };
}

function failsAlways(hook: HookProblems): Fault | undefined {
  const { runs, failed: seen, failuresInRow } = hook;
  // A few failures after many successes are no failure of every time.
  if (failuresInRow < FAILURES_IN_A_ROW || seen.count <= runs / 2) return undefined;
  const times =
    seen.count === runs && !hook.isCapped
      ? `${formatCount(runs)} of ${formatCount(runs)}`
      : `its last ${formatThings(failuresInRow, 'run')}`;
  const text = `fails every time (${times})${guardsNothing(hook)}${becauseOf(hook, seen)}`;
  return { kind: 'fails_always', harm: harmOf(hook), text, seen, weight: 2 + shareOf(seen, hook) };
}

/** Whether exit codes that decide nothing are counted with its executions; else only its notices tell of them. */
export const hasOddExits = ({ eventType, isOfCline }: HookProblems): boolean =>
  !isOfCline && (blocksByExitCode(eventType) || eventType === 'PermissionRequest');

/** Exit codes that decide nothing where a hook decides. */
function exitsOddly(hook: HookProblems): Fault | undefined {
  const { eventType, oddExit } = hook;
  if (oddExit.count === 0 || !hasOddExits(hook)) return undefined;
  const rule = eventType === 'PermissionRequest' ? 'only JSON decides' : 'only exit code 2 blocks';
  const text = `exits ${oddExit.code} where ${rule} (${timesOf(oddExit, hook)})${becauseOf(hook, oddExit)}`;
  const weight = 1 + shareOf(oddExit, hook);
  return { kind: 'odd_exit', harm: 'unguarded', text, seen: oddExit, weight };
}

function wasEnded(hook: HookProblems): Fault | undefined {
  const { cutShort: seen } = hook;
  if (seen.count === 0) return undefined;
  const text = `was ended before it finished (${timesOf(seen, hook)})`;
  return { kind: 'cut_short', harm: harmOf(hook), text, seen, weight: 1 + shareOf(seen, hook) };
}

function failsSometimes(hook: HookProblems): Fault | undefined {
  const { failed } = hook;
  const weight = shareOf(failed, hook);
  if (failed.count < FAILURES_IN_A_ROW || weight < OFTEN) return undefined;
  const text = `often fails (${timesOf(failed, hook)})${becauseOf(hook, failed)}`;
  return { kind: 'often_fails', harm: 'broken', text, seen: failed, weight };
}

function brokenJson(hook: HookProblems): Fault | undefined {
  const { brokenJson: seen, runs } = hook;
  if (seen.count === 0) return undefined;
  const text = `answers with broken JSON, which the agent ignores (${timesOf(seen, hook)})`;
  const harm = canRefuse(hook) ? 'unguarded' : 'misled';
  return { kind: 'broken_json', harm, text, seen, weight: 1 + seen.count / runs };
}

function silentBlock(hook: HookProblems): Fault | undefined {
  const { silentBlock: seen, eventType, isOfCline, runs } = hook;
  if (seen.count === 0 || isOfCline || !blocksByExitCode(eventType)) return undefined;
  const text = `refuses without a reason on stderr (${timesOf(seen, hook)})`;
  return { kind: 'silent_block', harm: 'misled', text, seen, weight: seen.count / runs };
}

function longOutput(hook: HookProblems): Fault | undefined {
  const { eventType, longText, longJson, maxStdoutBytes, runs } = hook;
  const seen = takesText(eventType) && longText.count > 0 ? longText : longJson;
  if (seen.count === 0) return undefined;
  const text = `writes up to ${formatCount(maxStdoutBytes)} bytes, more than the agent takes (${timesOf(seen, hook)})`;
  return { kind: 'long_output', harm: 'misled', text, seen, weight: seen.count / runs };
}

const MAX_QUOTED = 120;

/** A quoted line, so that it fits a sentence. */
export function shortened(line: string): string {
  const characters = [...line];
  return characters.length <= MAX_QUOTED ? line : `${characters.slice(0, MAX_QUOTED).join('')}…`;
}
