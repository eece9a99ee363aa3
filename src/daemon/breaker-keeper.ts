import { type BreakerChange, followBreakers, settleGates } from '../bus/breaker.ts';
import type { StoreHandle } from '../bus/store-handle.ts';
import { createConfigWatch } from '../config/config-watch.ts';
import type { StatePaths } from '../config/paths.ts';
import { reasonOf } from '../domain/errors.ts';
import type { Log } from './log.ts';

export interface BreakerKeeperParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
}

/** Opens and closes breakers as executions come in, by what config.json says at that time. */
export function createBreakerKeeper({ paths, store, now, log }: BreakerKeeperParts) {
  let isSettled = false;
  let lastFailure: string | undefined;
  const watch = createConfigWatch(paths.config, (reading) => {
    isSettled = false;
    if (reading.state === 'refused') log('config_refused', { reason: reading.problem });
    else log('config_read', { state: reading.state });
  });

  function work(hookNames: ReadonlySet<string>): readonly BreakerChange[] {
    const { breaker: config } = watch.current();
    if (isSettled && hookNames.size === 0) return [];
    return store.use(({ db }) => {
      const parts = { db, gates: paths.gates, config, nowMs: now() };
      const settled = isSettled ? [] : settleGates(parts);
      isSettled = true;
      return [...settled, ...followBreakers(parts, hookNames)];
    });
  }

  return {
    /** To be called after each turn of the drain, with the hooks of what it stored. Never throws. */
    tend(hookNames: ReadonlySet<string>): void {
      try {
        for (const { hookName, to, why, runs, failures, until } of work(hookNames)) {
          const values = { hook: hookName, why, runs, failures };
          log(`breaker_${to}`, to === 'open' ? { ...values, until } : values);
        }
        lastFailure = undefined;
      } catch (error) {
        const reason = reasonOf(error);
        if (reason !== lastFailure) log('breaker_failed', { reason });
        lastFailure = reason;
      }
    },
  };
}

export type BreakerKeeper = ReturnType<typeof createBreakerKeeper>;
