import { rollUp } from '../../src/app/retention/roll-up.ts';
import type { Database } from '../../src/store/database.ts';

/** Rolls up all rows. */
export function rollUpAll(db: Database): void {
  while (rollUp(db) > 0);
}
