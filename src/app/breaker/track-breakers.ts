import { createConfigWatch } from '../../config/file/config-watch.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import type { StoreHandle } from '../store/store-handle.ts';
import { updateBreakers } from './breaker.ts';

/**
 * For a process that stores executions itself. Returns a function that opens and closes the breakers of these hooks;
 * call it after their executions were stored. If config.json cannot be used, the last valid configuration stays in
 * force, or no breaker changes. It throws errors of the store first, and then the file system's error about the first
 * gate that could not be changed.
 */
export function createBreakerTracker(
  paths: StatePaths,
  store: StoreHandle,
  now: () => number,
): (hooks: Iterable<HookId>) => void {
  const watch = createConfigWatch(paths.config, () => undefined);
  return (hooks) => {
    const { breaker: config } = watch.current();
    // Most users enable no breakers, so skip the database.
    if (!config.enabled && config.hooks.length === 0) return;
    const refusals: Error[] = [];
    const onRefusal = (_hook: HookId, error: Error): void => void refusals.push(error);
    store.use(({ db }) =>
      updateBreakers({ db, gates: paths.gates, config, nowMs: now(), onRefusal }, hooks),
    );
    if (refusals[0] !== undefined) throw refusals[0];
  };
}
