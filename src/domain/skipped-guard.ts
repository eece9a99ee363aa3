import { CANNOT_BLOCK, canBlockFor } from './events.ts';
import type { Execution } from './execution.ts';
import { DAY_MS } from './time.ts';

/** An alert stays open at least this long after the last skip, in ms: people look once a day. */
export const SEEN_WITHIN_MS = DAY_MS;

/** Comes first in the text, so that no id can look like it. */
const REFUSED = 'refused again, as a ';

/** Why a duplicate did not run. The launcher writes the same text in result.c. */
export const duplicateReason = (of: string, isRefused: boolean): string =>
  `${isRefused ? REFUSED : ''}duplicate of ${of}`;

/** Whether a duplicate gave the refusal of its original again; `reason` is why it did not run. */
export const isRepeatedRefusal = (reason: string | null | undefined): boolean =>
  reason?.startsWith(REFUSED) === true;

/** Whether a hook that could have refused was skipped, and no refusal was repeated in its place. */
export function isSkippedGuard({
  status,
  eventType,
  agent,
  error,
}: Pick<Execution, 'status' | 'eventType' | 'agent' | 'error'>): boolean {
  if (!canBlockFor(agent, eventType)) return false;
  if (status === 'breaker_skip') return true;
  return status === 'dedupe_skip' && !isRepeatedRefusal(error);
}

/** The same check in SQL for a row of `hook_logs`: 1 or 0. */
export const SKIPPED_GUARD = `((agent IS 'cline' OR event_type NOT IN (${[...CANNOT_BLOCK].map((name) => `'${name}'`).join(', ')}))
  AND (status = 'breaker_skip'
    OR status = 'dedupe_skip' AND coalesce(error, '') NOT GLOB '${REFUSED}*'))`;
