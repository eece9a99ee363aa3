/**
 * The events of Claude Code on which a hook cannot stop anything: no exit code of its own does. Codex uses the same
 * names for the same events.
 */
const CANNOT_BLOCK: ReadonlySet<string> = new Set([
  'SessionStart',
  'Setup',
  'InstructionsLoaded',
  'MessageDisplay',
  'PermissionDenied',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'SubagentStart',
  'StopFailure',
  'CwdChanged',
  'DirectoryAdded',
  'FileChanged',
  'WorktreeRemove',
  'PostCompact',
  'PostModelSwitch',
  'SessionEnd',
]);

/** Claude Code's events, as a settings file names them. */
export const EVENT_NAMES: readonly string[] = [
  ...CANNOT_BLOCK,
  'UserPromptSubmit',
  'UserPromptExpansion',
  'PreToolUse',
  'PermissionRequest',
  'PostToolBatch',
  'SubagentStop',
  'TaskCreated',
  'TaskCompleted',
  'Stop',
  'TeammateIdle',
  'ConfigChange',
  'WorktreeCreate',
  'PreCompact',
  'PreModelSwitch',
  'Elicitation',
  'ElicitationResult',
];

/** Whether a hook on this event may stop what the agent is about to do. On doubt, and of an unknown event, it may. */
export function canBlock(eventType: string): boolean {
  return !CANNOT_BLOCK.has(eventType);
}
