import { constants, copyFileSync, existsSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuildRollups } from '../../src/app/retention/roll-up.ts';
import { openDatabase } from '../../src/store/database.ts';
import { setRollupMark } from '../../src/store/rollups.ts';

export const MILLION = 1_000_000;

/** Names of the hooks of `copyMillion`. Each is called on one event, `hook_0` at the start of sessions. */
export const MILLION_HOOKS = Array.from({ length: 20 }, (_, index) => `hook_${index}`);

/** Executions of one session, one after another. */
const SESSION_EXECUTIONS = 1000;

/** A little less than 30 days, so that all are in the last 720 hours for as long as the tests take. */
export const MILLION_HOURS = 29.9 * 24;

/** Copies a database with a million executions of the last 30 days, and their rollups. It is made once for all tests. */
export function copyMillion(path: string): void {
  const original = join(tmpdir(), 'million.db');
  if (!existsSync(original)) {
    const unfinished = join(mkdtempSync(join(tmpdir(), 'million-')), 'million.db');
    fillMonth(unfinished, MILLION);
    renameSync(unfinished, original);
  }
  copyFileSync(original, path, constants.COPYFILE_FICLONE);
}

/**
 * Makes a database of this many executions of the last 30 days, and their rollups.
 * @param isCounted false: without the rollups, which take longer than the rows; nothing makes them later, either
 */
export function fillMonth(path: string, count: number, isCounted = true): void {
  const secondsApart = (MILLION_HOURS * 3600) / count;
  const db = openDatabase(path, 5000);
  db.pragma('synchronous = OFF');
  // It is several times faster to make the indexes at the end.
  const indexes = db
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'hook_logs' AND sql LIKE 'CREATE INDEX%'",
    )
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  const hooks = MILLION_HOOKS.length;
  db.exec(`
    WITH RECURSIVE counter (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counter WHERE n < ${count - 1})
    INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, tool_name, session_id,
      tool_use_id, command, status, exit_code, duration_ms, overhead_ms, stdout_bytes, stdout_kind, stdout_digest,
      decision, context_chars, agent, subagent, project, created_at)
    SELECT printf('%032x', n), printf('%032x', n / 2), printf('%016x', n), 'hook_' || (n % ${hooks}),
      CASE WHEN n % ${hooks} = 0 THEN 'SessionStart' WHEN n % ${hooks} < 10 THEN 'PreToolUse' ELSE 'PostToolUse' END,
      'Bash', 'session-' || (n / ${SESSION_EXECUTIONS}), 'toolu_' || (n / 2), 'true',
      CASE WHEN n % 211 = 0 THEN 'error' WHEN n % 31 = 0 THEN 'dedupe_skip' WHEN n = 5000 THEN 'breaker_skip' ELSE 'success' END,
      0, 1 + n % 977, 0.5 + (n % 19) / 10.0, 100, iif(n % ${hooks} = 0, 'text', 'empty'), 'd' || (n % 40),
      CASE WHEN n = 7000 THEN 'stop' WHEN n % 509 = 0 THEN 'deny' ELSE 'none' END, iif(n % ${hooks} = 0, 90, 0),
      'claude', iif(n % 5 = 0, 'Explore', NULL), '/home/dev/project_' || (n % 7),
      strftime('%Y-%m-%dT%H:%M:%fZ', ${Date.now() / 1000} - (${count} - n) * ${secondsApart}, 'unixepoch')
    FROM counter`);
  for (const { sql } of indexes) db.exec(sql);
  if (isCounted) rebuildRollups(db);
  else {
    setRollupMark(db, count);
    db.prepare('INSERT OR REPLACE INTO hook_totals_mark VALUES (1, ?)').run(count);
  }
  db.close();
}
