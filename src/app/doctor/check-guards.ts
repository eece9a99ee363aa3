import { formatThings } from '../../format.ts';
import type { ScriptHistory } from '../../store/queries/guards/script-changes.ts';
import type { Harm, Trouble } from '../health/health-item.ts';
import { advice, type Finding, problem } from './finding.ts';

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

const WHY: Readonly<Record<Harm, string>> = {
  unguarded: 'A guard that does not guard is noticed by nobody.',
  broken: 'It does not do what it is there for.',
  misled: 'The agent does not get the answer that was meant.',
  slow: 'The agent waits for it.',
  note: 'It is so until somebody changes it.',
};

/** An item of the list in `status`, as a finding. */
export function troubleFinding({ item }: Trouble): Finding {
  const make = item.harm === 'unguarded' || item.harm === 'broken' ? problem : advice;
  const fix = item.fix === null ? 'Type hookbus status.' : `Type ${item.fix}.`;
  return { ...make(item.text, WHY[item.harm], fix), health: item };
}
