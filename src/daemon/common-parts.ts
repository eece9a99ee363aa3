import type { StoreHandle } from '../app/store/store-handle.ts';
import type { Log } from './log.ts';

/** What most parts of the daemon work with. */
export interface CommonParts {
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
}
