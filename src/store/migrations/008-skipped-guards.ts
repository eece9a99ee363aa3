/** Guards that were skipped. They have a table of their own, so that no retention hides them. */
export const skippedGuards = `
CREATE TABLE skipped_guards (
  hook_name   TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  reason      TEXT NOT NULL,
  count       INTEGER NOT NULL,
  first_at    TEXT NOT NULL,
  last_at     TEXT NOT NULL,
  PRIMARY KEY (hook_name, event_type, reason)
) WITHOUT ROWID;
`;
