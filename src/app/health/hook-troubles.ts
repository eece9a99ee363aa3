import { blocksByExitCode, canBlock, takesText } from '../../domain/events.ts';
import { formatCount, formatThings } from '../../format.ts';
import type { HookProblems, Sighting } from '../../store/queries/problems.ts';
import { lastLine } from '../alerts/rules/bug.ts';
import { type Harm, type Trouble, trouble } from './health-item.ts';

/** A hook that failed this often in a row is broken. */
export const FAILURES_IN_A_ROW = 3;

/** A hook that fails this often, and at least that many times, does not work. */
const OFTEN = 0.1;

/** What one fault of a hook comes to. */
interface Fault {
  readonly harm: Harm;
  readonly text: string;
  readonly seen: Sighting;
  /** The share of the runs that it concerns, or more where it is certain. */
  readonly weight: number;
}

/** How a hook is called: with its event only if it runs on several. */
export type NameOf = (hook: { readonly hookName: string; readonly eventType: string }) => string;

/** What recorded executions tell of each hook: why it failed, and what the agent cannot use of its answers. */
export function hookTroubles(hooks: readonly HookProblems[], nameOf: NameOf): Trouble[] {
  return hooks.flatMap((hook) =>
    [failureOf(hook), silentBlock(hook), brokenJson(hook), longOutput(hook)].flatMap((fault) => {
      if (fault === undefined) return [];
      const log_id = fault.seen.latest?.logId ?? null;
      const fields = {
        hook_name: hook.hookName,
        event_type: hook.eventType,
        log_id,
        fix: log_id === null ? null : `hookbus show ${log_id}`,
      };
      return [trouble(fault.harm, `${nameOf(hook)} ${fault.text}`, fields, fault.weight)];
    }),
  );
}

/** `6 of 72 runs`, or of its latest if there are too many to count. */
export const timesOf = ({ count }: Sighting, { runs, isCapped }: HookProblems): string =>
  `${formatCount(count)} of ${isCapped ? 'its last ' : ''}${formatThings(runs, 'run')}`;

/** The worst of what it failed by. Each failure is told once. */
function failureOf(hook: HookProblems): Fault | undefined {
  return failsAlways(hook) ?? exitsOddly(hook) ?? wasEnded(hook) ?? failsSometimes(hook);
}

const shareOf = ({ count }: Sighting, { runs }: HookProblems): number => count / runs;

function becauseOf({ lastError }: HookProblems): string {
  const line = lastLine(lastError);
  return line === undefined ? '' : `: ${shortened(line)}`;
}

function failsAlways(hook: HookProblems): Fault | undefined {
  const { eventType, runs, failed, failuresInRow, notStarted } = hook;
  const isGuard = canBlock(eventType);
  const harm = isGuard ? 'unguarded' : 'broken';
  const soWhat = `${isGuard ? ', so it guards nothing' : ''}${becauseOf(hook)}`;
  if (notStarted.count > 0) {
    const text = `cannot start (${timesOf(notStarted, hook)})${soWhat}`;
    return { harm, text, seen: notStarted, weight: 2 + shareOf(notStarted, hook) };
  }
  if (failuresInRow < FAILURES_IN_A_ROW) return undefined;
  const times =
    failed.count === runs && !hook.isCapped
      ? `${formatCount(runs)} of ${formatCount(runs)}`
      : `its last ${formatThings(failuresInRow, 'run')}`;
  const text = `fails every time (${times})${soWhat}`;
  return { harm, text, seen: failed, weight: 2 + shareOf(failed, hook) };
}

/** Exit codes that decide nothing where a hook decides. */
function exitsOddly(hook: HookProblems): Fault | undefined {
  const { eventType, oddExit } = hook;
  const isRequest = eventType === 'PermissionRequest';
  if (oddExit.count === 0 || !(blocksByExitCode(eventType) || isRequest)) return undefined;
  const rule = isRequest ? 'only JSON decides' : 'only exit code 2 blocks';
  const text = `exits ${oddExit.code} where ${rule} (${timesOf(oddExit, hook)})${becauseOf(hook)}`;
  return { harm: 'unguarded', text, seen: oddExit, weight: 1 + shareOf(oddExit, hook) };
}

function wasEnded(hook: HookProblems): Fault | undefined {
  const { eventType, cutShort } = hook;
  if (cutShort.count === 0) return undefined;
  const harm = canBlock(eventType) ? 'unguarded' : 'broken';
  const text = `was ended before it finished (${timesOf(cutShort, hook)})`;
  return { harm, text, seen: cutShort, weight: 1 + shareOf(cutShort, hook) };
}

function failsSometimes(hook: HookProblems): Fault | undefined {
  const { failed } = hook;
  if (failed.count === 0) return undefined;
  const isOften = failed.count >= FAILURES_IN_A_ROW && shareOf(failed, hook) >= OFTEN;
  const text = `${isOften ? 'often fails' : 'failed'} (${timesOf(failed, hook)})${becauseOf(hook)}`;
  return { harm: isOften ? 'broken' : 'note', text, seen: failed, weight: shareOf(failed, hook) };
}

function brokenJson(hook: HookProblems): Fault | undefined {
  const { brokenJson: seen, eventType, runs } = hook;
  if (seen.count === 0) return undefined;
  const text = `answers with broken JSON, which the agent ignores (${timesOf(seen, hook)})`;
  const harm = canBlock(eventType) ? 'unguarded' : 'misled';
  return { harm, text, seen, weight: 1 + seen.count / runs };
}

function silentBlock(hook: HookProblems): Fault | undefined {
  const { silentBlock: seen, eventType, runs } = hook;
  if (seen.count === 0 || !blocksByExitCode(eventType)) return undefined;
  const text = `refuses without a reason on stderr (${timesOf(seen, hook)})`;
  return { harm: 'misled', text, seen, weight: seen.count / runs };
}

function longOutput(hook: HookProblems): Fault | undefined {
  const { eventType, longText, longJson, maxStdoutBytes, runs } = hook;
  const seen = takesText(eventType) && longText.count > 0 ? longText : longJson;
  if (seen.count === 0) return undefined;
  const text = `writes up to ${formatCount(maxStdoutBytes)} bytes, more than the agent takes (${timesOf(seen, hook)})`;
  return { harm: 'misled', text, seen, weight: seen.count / runs };
}

const MAX_QUOTED = 120;

/** A quoted line, so that it fits a sentence. */
export function shortened(line: string): string {
  const characters = [...line];
  return characters.length <= MAX_QUOTED ? line : `${characters.slice(0, MAX_QUOTED).join('')}…`;
}
