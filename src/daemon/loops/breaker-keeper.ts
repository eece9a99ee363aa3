import { type BreakerChange, reconcileGates, updateBreakers } from '../../app/breaker/breaker.ts';
import type { Config } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { reasonOf } from '../../domain/errors.ts';
import { type HookId, hookText } from '../../domain/hook/hook-id.ts';
import type { CommonParts } from '../common-parts.ts';
import { createAttempt } from './attempt.ts';

export interface BreakerKeeperParts extends CommonParts {
  readonly paths: StatePaths;
  readonly config: () => Config;
}

/** Gates that could not be changed, with the reason; keyed by hook. */
type Refusals = Map<string, { readonly name: string; readonly reason: string }>;

/** Opens and closes breakers as executions are stored, according to config.json at that time. */
export function createBreakerKeeper(parts: BreakerKeeperParts) {
  const { paths, config: currentConfig, store, now, log } = parts;
  let isReconciled = false;
  let lastConfig: Config | undefined;
  let lastMs = 0;
  /** Why a hook's gate could not be changed when its breaker was last assessed. */
  const refused = new Map<string, string>();
  const attempt = createAttempt(log, 'breaker_failed');

  function work(hooks: readonly HookId[]): readonly BreakerChange[] {
    const current = currentConfig();
    const nowMs = now();
    // If the clock was set back, a breaker's end may now be far in the future.
    if (current !== lastConfig || nowMs < lastMs) isReconciled = false;
    lastConfig = current;
    lastMs = nowMs;
    if (isReconciled && hooks.length === 0) return [];
    return store.use(({ db }) => {
      const refusals: Refusals = new Map();
      const onRefusal = (hook: HookId, error: Error): void =>
        void refusals.set(hookText(hook), { name: hook.hookName, reason: reasonOf(error) });
      const { breaker: config } = current;
      const given = { db, gates: paths.gates, config, nowMs, onRefusal };
      const reconciled = isReconciled ? [] : reconcileGates(given);
      const followed = updateBreakers(given, hooks);
      isReconciled = refusals.size === 0;
      logRefusals(refusals, hooks.map(hookText));
      return [...reconciled, ...followed];
    });
  }

  function logRefusals(refusals: Refusals, assessed: readonly string[]): void {
    for (const hook of assessed) if (!refusals.has(hook)) refused.delete(hook);
    for (const [hook, { name, reason }] of refusals) {
      if (refused.get(hook) !== reason) log('breaker_failed', { hook: name, reason });
      refused.set(hook, reason);
    }
  }

  return {
    /** Call this after each turn of ingest, with the hooks whose executions it stored. Never throws. */
    follow(hooks: readonly HookId[]): void {
      for (const { hook, to, why, runs, failures, until } of attempt(() => work(hooks)) ?? []) {
        const values = { hook: hook.hookName, why, runs, failures };
        log(`breaker_${to}`, to === 'open' ? { ...values, until } : values);
      }
    },
  };
}

export type BreakerKeeper = ReturnType<typeof createBreakerKeeper>;
