import { type BreakerChange, followBreakers, reconcileGates } from '../../app/breaker/breaker.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import { createConfigWatch } from '../../config/file/config-watch.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { reasonOf } from '../../domain/errors.ts';
import { type HookId, hookText } from '../../domain/hook/hook-id.ts';
import type { Log } from '../log.ts';

export interface BreakerKeeperParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
}

/** Why gates could not be changed, by hook. */
type Refusals = Map<string, { readonly name: string; readonly reason: string }>;

/** Opens and closes breakers as executions come in, by what config.json says at that time. */
export function createBreakerKeeper({ paths, store, now, log }: BreakerKeeperParts) {
  let isReconciled = false;
  let lastMs = 0;
  /** Why gates could not be changed when their hooks were last looked at, by hook. */
  const refused = new Map<string, string>();
  let lastFailure: string | undefined;
  const watch = createConfigWatch(paths.config, (reading) => {
    isReconciled = false;
    if (reading.state === 'refused') log('config_refused', { reason: reading.problem });
    else log('config_read', { state: reading.state });
  });

  function work(hooks: readonly HookId[]): readonly BreakerChange[] {
    const { breaker: config } = watch.current();
    const nowMs = now();
    // The clock was set back: breakers may be open until a time that is far off now.
    if (nowMs < lastMs) isReconciled = false;
    lastMs = nowMs;
    if (isReconciled && hooks.length === 0) return [];
    return store.use(({ db }) => {
      const refusals: Refusals = new Map();
      const onRefusal = (hook: HookId, error: Error): void =>
        void refusals.set(hookText(hook), { name: hook.hookName, reason: reasonOf(error) });
      const parts = { db, gates: paths.gates, config, nowMs, onRefusal };
      const reconciled = isReconciled ? [] : reconcileGates(parts);
      const followed = followBreakers(parts, hooks);
      isReconciled = refusals.size === 0;
      tell(refusals, hooks.map(hookText));
      return [...reconciled, ...followed];
    });
  }

  function tell(refusals: Refusals, looked: readonly string[]): void {
    for (const hook of looked) if (!refusals.has(hook)) refused.delete(hook);
    for (const [hook, { name, reason }] of refusals) {
      if (refused.get(hook) !== reason) log('breaker_failed', { hook: name, reason });
      refused.set(hook, reason);
    }
  }

  return {
    /** To be called after each turn of the drain, with the hooks of what it stored. Never throws. */
    follow(hooks: readonly HookId[]): void {
      try {
        for (const { hook, to, why, runs, failures, until } of work(hooks)) {
          const values = { hook: hook.hookName, why, runs, failures };
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
