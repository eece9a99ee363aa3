import type { Alert, AlertAction, AlertRule } from '../domain/alert.ts';
import type { Status } from '../domain/execution.ts';
import type { Database } from './database.ts';
import { deleteUnheardSkips, prepareForget } from './skipped-guards.ts';
import { HAS_RUN } from './statuses.ts';

/** One row of `alerts`. */
export interface AlertRow extends Alert {
  /** Executions up to this row of `hook_logs` raise no further alert of this rule and subject. */
  readonly spentLogId: number;
  /** Actions still to be done for its state. */
  readonly owed: readonly AlertAction[];
  readonly lastNotified: string | null;
}

type StoredAlert = Omit<AlertRow, 'owed'> & { readonly owed: string };

const COLUMNS = `alert_id AS alertId, rule, subject, state, opened_at AS openedAt, cleared_at AS clearedAt,
  value, threshold, runs, reason, spent_log_id AS spentLogId, owed, last_notified AS lastNotified`;

const toRow = ({ owed, ...row }: StoredAlert): AlertRow => ({
  ...row,
  owed: owed.split(' ').filter((word) => word !== '') as AlertAction[],
});

/** The latest alert of each rule and subject, whether open or cleared. */
export function latestAlerts(db: Database): AlertRow[] {
  return db
    .prepare<[], StoredAlert>(
      `SELECT ${COLUMNS} FROM alerts
       WHERE alert_id IN (SELECT max(alert_id) FROM alerts GROUP BY rule, subject)`,
    )
    .all()
    .map(toRow);
}

/** All open alerts and those that cleared at `since` or later, latest first. @param since undefined: only open ones */
export function listAlerts(db: Database, since: string | undefined): AlertRow[] {
  const where = since === undefined ? "state = 'open'" : "state = 'open' OR cleared_at >= @since";
  return db
    .prepare<[{ since: string | undefined }], StoredAlert>(
      `SELECT ${COLUMNS} FROM alerts WHERE ${where} ORDER BY alert_id DESC`,
    )
    .all({ since })
    .map(toRow);
}

/** Writes all rows or none. */
export function saveAlerts(db: Database, rows: readonly AlertRow[]): void {
  const save = db.prepare(
    `INSERT OR REPLACE INTO alerts (alert_id, rule, subject, state, opened_at, cleared_at, value, threshold, runs,
       reason, spent_log_id, owed, last_notified)
     VALUES (@alertId, @rule, @subject, @state, @openedAt, @clearedAt, @value, @threshold, @runs,
       @reason, @spentLogId, @owed, @lastNotified)`,
  );
  const forget = prepareForget(db);
  db.transaction(() => {
    for (const row of rows) {
      save.run({ ...row, owed: row.owed.join(' ') });
      if (row.rule === 'guard_skipped' && row.clearedAt !== null)
        forget(row.subject, row.clearedAt);
    }
  }).immediate();
}

/** Records that one action for this state of an alert is done, or was given up. */
export function clearOwed(
  db: Database,
  alert: Pick<AlertRow, 'alertId' | 'state'>,
  action: AlertAction,
  at: string,
): void {
  const find = db.prepare<[string, string], StoredAlert>(
    `SELECT ${COLUMNS} FROM alerts WHERE alert_id = ? AND state = ?`,
  );
  const save = db.prepare('UPDATE alerts SET owed = ?, last_notified = ? WHERE alert_id = ?');
  db.transaction(() => {
    const stored = find.get(alert.alertId, alert.state);
    if (stored === undefined) return;
    const owed = toRow(stored).owed.filter((word) => word !== action);
    save.run(owed.join(' '), at, alert.alertId);
  }).immediate();
}

/** Deletes alerts that cleared before a time. */
export function deleteOldAlerts(db: Database, before: string): number {
  deleteUnheardSkips(db);
  return db.prepare("DELETE FROM alerts WHERE state = 'cleared' AND cleared_at < ?").run(before)
    .changes;
}

/** The parts of an execution that rules look at. */
export interface WindowRow {
  readonly id: number;
  readonly eventType: string;
  readonly toolName: string | null;
  readonly command: string;
  readonly scriptDigest: string | null;
  readonly createdAt: string;
  /** The end of the error text of a failure. */
  readonly error: string | null;
  /** `blocked` also for a failure that its agent took for a refusal. */
  readonly status: Status;
  readonly exitCode: number | null;
  readonly agent: string | null;
  readonly durationMs: number | null;
  readonly overheadMs: number | null;
}

/** Maximum number of executions in a window, so that a query takes less than 1 ms however many there are. */
export const MAX_WINDOW_ROWS = 500;

/** How much of an error text a rule sees. */
const ERROR_CHARACTERS = 200;

/** How many executions to search for those that ran. */
const MAX_LOOKED_AT = 2000;

/**
 * The latest executions that ran and started at `since` or later, newest first.
 * @param hookName undefined: every hook
 */
export function windowRows(
  db: Database,
  hookName: string | undefined,
  since: string,
  maxRows = MAX_WINDOW_ROWS,
): WindowRow[] {
  const ofHook = hookName === undefined ? '' : 'hook_name = @hookName AND';
  return db
    .prepare<[{ hookName: string | undefined; since: string }], WindowRow>(
      `SELECT * FROM (
         SELECT id, event_type AS eventType, tool_name AS toolName, command, script_digest AS scriptDigest,
                created_at AS createdAt, CASE WHEN status = 'error' THEN substr(error, -${ERROR_CHARACTERS}) END AS error,
                CASE WHEN status = 'error' AND decision IS 'deny' THEN 'blocked' ELSE status END AS status,
                exit_code AS exitCode, agent, duration_ms AS durationMs,
                overhead_ms AS overheadMs
         FROM hook_logs WHERE ${ofHook} created_at >= @since
         ORDER BY created_at DESC, id DESC LIMIT ${MAX_LOOKED_AT})
       WHERE ${HAS_RUN} LIMIT ${maxRows}`,
    )
    .all({ hookName, since });
}

/** The hooks of all rows after `behind`, up to `upTo`. */
export function hookNamesBetween(db: Database, behind: number, upTo: number): string[] {
  return db
    .prepare<[number, number]>('SELECT DISTINCT hook_name FROM hook_logs WHERE id > ? AND id <= ?')
    .pluck()
    .all(behind, upTo) as string[];
}

/** Identifies an alert by rule and subject, as a unique text. */
export const alertKey = (rule: AlertRule, subject: string): string =>
  JSON.stringify([rule, subject]);
