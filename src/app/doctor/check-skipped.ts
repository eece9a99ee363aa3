import { typedWord } from '../../domain/hook/shell-word.ts';
import { skippedTroubles } from '../health/guard-troubles.ts';
import type { SkippedGuardReport } from '../reading/read-skipped-guards.ts';
import { type Check, type Finding, problem } from './finding.ts';

/** Reports hooks that could have refused a call but were skipped, and nothing else refused it. */
export function checkSkipped(skipped: readonly SkippedGuardReport[], nowMs: number): Check {
  const hooks = new Set(skipped.map(({ hook_name }) => hook_name)).size;
  const summary = hooks === 0 ? 'none was skipped' : `${hooks} skipped`;
  return { name: 'guards', summary, findings: skipped.flatMap((one) => skippedOf(one, nowMs)) };
}

function skippedOf(one: SkippedGuardReport, nowMs: number): Finding[] {
  return skippedTroubles([one], nowMs).map(({ item }) => ({
    ...problem(
      item.text,
      'Nothing else refused the call: the agent went on with whatever the hook would have refused.',
      fixOf(one),
    ),
    health: item,
  }));
}

function fixOf({ hook_name, reason, is_gated }: SkippedGuardReport): string {
  if (reason === 'duplicate') {
    return 'Remove --on-duplicate replay from its line: a duplicate still gets the refusal.';
  }
  const calls = `Type hookbus logs --hook ${typedWord(hook_name)} to see the calls.`;
  if (!is_gated) return `It runs again. ${calls}`;
  return `Type hookbus on ${typedWord(hook_name)}. ${calls}`;
}
