/**
 * Refusals in the rollups and, by decision, in the counters. Buckets from before count what exit codes tell: exit code 2
 * on an event on which it refuses. The index finds the few executions that decided something among many that did not.
 */
export const denied = `
ALTER TABLE hook_metrics ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;
UPDATE hook_metrics SET denied = blocked WHERE event_type IN (
  'UserPromptSubmit', 'UserPromptExpansion', 'PreToolUse', 'PreModelSwitch', 'PostToolBatch', 'SubagentStop',
  'TaskCreated', 'TaskCompleted', 'Stop', 'TeammateIdle', 'ConfigChange', 'PreCompact', 'Elicitation',
  'ElicitationResult', 'WorktreeCreate', 'BeforeTool', 'BeforeAgent', 'BeforeModel', 'beforeShellExecution',
  'beforeMCPExecution', 'beforeReadFile', 'beforeSubmitPrompt', 'preToolUse', 'permissionRequest');
CREATE TABLE decision_totals (
  hook_name   TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  decision    TEXT NOT NULL,
  executions  INTEGER NOT NULL,
  PRIMARY KEY (hook_name, event_type, decision)
) WITHOUT ROWID;
CREATE INDEX hook_logs_decided ON hook_logs (decision, created_at) WHERE decision <> 'none';
`;
