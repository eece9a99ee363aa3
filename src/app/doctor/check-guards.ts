import { formatThings } from '../../format.ts';
import type { FailingHook } from '../../store/queries/guards/failing-hooks.ts';
import type { ScriptHistory } from '../../store/queries/guards/script-changes.ts';
import type { HookProblems } from '../../store/queries/problems.ts';
import { advice, type Finding, problem } from './finding.ts';

/** Hooks that fail every time. One whose command cannot start has a finding about that. */
export function failingFindings(
  failing: readonly FailingHook[],
  problems: readonly HookProblems[],
): Finding[] {
  return failing.flatMap(({ hookName, eventType, failures, executionId, error }) => {
    const known = problems.find(
      (hook) => hook.hookName === hookName && hook.eventType === eventType,
    );
    if (known !== undefined && known.notStarted.count >= failures) return [];
    const line = error?.trimEnd().split('\n').at(-1)?.trim();
    const what = `${hookName}${eventType === '' ? '' : ` on ${eventType}`} fails every time: its last ${formatThings(failures, 'run')}${line ? `: ${line}` : ''}`;
    const why = 'It does not do what it is there for.';
    const fix = `Correct the hook, then type hookbus replay ${executionId.slice(0, 13)} if its payload is stored, or remove it.`;
    return [{ ...problem(what, why, fix), execution_id: executionId }];
  });
}

/** Guards that refused, and not once since their script changed. */
export function quietGuards(histories: readonly ScriptHistory[]): Finding[] {
  return histories
    .filter(({ refusalsBefore, refusalsSince }) => refusalsBefore > 0 && refusalsSince === 0)
    .map(({ hookName, refusalsBefore, runsSince, before, after, afterAt }) =>
      advice(
        `${hookName} refused ${formatThings(refusalsBefore, 'time')} before its script changed at ${afterAt} (SHA-256 ${before.slice(0, 12)}…, now ${after.slice(0, 12)}…), and not in ${formatThings(runsSince, 'run')} since`,
        'The change may have broken it. It may also be that nothing had to be refused.',
        `Type hookbus drill ${hookName} to see whether it still refuses what it refused.`,
      ),
    );
}
