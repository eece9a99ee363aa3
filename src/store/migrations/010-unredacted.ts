/** Whether secrets were taken out of an execution before it was stored: 1 or 0; NULL of those from before. */
export const unredacted = `
ALTER TABLE hook_logs ADD COLUMN redacted INTEGER;
CREATE INDEX hook_logs_unredacted ON hook_logs (id) WHERE redacted = 0;
`;
