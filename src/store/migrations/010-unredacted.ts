/** Whether redaction was applied before storing: 1 or 0; NULL in older rows. */
export const unredacted = `
ALTER TABLE hook_logs ADD COLUMN redacted INTEGER;
CREATE INDEX hook_logs_unredacted ON hook_logs (id) WHERE redacted = 0;
`;
