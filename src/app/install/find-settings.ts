import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type {
  AgentName,
  AgentSettings,
  Neighbour,
  Places,
  Scope,
} from '../../agents/settings/agent-settings.ts';
import { memberOf, textOf } from '../../agents/settings/read-settings-text.ts';
import { readSettingsFile, settingsError } from './settings-file.ts';

/** A settings file that may be changed. */
export interface FoundFile {
  readonly path: string;
  readonly scope: Scope;
  /** The directory that the file must be in after resolving links; undefined: anywhere. */
  readonly within?: string;
}

/**
 * The directory that a project's settings file must stay in. Anyone may have written a repository, and a link in it may
 * point at one of the user's own files. Undefined for a file of the user.
 */
export function boundsOf({ path, scope }: FoundFile, places: Places): string | undefined {
  if (scope === 'user') return undefined;
  return realpathSync(isBelow(path, places.projectRoot) ? places.projectRoot : workTreeOf(path));
}

/** Whether a path lies below a directory, by the text of both. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`);
}

/** The work tree that contains the file's path, else the file's directory. Does not follow links. */
function workTreeOf(path: string): string {
  for (let directory = dirname(path); dirname(directory) !== directory; ) {
    const isTop = existsSync(join(directory, '.git')) && !lstatSync(directory).isSymbolicLink();
    if (isTop) return directory;
    directory = dirname(directory);
  }
  return dirname(path);
}

/** The existing settings files of an agent, each once even if several links lead to it. */
export function findSettings(agent: AgentSettings, places: Places): FoundFile[] {
  const found = agent
    .places(places)
    .flatMap(({ scope, path, isDirectory }) =>
      isDirectory === true
        ? jsonFilesOf(path).map((file) => ({ scope, path: file }))
        : isFile(path)
          ? [{ scope, path }]
          : [],
    );
  const seen = new Set<string>();
  return found.filter(({ path }) => {
    const target = realpathSync(path);
    return !seen.has(target) && seen.add(target);
  });
}

/** The user's own settings file for every project, whether it exists or not. */
export function ownSettings(agent: AgentSettings, places: Places): FoundFile | undefined {
  const own = agent
    .places(places)
    .find(({ scope, isDirectory }) => scope === 'user' && !isDirectory);
  return own && { path: own.path, scope: own.scope };
}

/** Other files in which the agent may have hooks, each once, and why HookBus does not change them. */
export function findNeighbours(agent: AgentSettings, places: Places): Neighbour[] {
  const seen = new Set<string>();
  return agent.neighbours(places).filter(({ path, holds }) => {
    try {
      const text = readFileSync(path, 'utf8');
      return (holds === undefined || holds.test(text)) && !seen.has(path) && seen.add(path);
    } catch {
      // A file that is missing or unreadable is not listed.
      return false;
    }
  });
}

function jsonFilesOf(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
    return names
      .sort()
      .map((name) => join(directory, name))
      .filter(isFile);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Determines the scope of a file that the user named: from its place, else `project`, because the shared form works
 * everywhere.
 * @param isNamed the user named the agent; it is not just the default
 * @throws HookbusError `E_SETTINGS_FILE` for a file that HookBus must not change
 */
export function nameSettings(
  path: string,
  scope: Scope | undefined,
  agent: AgentSettings,
  places: Places,
  isNamed: boolean,
): FoundFile {
  const absolute = resolve(places.cwd, path);
  if (!existsSync(absolute)) throw settingsError(`${path} does not exist`);
  const target = realpathSync(absolute);
  if (
    /^managed-settings/.test(basename(target)) ||
    /\/managed-settings\.d$/.test(dirname(target))
  ) {
    throw settingsError(`${path} is managed by an administrator`, 'HookBus did not change it.');
  }
  if (/\/plugins\/(?:cache|marketplaces)\//.test(target)) {
    throw settingsError(
      `${path} belongs to a plugin, and the plugin's next update would overwrite it`,
      'HookBus did not change it.',
    );
  }
  const known = findSettings(agent, places).find((file) => realpathSync(file.path) === target);
  if (known === undefined) requireItsAgent(path, [absolute, target], agent, isNamed);
  const guessed = known?.scope ?? (/\.local\.json$/.test(basename(target)) ? 'local' : 'project');
  return { path: absolute, scope: scope ?? guessed };
}

/** Directories of agents' settings files and their agent; undefined if `install` does not support that agent. */
const DIRECTORIES: Readonly<Record<string, AgentName | undefined>> = {
  '.claude': 'claude',
  '.codex': 'codex',
  '.gemini': 'gemini',
  '.cursor': 'cursor',
  '.copilot': 'copilot',
  '.github': 'copilot',
  '.qwen': undefined,
  '.augment': undefined,
  '.factory': undefined,
};

/** Events that Claude Code does not have, and the option that names their agent. */
const FOREIGN_EVENTS: readonly (readonly [RegExp, string])[] = [
  [/^(?:(?:Before|After)(?:Tool|Agent|Model|ToolSelection)|PreCompress)$/, '--agent gemini'],
  [/^[a-z]/, '--agent cursor or --agent copilot'],
];

/**
 * Rejects a file that belongs to another agent, by its place or its events: a line for the wrong shell would
 * change what a hook means. @throws HookbusError `E_SETTINGS_FILE`
 */
function requireItsAgent(
  path: string,
  places: readonly string[],
  { agent, title }: AgentSettings,
  isNamed: boolean,
): void {
  const directory = places
    .flatMap((place) => place.split('/').slice(-3, -1).reverse())
    .find((name) => Object.hasOwn(DIRECTORIES, name));
  const owner = DIRECTORIES[directory ?? ''];
  if (directory !== undefined && owner !== agent && (owner !== undefined || !isNamed)) {
    const fix =
      owner === undefined
        ? 'Name with --agent the agent whose format it has; Qwen Code has the format of gemini.'
        : `Use --agent ${owner}.`;
    throw settingsError(`${path} is in ${directory}, so it does not belong to ${title}`, fix);
  }
  if (isNamed) return;
  for (const event of eventsOf(places[0] ?? path)) {
    const [, fix] = FOREIGN_EVENTS.find(([pattern]) => pattern.test(event)) ?? [];
    if (fix !== undefined)
      throw settingsError(
        `${path} has hooks on ${event}, which ${title} does not have`,
        `Use ${fix}.`,
      );
  }
}

function eventsOf(path: string): string[] {
  try {
    const events = memberOf(readSettingsFile(path, true).root, 'hooks');
    return (events?.children ?? []).map(({ children }) => textOf(children?.[0]) ?? '');
  } catch {
    // A broken file is reported when it is read to be changed.
    return [];
  }
}
