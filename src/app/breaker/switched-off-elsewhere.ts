import { statePaths } from '../../config/home/paths.ts';
import { otherHomes } from '../../config/home/stamp.ts';
import type { Environment } from '../../config/settings.ts';
import { isInForce } from '../../gates/gate-file.ts';
import { listGates } from '../../gates/gate-writer.ts';

/** A hook that is off in another state directory of this user. */
export interface ElsewhereReport {
  readonly state_directory: string;
  readonly hook_name: string;
  readonly until: string;
}

/** Lists hooks that are off in other directories that HOOKBUS_HOME named: a run's environment chooses the directory. */
export function switchedOffElsewhere(
  home: string,
  nowMs: number,
  env?: Environment,
): ElsewhereReport[] {
  return otherHomes(home, env).flatMap((other) =>
    listGates(statePaths(other).gates)
      .filter((gate) => gate.kind === 'off' && isInForce(gate, nowMs))
      .map(({ hookName, untilMs }) => ({
        state_directory: other,
        hook_name: hookName,
        until: new Date(untilMs).toISOString(),
      })),
  );
}
