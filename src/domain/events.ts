/**
 * The events of Claude Code on which a hook cannot stop anything: no exit code of its own does. Codex uses the same
 * names for the same events.
 */
export const CANNOT_BLOCK: ReadonlySet<string> = new Set([
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

/** Whether a hook on this event may stop what the agent is about to do. On doubt, and of an unknown event, it may. */
export function canBlock(eventType: string): boolean {
  return !CANNOT_BLOCK.has(eventType);
}

/** Events of Claude Code, and of Codex by the same names, on which exit code 2 stops what the agent is about to do. */
const BLOCKS: ReadonlySet<string> = new Set([
  'UserPromptSubmit',
  'UserPromptExpansion',
  'PreToolUse',
  'PreModelSwitch',
  'PostToolBatch',
  'SubagentStop',
  'TaskCreated',
  'TaskCompleted',
  'Stop',
  'TeammateIdle',
  'ConfigChange',
  'PreCompact',
  'Elicitation',
  'ElicitationResult',
]);

/** Claude Code's events, as a settings file names them. */
export const EVENT_NAMES: readonly string[] = [
  ...CANNOT_BLOCK,
  ...BLOCKS,
  'PermissionRequest',
  'WorktreeCreate',
];

/** Whether exit code 2, and no other, stops the agent here. Of events of other agents nothing is known. */
export function blocksByExitCode(eventType: string): boolean {
  return BLOCKS.has(eventType);
}

/** Events of which what a hook writes to stdout, as plain text, goes into the agent's context. */
const TAKES_TEXT: ReadonlySet<string> = new Set([
  'SessionStart',
  'UserPromptSubmit',
  'UserPromptExpansion',
]);

export const TEXT_EVENTS: readonly string[] = [...TAKES_TEXT];

export function takesText(eventType: string): boolean {
  return TAKES_TEXT.has(eventType);
}

/** Events after which the agent goes on without waiting for what their hooks do. */
const NOT_WAITED_FOR: ReadonlySet<string> = new Set(['SessionEnd', 'DirectoryAdded']);

/** Whether an agent waits for the hooks of this event; on doubt it does. */
export function waitsForHooks(eventType: string): boolean {
  return !NOT_WAITED_FOR.has(eventType);
}

/** How long Claude Code lets the hooks of an event run where a settings file says nothing, in ms. */
const LIMITS_MS: Readonly<Record<string, number>> = {
  UserPromptSubmit: 30_000,
  MessageDisplay: 10_000,
  SessionEnd: 1500,
};

const LIMIT_MS = 600_000;

export function defaultLimitMs(eventType: string): number {
  return LIMITS_MS[eventType] ?? LIMIT_MS;
}
