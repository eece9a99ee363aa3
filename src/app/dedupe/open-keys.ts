import { createStoreHandle } from '../store/store-handle.ts';
import { createKeys, type Keys } from './dedupe.ts';

/** The keys in a database, for a process that claims one: an engine or the library. */
export function openKeys(
  databasePath: string,
  busyMs: number,
  now: () => number,
): { readonly keys: Keys; readonly note: (warning: string) => void } {
  const store = createStoreHandle(databasePath, busyMs, now);
  return {
    keys: createKeys(store, now),
    note: (warning) =>
      store.use(({ writer }) => writer.note('mistake', warning, new Date(now()).toISOString())),
  };
}
