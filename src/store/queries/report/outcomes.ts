import type { Database } from '../../database.ts';
import { FAILED, HAS_RUN, IS_KNOWN } from '../../statuses.ts';

/** How executions ended; each counts once. */
export interface Outcomes {
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The executions of a session, or those since a moment; UTC, in the format of `created_at`. */
interface Asked {
  readonly from: string;
  readonly sessionId?: string | undefined;
}

function conditionOf({ from, sessionId }: Asked): { where: string; value: string } {
  return sessionId === undefined
    ? { where: 'created_at >= ?', value: from }
    : { where: 'session_id = ?', value: sessionId };
}

/** When the first and the last of the executions started; undefined if there is none. */
export function spanOf(db: Database, asked: Asked): { from: string; until: string } | undefined {
  const { where, value } = conditionOf(asked);
  const end = (order: string): string =>
    `(SELECT created_at FROM hook_logs WHERE ${where} ORDER BY created_at ${order} LIMIT 1)`;
  const span = db
    .prepare<[string, string], { from: string | null; until: string | null }>(
      `SELECT ${end('ASC')} AS "from", ${end('DESC')} AS until`,
    )
    .get(value, value);
  if (span?.from === undefined || span.from === null || span.until === null) return undefined;
  return { from: span.from, until: span.until };
}

/**
 * Counts them by when they started. A failure is a failure, whatever the hook decided before.
 * @param step the length of a slot in seconds; `offset` is added to the time before
 * @returns by the number of the slot
 */
export function countOutcomes(
  db: Database,
  asked: Asked,
  { step, offset }: { readonly step: number; readonly offset: number },
): ReadonlyMap<number, Outcomes> {
  const { where, value } = conditionOf(asked);
  const rows = db
    .prepare<[string], Outcomes & { slot: number }>(
      `SELECT CAST(floor((unixepoch(created_at) + ${offset}) / ${step}.0) AS INTEGER) AS slot,
         sum(${HAS_RUN} AND NOT ${FAILED} AND decision IS NOT 'deny') AS ok,
         sum(${HAS_RUN} AND NOT ${FAILED} AND decision IS 'deny') AS refused,
         sum(${FAILED}) AS failed, sum(NOT ${HAS_RUN}) AS skipped
       FROM hook_logs WHERE ${where} AND ${IS_KNOWN} GROUP BY slot`,
    )
    .all(value);
  return new Map(rows.map(({ slot, ...outcomes }) => [slot, outcomes]));
}
