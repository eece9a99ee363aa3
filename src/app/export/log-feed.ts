import type { Config } from '../../config/file/config-file.ts';
import type { LoggedExecution } from '../../domain/exported.ts';
import { HOUR_MS, isoOf } from '../../domain/time.ts';
import type { LogFeed } from '../../exporters/exporter.ts';
import type { Database } from '../../store/database.ts';
import { readLogged, readLogsMark, saveLogsMark } from '../../store/export/logged.ts';
import { readIdentity } from './identity.ts';

/** After a longer absence of the collector, older executions are not sent. */
const MAX_AGE_MS = 24 * HOUR_MS;

/** Maximum characters of a text; the columns hold as many bytes. */
const MAX_TEXT = 2048;

export interface LogFeedParts {
  readonly use: <T>(work: (db: Database) => T) => T;
  readonly config: () => Config['export'];
  readonly now: () => number;
}

/** The executions whose log records were not sent yet. Where it stands is in the database, so that no restart loses any. */
export function createLogFeed({ use, config, now }: LogFeedParts): LogFeed {
  let mark: number | undefined;
  let isSaved = true;
  return {
    next: (limit) =>
      use((db) => {
        const since = isoOf(now() - MAX_AGE_MS);
        mark ??= readLogsMark(db, since);
        // Otherwise a restart would send again what was sent.
        if (!isSaved) saveLogsMark(db, mark);
        isSaved = true;
        const { projectLabel } = readIdentity(db, config());
        const { executions, lastId } = readLogged(
          db,
          { afterId: mark, since, limit },
          projectLabel,
        );
        return { executions: executions.map(bounded), lastId };
      }),
    sent: (lastId) => {
      mark = lastId;
      isSaved = false;
      use((db) => saveLogsMark(db, lastId));
      isSaved = true;
    },
  };
}

function bounded(execution: LoggedExecution): LoggedExecution {
  const { error, decisionReason } = execution;
  return {
    ...execution,
    error: error?.slice(0, MAX_TEXT),
    decisionReason: decisionReason?.slice(0, MAX_TEXT),
  };
}
