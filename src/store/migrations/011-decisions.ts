/**
 * What each hook decided, and whose it was. Older rows get the decision that exit code and kind of stdout allow; where
 * JSON decided, it is not known.
 */
export const decisions = `
ALTER TABLE hook_logs ADD COLUMN decision TEXT;
ALTER TABLE hook_logs ADD COLUMN decision_reason TEXT;
ALTER TABLE hook_logs ADD COLUMN changes_input INTEGER;
ALTER TABLE hook_logs ADD COLUMN context_chars INTEGER;
ALTER TABLE hook_logs ADD COLUMN agent TEXT;
ALTER TABLE hook_logs ADD COLUMN subagent TEXT;
ALTER TABLE hook_logs ADD COLUMN project TEXT;
ALTER TABLE hook_logs ADD COLUMN script_digest TEXT;
ALTER TABLE hook_logs ADD COLUMN agent_variables TEXT;
UPDATE hook_logs SET decision = CASE
  WHEN status = 'dedupe_skip' AND error GLOB 'refused again, as a *' THEN 'deny'
  WHEN status IN ('breaker_skip', 'dedupe_skip') THEN 'none'
  WHEN exit_code = 2 AND event_type IN (
    'UserPromptSubmit', 'UserPromptExpansion', 'PreToolUse', 'PreModelSwitch', 'PostToolBatch', 'SubagentStop',
    'TaskCreated', 'TaskCompleted', 'Stop', 'TeammateIdle', 'ConfigChange', 'PreCompact', 'Elicitation',
    'ElicitationResult', 'BeforeTool', 'BeforeAgent', 'BeforeModel', 'beforeShellExecution', 'beforeMCPExecution',
    'beforeReadFile', 'beforeSubmitPrompt', 'preToolUse', 'permissionRequest') THEN 'deny'
  WHEN exit_code <> 0 AND event_type = 'WorktreeCreate' THEN 'deny'
  WHEN status = 'error' AND event_type IN ('BeforeTool', 'BeforeAgent', 'BeforeModel', 'preToolUse') THEN NULL
  WHEN stdout_kind = 'json' THEN NULL
  ELSE 'none' END;
CREATE INDEX hook_logs_denied ON hook_logs (hook_name, id) WHERE decision = 'deny';
CREATE INDEX hook_logs_project ON hook_logs (project, created_at) WHERE project IS NOT NULL;
ALTER TABLE replays ADD COLUMN decision TEXT;
`;
