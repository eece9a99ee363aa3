/** The tables of version 1. */
export const first = `
CREATE TABLE hook_logs (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  execution_id    TEXT NOT NULL UNIQUE,
  correlation_id  TEXT NOT NULL,
  span_id         TEXT NOT NULL,
  parent_span_id  TEXT,
  hook_name       TEXT NOT NULL,
  event_type      TEXT NOT NULL,
  tool_name       TEXT,
  session_id      TEXT,
  tool_use_id     TEXT,
  cwd             TEXT,
  command         TEXT NOT NULL,
  status          TEXT NOT NULL,
  exit_code       INTEGER,
  signal          TEXT,
  error           TEXT,
  duration_ms     REAL,
  overhead_ms     REAL,
  stdin_bytes     INTEGER NOT NULL DEFAULT 0,
  stdout_bytes    INTEGER NOT NULL DEFAULT 0,
  stderr_bytes    INTEGER NOT NULL DEFAULT 0,
  stdout_kind     TEXT NOT NULL DEFAULT 'empty',
  stdout_digest   TEXT,
  dedupe_key      TEXT,
  created_at      TEXT NOT NULL
);
CREATE INDEX hook_logs_created ON hook_logs (created_at);
CREATE INDEX hook_logs_hook ON hook_logs (hook_name, created_at);
CREATE INDEX hook_logs_session ON hook_logs (session_id, created_at) WHERE session_id IS NOT NULL;
CREATE INDEX hook_logs_correlation ON hook_logs (correlation_id);

CREATE TABLE hook_payloads (
  log_id     INTEGER NOT NULL REFERENCES hook_logs (id) ON DELETE CASCADE,
  stream     TEXT NOT NULL,
  encoding   TEXT NOT NULL,
  truncated  INTEGER NOT NULL DEFAULT 0,
  body       BLOB NOT NULL,
  UNIQUE (log_id, stream)
);

-- A trigger beside the foreign key: the sqlite3 shell does not enforce foreign keys unless told to,
-- and a deleted execution must take its payloads with it whoever deletes it.
CREATE TRIGGER hook_logs_deleted AFTER DELETE ON hook_logs BEGIN
  DELETE FROM hook_payloads WHERE log_id = OLD.id;
END;

CREATE TABLE dedupe_keys (
  dedupe_key    TEXT PRIMARY KEY,
  hook_name     TEXT NOT NULL,
  execution_id  TEXT NOT NULL,
  state         TEXT NOT NULL,
  exit_code     INTEGER,
  stdout        BLOB,
  stderr        BLOB,
  owner_pid     INTEGER,
  owner_start   INTEGER,
  created_at    TEXT NOT NULL,
  expires_at    TEXT NOT NULL
);
CREATE INDEX dedupe_keys_expiry ON dedupe_keys (expires_at);

CREATE TABLE hook_metrics (
  bucket_start      TEXT NOT NULL,
  bucket_seconds    INTEGER NOT NULL,
  hook_name         TEXT NOT NULL,
  event_type        TEXT NOT NULL,
  success           INTEGER NOT NULL DEFAULT 0,
  blocked           INTEGER NOT NULL DEFAULT 0,
  error             INTEGER NOT NULL DEFAULT 0,
  timeout           INTEGER NOT NULL DEFAULT 0,
  dedupe_skip       INTEGER NOT NULL DEFAULT 0,
  breaker_skip      INTEGER NOT NULL DEFAULT 0,
  duration_sum_ms   REAL NOT NULL DEFAULT 0,
  duration_max_ms   REAL,
  duration_sketch   BLOB,
  overhead_sum_ms   REAL NOT NULL DEFAULT 0,
  overhead_max_ms   REAL,
  overhead_sketch   BLOB,
  PRIMARY KEY (bucket_start, bucket_seconds, hook_name, event_type)
);

-- Problems around executions: invalid options and settings, quarantined databases, lost records.
CREATE TABLE notices (
  kind        TEXT NOT NULL,
  text        TEXT NOT NULL,
  count       INTEGER NOT NULL DEFAULT 1,
  first_seen  TEXT NOT NULL,
  last_seen   TEXT NOT NULL,
  PRIMARY KEY (kind, text)
);
`;
