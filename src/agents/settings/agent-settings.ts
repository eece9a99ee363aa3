import type { Node } from 'jsonc-parser';
import type { LineShell } from '../../domain/hook/wrapping.ts';

/** Whose a settings file is: a person's on this machine, a team's in a project, or a person's in a project. */
export const SCOPES = ['user', 'project', 'local'] as const;
export type Scope = (typeof SCOPES)[number];

/** Where agents look for settings files. */
export interface Places {
  readonly home: string | undefined;
  readonly cwd: string;
  /** The top of the git work tree that `cwd` is in; else `cwd`. */
  readonly projectRoot: string;
  /** `CLAUDE_CONFIG_DIR`, `CODEX_HOME`, `COPILOT_HOME`: where the agent's own directory is if not in the home directory. */
  readonly agentHome: Readonly<Partial<Record<AgentName, string>>>;
}

export type AgentName = 'claude' | 'codex' | 'gemini' | 'cursor' | 'copilot';

/** A file, or every `.json` file of a directory. */
interface SettingsPlace {
  readonly scope: Scope;
  readonly path: string;
  readonly isDirectory?: true;
}

/** Something that is the agent's too, and is left alone. */
export interface Neighbour {
  readonly path: string;
  /** What is said of it, behind its path. */
  readonly saying: string;
  /** It counts only where its text has this. */
  readonly holds?: RegExp;
}

/** What `install` knows of an agent: where its settings are, and what in them is a command. */
export interface AgentSettings {
  readonly agent: AgentName;
  readonly title: string;
  readonly places: (places: Places) => readonly SettingsPlace[];
  readonly neighbours: (places: Places) => readonly Neighbour[];
  /** The shell that runs a hook's line. */
  readonly shell: LineShell;
  readonly allowsComments: boolean;
  /** The file has an `env` block that hooks see. */
  readonly hasEnvBlock: boolean;
  /** Fields of a hook that are lines for a shell. */
  readonly lineFields: readonly string[];
  /** The field of a hook that is a program, where `args` are its arguments. */
  readonly programField: string;
  /** The field of a hook that says how long it may take, and what 1 means there, in ms. */
  readonly timeLimit: { readonly field: string; readonly unitMs: number };
  /** A hook need not say that it is a command. */
  readonly isCommandByDefault: boolean;
  /** What the agent replaces in a line before a shell reads it, with a word in quotes. */
  readonly writesIntoLines?: RegExp;
  /** Names or texts of hooks that are not to run, in any file of the agent. */
  readonly disabledIn?: (root: Node) => readonly string[];
  /** Fields that Windows runs without a shell like sh, so that they cannot be guarded where they are shared. */
  readonly unguardedFields: readonly string[];
  /** What a person has to do or know once the file has changed; undefined where there is nothing. */
  readonly advice: string | undefined;
  /** How recording is switched on. */
  readonly switchOn: string;
}

/** A directory of the project, and the same in the directory the agent is started in. */
export function inProject(
  { cwd, projectRoot }: Places,
  join: (directory: string) => string,
): string[] {
  return [...new Set([cwd, projectRoot])].map(join);
}
