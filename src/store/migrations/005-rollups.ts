/**
 * The progress of the rollups: the last row of `hook_logs` that `hook_metrics` includes. Earlier versions wrote no
 * rollups, so the table is emptied.
 */
export const rollups = `
DELETE FROM hook_metrics;
CREATE TABLE rollup_marks (
  name    TEXT PRIMARY KEY,
  log_id  INTEGER NOT NULL
);
CREATE INDEX hook_metrics_size ON hook_metrics (bucket_seconds, bucket_start);
`;
