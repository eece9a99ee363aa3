/**
 * What a hook asked of its agent: to refuse (`deny`), to ask the user, to leave it to a later answer (`defer`), to allow, to
 * end the turn (`stop`), or nothing of these. The values of `hook_logs.decision`.
 */
export const DECISIONS = ['deny', 'ask', 'defer', 'allow', 'stop', 'none'] as const;
export type Decision = (typeof DECISIONS)[number];

/** The agents that HookBus recognizes. The values of `hook_logs.agent`. */
export const AGENTS = [
  'claude',
  'codex',
  'gemini',
  'cursor',
  'copilot',
  'qwen',
  'droid',
  'auggie',
  'cline',
] as const;
export type Agent = (typeof AGENTS)[number];

/** The result of a hook, as its agent sees it. */
export interface HookOutput {
  readonly eventType: string;
  /** Undefined if a signal ended the hook. */
  readonly exitCode: number | undefined;
  /** The start of stdout. */
  readonly stdout: Uint8Array;
  /** `stdout` is all of it. */
  readonly isComplete: boolean;
  /** The end of stderr. */
  readonly stderr: string;
}

/** An answer by the rules of the agent that read it. */
export interface Answer {
  readonly decision: Decision;
  /** The hook's own words for it, not redacted. */
  readonly reason?: string;
  /** The agent works on with other input, or another output of the tool, than it had. */
  readonly changesInput: boolean;
  /** How many characters (UTF-16 units) the answer adds to the agent's context, after the agent's own limit. */
  readonly contextChars: number;
  /** What the agent does not understand in the answer, and so ignores: a sentence for people, without values. */
  readonly warning?: string;
}
