import { CANNOT_BLOCK, canBlock } from './events.ts';
import type { Execution } from './execution.ts';

/** An alert of it stays open for so long at least, and since the last time, in ms: somebody looks once a day. */
export const SEEN_WITHIN_MS = 24 * 3_600_000;

/** Comes first, so that no id can look like it. */
const REFUSED = 'refused again, as a ';

/** Why a duplicate did not run. The launcher says the same in result.c. */
export const duplicateReason = (of: string, isRefused: boolean): string =>
  `${isRefused ? REFUSED : ''}duplicate of ${of}`;

/** Whether a hook that could have refused was kept from running, and nothing was refused in its place. */
export function isSkippedGuard({
  status,
  eventType,
  error,
}: Pick<Execution, 'status' | 'eventType' | 'error'>): boolean {
  if (!canBlock(eventType)) return false;
  if (status === 'breaker_skip') return true;
  return status === 'dedupe_skip' && error?.startsWith(REFUSED) !== true;
}

/** The same in SQL, of a row of `hook_logs`: 1 or 0. */
export const SKIPPED_GUARD = `(event_type NOT IN (${[...CANNOT_BLOCK].map((name) => `'${name}'`).join(', ')})
  AND (status = 'breaker_skip'
    OR status = 'dedupe_skip' AND coalesce(error, '') NOT GLOB '${REFUSED}*'))`;
