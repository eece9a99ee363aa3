import type { Node } from 'jsonc-parser';
import type { LineShell } from '../../domain/hook/wrapping.ts';
import type { Fault } from './claude-faults.ts';

/** Whose settings a file has: a person's on this machine, a team's in a project, or a person's in a project. */
export const SCOPES = ['user', 'project', 'local'] as const;

/** The same, and an administrator's for all users of a machine, which only root changes. */
export const ALL_SCOPES = [...SCOPES, 'managed'] as const;
export type Scope = (typeof ALL_SCOPES)[number];

/** Where agents look for settings files. */
export interface Places {
  readonly home: string | undefined;
  readonly cwd: string;
  /** The top of the git work tree around `cwd`; else `cwd`. */
  readonly projectRoot: string;
  /** `CLAUDE_CONFIG_DIR`, `CODEX_HOME` and so on: the agent's own directory, if it is not in the home directory. */
  readonly agentHome: Readonly<Partial<Record<AgentName, string>>>;
  /** Where the system's files begin; undefined: `/`. */
  readonly systemRoot?: string;
}

export type AgentName =
  | 'claude'
  | 'codex'
  | 'gemini'
  | 'cursor'
  | 'copilot'
  | 'qwen'
  | 'droid'
  | 'auggie'
  | 'cline';

/** A file, or every `.json` file of a directory. */
interface SettingsPlace {
  readonly scope: Scope;
  readonly path: string;
  readonly isDirectory?: true;
  /** Only a file whose text matches counts. */
  readonly holds?: RegExp;
}

/** A file that also belongs to the agent, but that `install` does not change. */
export interface Neighbour {
  readonly path: string;
  /** A remark about it, printed after its path. */
  readonly saying: string;
  /** Only a file whose text matches is mentioned. */
  readonly holds?: RegExp;
}

/** A setting that keeps all hooks from running, or lets them run. */
export interface Switch {
  readonly node: Node;
  readonly name: string;
  readonly isOff: boolean;
}

/** What `install` knows about an agent: where its settings are, and which parts of them are commands. */
export interface AgentSettings {
  readonly agent: AgentName;
  readonly title: string;
  readonly places: (places: Places) => readonly SettingsPlace[];
  /** Directories whose files are hooks, for an agent without settings files. */
  readonly hookDirectories?: (places: Places) => readonly { scope: Scope; path: string }[];
  readonly neighbours: (places: Places) => readonly Neighbour[];
  /** The shell that runs a hook's line. */
  readonly shell: LineShell;
  readonly allowsComments: boolean;
  /** The file has an `env` block, whose variables hooks see. */
  readonly hasEnvBlock: boolean;
  /** A hook has an `env` of its own, whose variables it sees. */
  readonly hasHookEnv?: true;
  /** Where a file has its events; undefined: under `hooks`. */
  readonly eventsIn?: (root: Node) => Node | undefined;
  /** Events whose payloads do not say which event it is. */
  readonly isEventUnnamed?: (event: string) => boolean;
  /** Fields of a hook that hold lines for a shell. */
  readonly lineFields: readonly string[];
  /** The field of a hook that holds a program; `args` are its arguments. */
  readonly programField: string;
  /** The field of a hook that limits its time, the length of its unit in ms, and the limit of a hook without one. */
  readonly timeLimit: {
    readonly field: string;
    readonly unitMs: number;
    /** A second name of the field, which counts where the first is missing. */
    readonly otherField?: string;
    /** From this number on, the unit is 1 ms. */
    readonly countsMsFrom?: number;
    readonly defaultMs: (event: string) => number;
  };
  /** What keeps hooks of a file from running, although it is JSON. */
  readonly faultsIn?: (root: Node) => readonly Fault[];
  /** Where a file says whether hooks run at all, and what it says. */
  readonly switchIn?: (root: Node) => Switch | undefined;
  /** A hook without a type is a command. */
  readonly isCommandByDefault: boolean;
  /** What the agent replaces by a quoted word before a shell reads the line. */
  readonly writesIntoLines?: RegExp;
  /** Why a command may not have a prefix; undefined if it may. */
  readonly reasonToLeave?: (kind: 'line' | 'program' | 'other', own: string) => string | undefined;
  /** Names or texts of hooks that a file of the agent disables. */
  readonly disabledIn?: (root: Node) => readonly string[];
  /** Fields that Windows runs without a POSIX shell, so that they cannot be guarded in shared files. */
  readonly unguardedFields: readonly string[];
  /** What the user has to know before a file is changed. */
  readonly warning?: string;
  /** What the user has to do or know once the file has changed; undefined if nothing. */
  readonly advice: string | undefined;
  /** How to turn recording on. */
  readonly switchOn: string;
}

/** The same path below the agent's working directory and below the top of the project. */
export function inProject(
  { cwd, projectRoot }: Places,
  join: (directory: string) => string,
): string[] {
  return [...new Set([cwd, projectRoot])].map(join);
}
