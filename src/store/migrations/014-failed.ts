/** Failures are rare among executions, and most questions are about them. Only a failure pays for it. */
export const failed = `
CREATE INDEX hook_logs_failed ON hook_logs (created_at) WHERE status IN ('error', 'timeout');
`;
