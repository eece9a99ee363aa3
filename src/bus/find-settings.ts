import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { AgentSettings, Neighbour, Places, Scope } from '../agents/agent-settings.ts';
import { settingsError } from './settings-file.ts';

/** A settings file to be written. */
export interface FoundFile {
  readonly path: string;
  readonly scope: Scope;
  /** The directory that it must not leave by a link; undefined where it may lead anywhere. */
  readonly within?: string;
}

/**
 * The directory that a file of a project must not leave by a link: what lies in a repository can come from anybody, and a
 * link in it can lead to a file of yours. Undefined for a file of your own place.
 */
export function boundsOf({ path, scope }: FoundFile, places: Places): string | undefined {
  if (scope === 'user') return undefined;
  return realpathSync(isBelow(path, places.projectRoot) ? places.projectRoot : workTreeOf(path));
}

/** Whether a path lies below a directory, as both are written. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`);
}

/** The work tree that a file is in as it is named, else its directory. What is reached by a link is another place. */
function workTreeOf(path: string): string {
  for (let directory = dirname(path); dirname(directory) !== directory; ) {
    const isTop = existsSync(join(directory, '.git')) && !lstatSync(directory).isSymbolicLink();
    if (isTop) return directory;
    directory = dirname(directory);
  }
  return dirname(path);
}

/** The settings files of an agent that exist, each once, whatever links lead to it. */
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

/** What else the agent has there, each once, and why it is left alone. */
export function findNeighbours(agent: AgentSettings, places: Places): Neighbour[] {
  const seen = new Set<string>();
  return agent.neighbours(places).filter(({ path, holds }) => {
    try {
      const text = readFileSync(path, 'utf8');
      return (holds === undefined || holds.test(text)) && !seen.has(path) && seen.add(path);
    } catch {
      // What is not there, or is nobody else's to read, is not named.
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
 * Says whose a file is that a person named: as its place tells, else shared, since what is written for that is right
 * everywhere. @throws HookbusError `E_SETTINGS_FILE` for a file that is not to be changed
 */
export function nameSettings(
  path: string,
  scope: Scope | undefined,
  agent: AgentSettings,
  places: Places,
): FoundFile {
  const absolute = resolve(places.cwd, path);
  if (!existsSync(absolute)) throw settingsError(`${path} is not there`);
  const target = realpathSync(absolute);
  if (
    /^managed-settings/.test(basename(target)) ||
    /\/managed-settings\.d$/.test(dirname(target))
  ) {
    throw settingsError(`${path} is managed by an administrator`, 'It is left as it is.');
  }
  if (/\/plugins\/(?:cache|marketplaces)\//.test(target)) {
    throw settingsError(
      `${path} is of a plugin, whose next update would write over it`,
      'It is left as it is.',
    );
  }
  const known = findSettings(agent, places).find((file) => realpathSync(file.path) === target);
  const guessed = known?.scope ?? (/\.local\.json$/.test(basename(target)) ? 'local' : 'project');
  return { path: absolute, scope: scope ?? guessed };
}
