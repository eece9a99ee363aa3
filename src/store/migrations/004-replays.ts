/**
 * An agent did not cause replays, so they have a table of their own: no metric, breaker or query can take them for
 * executions. A replay is deleted together with its execution.
 */
export const replays = `
CREATE TABLE replays (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  log_id         INTEGER NOT NULL REFERENCES hook_logs (id) ON DELETE CASCADE,
  span_id        TEXT NOT NULL,
  command        TEXT NOT NULL,
  status         TEXT NOT NULL,
  exit_code      INTEGER,
  signal         TEXT,
  error          TEXT,
  duration_ms    REAL,
  stdout_bytes   INTEGER NOT NULL DEFAULT 0,
  stderr_bytes   INTEGER NOT NULL DEFAULT 0,
  stdout_kind    TEXT NOT NULL DEFAULT 'empty',
  stdout_digest  TEXT,
  changed        INTEGER NOT NULL,
  differences    TEXT NOT NULL,
  created_at     TEXT NOT NULL
);
CREATE INDEX replays_log ON replays (log_id);

CREATE TRIGGER hook_logs_deleted_replays AFTER DELETE ON hook_logs BEGIN
  DELETE FROM replays WHERE log_id = OLD.id;
END;
`;
