import type { AgentName } from '../../agents/settings/agent-settings.ts';

/** Whose a hook is. `managed`: an administrator's. `plugin`, `skill`, `agent`: it came with one of these. */
export const SOURCES = ['managed', 'user', 'project', 'local', 'plugin', 'skill', 'agent'] as const;
export type Source = (typeof SOURCES)[number];

/** Parts of an entry that change how a hook runs. */
interface HookOptions {
  /** The shell; undefined: the agent's. */
  readonly shell: string | undefined;
  /** A failure counts as a refusal. */
  readonly blocksOnFailure: boolean;
  /** Variables that it gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it starts; undefined: where the agent is. */
  readonly directory: string | undefined;
}

/** A hook that an agent finds in its files, in the order in which it would be started. */
export interface ConfiguredHook {
  readonly agent: AgentName;
  readonly event: string;
  /** How another program of the agent's maker calls the event. */
  readonly otherEvent?: string;
  /** As it stands in the file; undefined: everything. */
  readonly matcher: string | undefined;
  /** The rule of `if`. */
  readonly condition: string | undefined;
  readonly source: Source;
  /** The name of the plugin, skill or agent. */
  readonly owner: string | undefined;
  /** Where it stands: the file, and the line of its command, counted from 1. */
  readonly path: string;
  readonly line: number;
  /** `line`: a shell runs it. `program`: it is started directly. `other`: there is no command. */
  readonly kind: 'line' | 'program' | 'other';
  /** The agent's name for what it is: `command`, `http`, `prompt`, … */
  readonly type: string;
  /** As it stands in the file: the line, or the program; empty for `other`. */
  readonly command: string;
  /** The arguments of a program. */
  readonly args: readonly string[];
  /** The same without HookBus. */
  readonly original: string;
  /** Under which HookBus records it, or would. */
  readonly hookName: string;
  /** HookBus stands before it. */
  readonly isRecorded: boolean;
  /** Its time limit in ms, its own or the agent's. */
  readonly limitMs: number;
  /** The agent does not wait for it. */
  readonly isAsync: boolean;
  /** What else its entry says about its runs; undefined if only the agent knows it. */
  readonly options?: HookOptions;
}
