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
 * everywhere.
 * @param isNamed the agent was named, and is not only the default
 * @throws HookbusError `E_SETTINGS_FILE` for a file that is not to be changed
 */
export function nameSettings(
  path: string,
  scope: Scope | undefined,
  agent: AgentSettings,
  places: Places,
  isNamed: boolean,
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
  if (known === undefined) requireItsAgent(path, [absolute, target], agent, isNamed);
  const guessed = known?.scope ?? (/\.local\.json$/.test(basename(target)) ? 'local' : 'project');
  return { path: absolute, scope: scope ?? guessed };
}

/** Directories that agents keep their settings in, and what reads them; undefined where `install` knows no such agent. */
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

/** Events that Claude Code does not have, and whose they are. */
const FOREIGN_EVENTS: readonly (readonly [RegExp, string])[] = [
  [/^(?:(?:Before|After)(?:Tool|Agent|Model|ToolSelection)|PreCompress)$/, '--agent gemini'],
  [/^[a-z]/, '--agent cursor or --agent copilot'],
];

/**
 * Refuses a file that is another agent's, by its place or its events: lines for the wrong shell would change what hooks
 * mean. @throws HookbusError `E_SETTINGS_FILE`
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
        ? 'Say with --agent whose rules it follows; Qwen Code follows those of gemini.'
        : `Use --agent ${owner}.`;
    throw settingsError(`${path} is in ${directory}, so it is not of ${title}`, fix);
  }
  if (isNamed) return;
  for (const event of eventsOf(places[0] ?? path)) {
    const [, fix] = FOREIGN_EVENTS.find(([pattern]) => pattern.test(event)) ?? [];
    if (fix !== undefined)
      throw settingsError(
        `${path} has hooks on ${event}, which is no event of ${title}`,
        `Use ${fix}.`,
      );
  }
}

function eventsOf(path: string): string[] {
  try {
    const events = memberOf(readSettingsFile(path, true).root, 'hooks');
    return (events?.children ?? []).map(({ children }) => textOf(children?.[0]) ?? '');
  } catch {
    // What is wrong with it is said when it is to be changed.
    return [];
  }
}
