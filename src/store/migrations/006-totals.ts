/**
 * Everything ever recorded, for counters that never decrease although rows of hook_logs are deleted. Buckets are counts in
 * a JSON array, in the order of their bounds (src/domain/totals.ts). The one row of hook_totals_mark holds the last row of
 * hook_logs that was counted.
 */
export const totals = `
CREATE TABLE hook_totals (
  hook_name          TEXT NOT NULL,
  event_type         TEXT NOT NULL,
  status             TEXT NOT NULL,
  executions         INTEGER NOT NULL,
  keyed              INTEGER NOT NULL,
  duration_count     INTEGER NOT NULL,
  duration_sum_ms    REAL NOT NULL,
  duration_buckets   TEXT NOT NULL,
  overhead_count     INTEGER NOT NULL,
  overhead_sum_ms    REAL NOT NULL,
  overhead_buckets   TEXT NOT NULL,
  PRIMARY KEY (hook_name, event_type, status)
);

CREATE TABLE hook_totals_mark (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  last_id  INTEGER NOT NULL
);
INSERT INTO hook_totals_mark VALUES (1, 0);
`;
