import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type {
  AgentSettings,
  Neighbour,
  Places,
  Scope,
} from '../../agents/settings/agent-settings.ts';
import { settingsError } from './settings-file.ts';
import { ownerByPlace } from './whose-file.ts';

/** A settings file that may be changed. */
export interface FoundFile {
  readonly path: string;
  readonly scope: Scope;
  /** The directory that the file must be in after resolving links; undefined: anywhere. */
  readonly within?: string;
}

/**
 * The directory that a project's settings file must stay in. Anyone may have written a repository, and a link in it may
 * point at one of the user's own files. Undefined for a file of the user or of root.
 */
export function boundsOf({ path, scope }: FoundFile, places: Places): string | undefined {
  if (scope === 'user' || scope === 'managed') return undefined;
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
    .flatMap(({ scope, path, isDirectory, holds }) =>
      isDirectory === true
        ? jsonFilesOf(path).map((file) => ({ scope, path: file }))
        : isFile(path) && (holds === undefined || holds.test(textOf(path)))
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

export function jsonFilesOf(directory: string): string[] {
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

/** Empty if it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Determines the scope of a file that the user named: from its place, else `project`, because the shared form works
 * everywhere.
 * @throws HookbusError `E_SETTINGS_FILE` for a file that HookBus must not change
 */
export function nameSettings(
  path: string,
  scope: Scope | undefined,
  agent: AgentSettings,
  places: Places,
): FoundFile {
  const absolute = resolve(places.cwd, path);
  if (!existsSync(absolute)) throw settingsError(`${path} does not exist`);
  const target = realpathSync(absolute);
  if (scope !== 'managed') requireChangeable(path, target);
  const known = findSettings(agent, places).find((file) => realpathSync(file.path) === target);
  if (known === undefined) requireItsAgent(path, [absolute, target], agent);
  const guessed = known?.scope ?? (/\.local\.json$/.test(basename(target)) ? 'local' : 'project');
  return { path: absolute, scope: scope ?? guessed };
}

/** Whether one of the files is this one, perhaps by a link. */
export const isAmong = (files: readonly FoundFile[], { path }: FoundFile): boolean =>
  files.some((file) => targetOf(file.path) === targetOf(path));

/** The path itself if there is no such file yet. */
const targetOf = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** Rejects files that nobody but an administrator or a plugin may change. @throws HookbusError `E_SETTINGS_FILE` */
export function requireChangeable(path: string, target: string): void {
  if (
    /^managed-settings/.test(basename(target)) ||
    /[\\/]managed-settings\.d$/.test(dirname(target))
  ) {
    throw settingsError(
      `${path} is managed by an administrator`,
      'HookBus did not change it. As root: hookbus install --scope managed',
    );
  }
  if (/[\\/]plugins[\\/](?:cache|marketplaces)[\\/]/.test(target)) {
    throw settingsError(
      `${path} belongs to a plugin, and the plugin's next update would overwrite it`,
      'HookBus did not change it.',
    );
  }
}

/** Rejects a file in another agent's directory: a line for the wrong shell would change what a hook means. */
function requireItsAgent(
  path: string,
  places: readonly string[],
  { agent, title }: AgentSettings,
): void {
  const owner = ownerByPlace(places);
  if (owner === undefined || owner.agent === agent) return;
  throw settingsError(
    `${path} is in ${owner.directory}, so it does not belong to ${title}`,
    `Use --agent ${owner.agent}.`,
  );
}
