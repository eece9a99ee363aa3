import { flag, names, share, whole } from '../config-setting.ts';

const DAY_SECONDS = 86_400;

/** When a hook that keeps failing is left out for a while. */
export const breaker = {
  /** For every hook that cannot block. */
  enabled: flag(false),
  /** For these, whatever they can do. */
  hooks: names('hook names'),
  window: whole(20, 'executions', { least: 1, most: 1000 }),
  failure_share: share(0.5),
  cooldown_seconds: whole(300, 'seconds', { least: 1, most: 30 * DAY_SECONDS }),
};
