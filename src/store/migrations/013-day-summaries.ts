/**
 * What a day that is over comes to, as JSON: readers compute it once and keep it here. Whoever changes or deletes an
 * execution drops the answers for its day. Readers look for added ones: a trigger would nearly double the cost of an insert.
 */
export const daySummaries = `
CREATE TABLE day_summaries (
  day   TEXT NOT NULL,
  kind  TEXT NOT NULL,
  body  TEXT NOT NULL,
  PRIMARY KEY (day, kind)
);
CREATE TRIGGER hook_logs_updated_summaries AFTER UPDATE ON hook_logs BEGIN
  DELETE FROM day_summaries WHERE day IN (substr(OLD.created_at, 1, 10), substr(NEW.created_at, 1, 10));
END;
CREATE TRIGGER hook_logs_deleted_summaries AFTER DELETE ON hook_logs BEGIN
  DELETE FROM day_summaries WHERE day = substr(OLD.created_at, 1, 10);
END;
`;
