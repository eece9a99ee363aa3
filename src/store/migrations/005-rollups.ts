/**
 * How far the rollups have come: the last row of `hook_logs` that is in `hook_metrics`. Rollups of before were none, since
 * no version wrote any.
 */
export const rollups = `
DELETE FROM hook_metrics;
CREATE TABLE rollup_marks (
  name    TEXT PRIMARY KEY,
  log_id  INTEGER NOT NULL
);
CREATE INDEX hook_metrics_size ON hook_metrics (bucket_seconds, bucket_start);
`;
