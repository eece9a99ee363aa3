/**
 * Who exports: an id of this database for `service.instance.id`, and a salt for the labels of projects. And the counters by
 * agent and project, the base name of its directory; counts from before have neither.
 */
export const identity = `
CREATE TABLE export_state (
  name   TEXT PRIMARY KEY,
  value  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO export_state VALUES
  ('instance_id', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
    substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  ('project_salt', lower(hex(randomblob(16))));

ALTER TABLE hook_totals RENAME TO old_hook_totals;
CREATE TABLE hook_totals (
  hook_name          TEXT NOT NULL,
  event_type         TEXT NOT NULL,
  agent              TEXT NOT NULL,
  project            TEXT NOT NULL,
  status             TEXT NOT NULL,
  executions         INTEGER NOT NULL,
  keyed              INTEGER NOT NULL,
  duration_count     INTEGER NOT NULL,
  duration_sum_ms    REAL NOT NULL,
  duration_buckets   TEXT NOT NULL,
  overhead_count     INTEGER NOT NULL,
  overhead_sum_ms    REAL NOT NULL,
  overhead_buckets   TEXT NOT NULL,
  PRIMARY KEY (hook_name, event_type, agent, project, status)
);
INSERT INTO hook_totals SELECT hook_name, event_type, '', '', status, executions, keyed, duration_count, duration_sum_ms,
  duration_buckets, overhead_count, overhead_sum_ms, overhead_buckets FROM old_hook_totals;
DROP TABLE old_hook_totals;

ALTER TABLE decision_totals RENAME TO old_decision_totals;
CREATE TABLE decision_totals (
  hook_name   TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  agent       TEXT NOT NULL,
  project     TEXT NOT NULL,
  decision    TEXT NOT NULL,
  executions  INTEGER NOT NULL,
  PRIMARY KEY (hook_name, event_type, agent, project, decision)
) WITHOUT ROWID;
INSERT INTO decision_totals SELECT hook_name, event_type, '', '', decision, executions FROM old_decision_totals;
DROP TABLE old_decision_totals;
`;
