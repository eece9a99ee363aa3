import { formatThings } from '../../format.ts';
import type { ScriptHistory } from '../../store/queries/guards/script-changes.ts';
import { advice, type Finding } from './finding.ts';

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
