/** Alerts: one row for each time that something went wrong. */
export const alerts = `
CREATE TABLE alerts (
  alert_id       TEXT PRIMARY KEY,
  rule           TEXT NOT NULL,
  subject        TEXT NOT NULL,
  state          TEXT NOT NULL,
  opened_at      TEXT NOT NULL,
  cleared_at     TEXT,
  value          REAL NOT NULL,
  threshold      REAL,
  runs           INTEGER,
  reason         TEXT,
  spent_log_id   INTEGER NOT NULL DEFAULT 0,
  owed           TEXT NOT NULL DEFAULT '',
  last_notified  TEXT
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE state = 'open';
CREATE INDEX alerts_latest ON alerts (rule, subject, alert_id);
CREATE INDEX alerts_cleared ON alerts (cleared_at);
`;
