import { flag, names, share, whole } from '../file/config-setting.ts';

const DAY_SECONDS = 86_400;

/** When to skip a hook that keeps failing. */
export const breaker = {
  /** For every hook that decides nothing. */
  enabled: flag(false),
  /** For these hooks, each as `NAME: COMMAND LINE`. */
  hooks: names('hooks with their commands', 'lint: npx eslint', 'format: python3 format.py'),
  window: whole(20, 'executions', { min: 1, max: 1000 }),
  failure_share: share(0.5),
  cooldown_seconds: whole(300, 'seconds', { min: 1, max: 7 * DAY_SECONDS }),
};
