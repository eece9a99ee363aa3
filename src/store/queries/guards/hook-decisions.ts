import type { Database } from '../../database.ts';
import { LATEST_OF_NAME } from '../../hook-commands.ts';
import { BUCKET_SECONDS, bucketStart, oldestRow } from '../../rollups.ts';

/** The recorded events and results of a command that may have been decisions. */
export interface HookDecisions {
  readonly command: string;
  /** The events on which it was called, or may have been. */
  readonly events: readonly string[];
  /** Whether Cline ran it, where a hook can refuse on any event. */
  readonly isOfCline: boolean;
  /** Calls refused, by the hook itself or repeated for a duplicate. */
  readonly refused: number;
  /** Those of them that started at `since` or later. */
  readonly refusedSince: number;
  /** Calls that it answered in JSON, which may have been refusals. */
  readonly answered: number;
}

/** Errs towards a guard: exit code 2 counts on every event. */
const REFUSED = `(coalesce(decision, '') = 'deny' OR status = 'blocked' OR (status = 'dedupe_skip' AND exit_code = 2))`;

/** How many earlier refusals to look at. */
const MAX_REFUSALS = 10_000;

/**
 * One entry for each command of a name. Of many executions it looks at the latest, and of those before them at refusals
 * and at rollups, which know the events but not the command: it may have been any.
 */
export function readHookDecisions(db: Database, hookName: string, since: string): HookDecisions[] {
  const first = db
    .prepare(
      `SELECT created_at FROM hook_logs WHERE hook_name = ? ORDER BY created_at DESC LIMIT 1 OFFSET ${LATEST_OF_NAME}`,
    )
    .pluck()
    .get(hookName) as string | undefined;
  const found = db
    .prepare<
      Values,
      Omit<HookDecisions, 'events' | 'isOfCline'> & { events: string; isOfCline: 0 | 1 }
    >(
      `SELECT command, json_group_array(DISTINCT event_type) AS events, max(agent IS 'cline') AS isOfCline,
         total(${REFUSED}) AS refused, total(${REFUSED} AND created_at >= @since) AS refusedSince,
         total(stdout_kind = 'json' AND coalesce(decision, '') <> 'deny') AS answered
       FROM (SELECT * FROM hook_logs WHERE hook_name = @hookName AND created_at > @first
             UNION ALL
             SELECT * FROM (SELECT * FROM hook_logs
               WHERE hook_name = @hookName AND decision = 'deny' AND +created_at <= @first
               ORDER BY id DESC LIMIT ${MAX_REFUSALS}))
       GROUP BY command`,
    )
    .all({ hookName, since, first: first ?? '' })
    .map(({ events, isOfCline, ...row }) => ({
      ...row,
      events: JSON.parse(events) as string[],
      isOfCline: isOfCline === 1,
    }));
  if (first === undefined) return found;
  const earlier = eventsOf(db, hookName);
  return found.map((one) => ({ ...one, events: [...new Set([...one.events, ...earlier])] }));
}

type Values = [Readonly<Record<'hookName' | 'since' | 'first', string>>];

/** The events of a name on the days from the oldest execution on. */
function eventsOf(db: Database, hookName: string): string[] {
  const [, day] = BUCKET_SECONDS;
  return db
    .prepare(
      `SELECT DISTINCT event_type FROM hook_metrics
       WHERE bucket_seconds = ${day} AND bucket_start >= ? AND hook_name = ? ORDER BY event_type`,
    )
    .pluck()
    .all(bucketStart(oldestRow(db) ?? '', day), hookName) as string[];
}
