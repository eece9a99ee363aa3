import { formatThings } from '../../../format.ts';
import type { StateRule } from '../rule.ts';

/** HookBus skips a hook because its breaker is open. */
export const breakerOpen: StateRule = {
  name: 'breaker_open',
  of: 'state',
  isAboutHooks: true,
  assess: ({ openBreakers }) =>
    // One alert per name: several hooks may share one.
    openBreakers
      ?.filter(({ hook_name }, at, all) => all[at - 1]?.hook_name !== hook_name)
      .map(({ hook_name: subject, runs, failures }) => ({
        subject,
        value: failures,
        threshold: null,
        runs,
        isBad: true,
        isHealthy: false,
      })),
  text: ({ subject, value, runs }) =>
    `${subject}: its breaker opened after ${value} of ${formatThings(runs ?? 0, 'run')} failed; the hook is skipped on events where it cannot block`,
};
