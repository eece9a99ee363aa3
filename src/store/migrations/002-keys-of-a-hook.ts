/**
 * A dedupe key belongs to its hook: two hooks whose templates give the same text must never answer for each other.
 * Earlier versions wrote no keys, so there are none to migrate.
 */
export const addHookToDedupeKeys = `
DROP TABLE dedupe_keys;
CREATE TABLE dedupe_keys (
  dedupe_key    TEXT NOT NULL,
  hook_name     TEXT NOT NULL,
  execution_id  TEXT NOT NULL,
  state         TEXT NOT NULL,
  exit_code     INTEGER,
  stdout        BLOB,
  stderr        BLOB,
  owner_pid     INTEGER,
  owner_start   INTEGER,
  broker_pid    INTEGER,
  broker_start  INTEGER,
  created_at    TEXT NOT NULL,
  expires_at    TEXT NOT NULL,
  PRIMARY KEY (dedupe_key, hook_name)
);
CREATE INDEX dedupe_keys_expiry ON dedupe_keys (expires_at);
`;
