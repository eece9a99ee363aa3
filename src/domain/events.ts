/**
 * Events of Claude Code on which no exit code of a hook can stop anything. Codex uses the same names for the same
 * events. Events of other agents are missing on purpose, also those on which nothing can be stopped today, such as Codex's
 * PreModelRequest: what is not listed may block, and a guard is never skipped by a list that is out of date.
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

/** Whether a hook on this event may stop what the agent is about to do. True for unknown events. */
export function canBlock(eventType: string): boolean {
  return !CANNOT_BLOCK.has(eventType);
}

/**
 * The same for an agent. Cline's editor extension names its events as Claude Code does, and there `cancel` refuses after a
 * tool, too.
 */
export function canBlockFor(agent: string | null | undefined, eventType: string): boolean {
  return agent === 'cline' || canBlock(eventType);
}

/** Events of Claude Code (and, by the same names, of Codex) on which exit code 2 stops what the agent is about to do. */
const BLOCKS: ReadonlySet<string> = new Set([
  'UserPromptSubmit',
  'UserPromptExpansion',
  'PreToolUse',
  'PreSkillShellCommand',
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

/** Claude Code's events, as settings files name them. */
export const EVENT_NAMES: readonly string[] = [
  ...CANNOT_BLOCK,
  ...BLOCKS,
  'PermissionRequest',
  'WorktreeCreate',
];

/** Whether exit code 2, and no other code, stops the agent here. False for events of other agents. */
export function blocksByExitCode(eventType: string): boolean {
  return BLOCKS.has(eventType);
}

/** Events on which plain text that a hook writes to stdout goes into the agent's context. */
const TAKES_TEXT: ReadonlySet<string> = new Set([
  'SessionStart',
  'UserPromptSubmit',
  'UserPromptExpansion',
]);

export const TEXT_EVENTS: readonly string[] = [...TAKES_TEXT];

export function takesText(eventType: string): boolean {
  return TAKES_TEXT.has(eventType);
}

/** After these events the agent continues without waiting for their hooks. */
export const NOT_WAITED_FOR: readonly string[] = ['SessionEnd', 'DirectoryAdded'];

/** Whether an agent waits for the hooks of this event. True for unknown events. */
export function waitsForHooks(eventType: string): boolean {
  return !NOT_WAITED_FOR.includes(eventType);
}

/** Claude Code's default timeouts for the hooks of an event, in ms. */
const LIMITS_MS: Readonly<Record<string, number>> = {
  UserPromptSubmit: 30_000,
  MessageDisplay: 10_000,
  SessionEnd: 1500,
};

const LIMIT_MS = 600_000;

export function defaultLimitMs(eventType: string): number {
  return LIMITS_MS[eventType] ?? LIMIT_MS;
}
