import { createKeys, type Keys } from './dedupe.ts';
import { createStoreHandle } from '../store/store-handle.ts';

/** The keys of a database, for a process that asks for one: an engine or the library. */
export function openKeys(
  databasePath: string,
  busyMs: number,
  now: () => number,
): { readonly keys: Keys; readonly note: (mistake: string) => void } {
  const store = createStoreHandle(databasePath, busyMs, now);
  return {
    keys: createKeys(store, now),
    note: (mistake) =>
      store.use(({ writer }) => writer.note('mistake', mistake, new Date(now()).toISOString())),
  };
}
