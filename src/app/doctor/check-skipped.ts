import { shellWord } from '../../domain/hook/shell-word.ts';
import type { SkippedGuardReport } from '../reading/read-skipped-guards.ts';
import { type Check, type Finding, problem } from './finding.ts';

/** Reports hooks that could have refused a call but were skipped, and nothing else refused it. */
export function checkSkipped(skipped: readonly SkippedGuardReport[]): Check {
  const hooks = new Set(skipped.map(({ hook_name }) => hook_name)).size;
  const summary = hooks === 0 ? 'none was skipped' : `${hooks} skipped`;
  return { name: 'guards', summary, findings: skipped.map(skippedOf) };
}

function skippedOf(one: SkippedGuardReport): Finding {
  const { hook_name, event_type, reason, count, last_at, is_gated, until } = one;
  const on = event_type === '' ? 'an unknown event' : event_type;
  const times = count === 1 ? 'once' : `${count} times`;
  const still = is_gated ? `, and stays off until ${until ?? '`hookbus on`'}` : '';
  return problem(
    `${hook_name} on ${on} was skipped ${times} (${reason}, last at ${last_at})${still}`,
    'Nothing else refused the call: the agent went on with whatever the hook would have refused.',
    fixOf(one),
  );
}

function fixOf({ hook_name, reason, is_gated }: SkippedGuardReport): string {
  if (reason === 'duplicate') {
    return 'Remove --on-duplicate replay from its line: a duplicate still gets the refusal.';
  }
  const calls = `Type hookbus logs --hook ${shellWord(hook_name)} to see the calls.`;
  if (!is_gated) return `It runs again. ${calls}`;
  return `Type hookbus on ${shellWord(hook_name)}. ${calls}`;
}
