import { createConfigWatch } from '../../config/file/config-watch.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import type { StoreHandle } from '../store/store-handle.ts';
import { followBreakers } from './breaker.ts';

/**
 * For a process that stores executions itself: what it gives opens and closes the breakers of these hooks, to be called
 * once executions of them were stored. A config.json that cannot be used opens and closes none, or the last good one
 * stays in force. It throws what the store says, or in the end the file system of the first gate that it refused to change.
 */
export function createBreakerTracker(
  paths: StatePaths,
  store: StoreHandle,
  now: () => number,
): (hooks: Iterable<HookId>) => void {
  const watch = createConfigWatch(paths.config, () => undefined);
  return (hooks) => {
    const { breaker: config } = watch.current();
    // Most have none, and pay for no look at the database.
    if (!config.enabled && config.hooks.length === 0) return;
    const refusals: Error[] = [];
    const onRefusal = (_hook: HookId, error: Error): void => void refusals.push(error);
    store.use(({ db }) =>
      followBreakers({ db, gates: paths.gates, config, nowMs: now(), onRefusal }, hooks),
    );
    if (refusals[0] !== undefined) throw refusals[0];
  };
}
