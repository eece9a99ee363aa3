import type { StateRule } from '../rule.ts';
import { things } from '../words.ts';

/** A hook is left out. */
export const breakerOpen: StateRule = {
  name: 'breaker_open',
  of: 'state',
  look: ({ openBreakers }) =>
    // Of several hooks with one name, one: alerts go by names.
    openBreakers
      ?.filter(({ hook_name }, at, all) => all[at - 1]?.hook_name !== hook_name)
      .map(({ hook_name: subject, runs, failures }) => ({
        subject,
        value: failures,
        threshold: null,
        runs,
        isBad: true,
        isWell: false,
      })),
  text: ({ subject, value, runs }) =>
    `${subject}: its breaker opened, ${value} of ${things(runs ?? 0, 'run')} had failed; it is skipped where no hook can block`,
};
