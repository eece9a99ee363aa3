import { homedir } from 'node:os';
import type { AgentName, Places } from '../../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../../agents/settings/settings-files.ts';
import type { StatePaths } from '../../../config/home/paths.ts';
import type { Database } from '../../../store/database.ts';
import { type HookPlaceRow, placesOfHook } from '../../../store/queries/guards/hook-activity.ts';
import { type Configuration, configuredHooks, hooksInFile } from '../../hooks/configured-hooks.ts';
import { isBelow } from '../../install/find-settings.ts';
import { createLedger } from '../../install/settings-ledger.ts';

/** Where a hook stands in a settings file. */
export interface HookPlace {
  readonly agent: AgentName;
  readonly title: string;
  readonly event: string;
  /** Null: every tool, or every occasion. */
  readonly matcher: string | null;
  readonly path: string;
  /** The same for people: `~/.claude/settings.json`. */
  readonly shown_path: string;
  readonly line: number;
  /** HookBus stands before it. */
  readonly is_recorded: boolean;
  /** Why the agent does not run it; null: it does. */
  readonly off: string | null;
}

/** How many directories to look into; a hook of the user alone is in every project. */
const MAX_DIRECTORIES = 5;
const MAX_FILES = 50;
const MAX_PLACES = 20;

/** Settings change rarely, and the daemon has other work. */
const CACHED_MS = 10_000;
const MAX_CACHED = 50;

/** Reads settings files for the page; what it finds counts for some seconds. */
export function createHookPlaces() {
  const known = new Map<string, { readonly atMs: number; readonly found: readonly HookPlace[] }>();
  return (
    paths: StatePaths,
    db: Database,
    hookName: string,
    nowMs: number,
  ): readonly HookPlace[] => {
    const before = known.get(hookName);
    const ageMs = before === undefined ? CACHED_MS : nowMs - before.atMs;
    if (before !== undefined && ageMs >= 0 && ageMs < CACHED_MS) return before.found;
    const found = findPlaces(paths, db, hookName);
    if (known.size >= MAX_CACHED) known.clear();
    known.set(hookName, { atMs: nowMs, found });
    return found;
  };
}

export type HookPlaces = ReturnType<typeof createHookPlaces>;

/** In the files of the agents and directories in which it ran, and in those that `install` changed. */
function findPlaces(paths: StatePaths, db: Database, hookName: string): HookPlace[] {
  const home = homedir();
  const ran = placesOfHook(db, hookName, MAX_DIRECTORIES);
  const byDirectory = ran.flatMap((row) => configurationsFor(row, home));
  const byInstall = createLedger(paths.settings)
    .all()
    .slice(0, MAX_FILES)
    .flatMap(({ agent, path }) => attempt(() => hooksInFile(AGENT_SETTINGS[agent], path)));
  const seen = new Set<string>();
  return [...byDirectory, ...byInstall]
    .flatMap(({ agent: { title }, hooks }) => hooks.map((hook) => ({ ...hook, title })))
    .filter((hook) => hook.hookName === hookName)
    .filter(({ path, line, event }) => {
      const key = JSON.stringify([path, line, event]);
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, MAX_PLACES)
    .map(({ agent, title, event, matcher, path, line, isRecorded, off }) => ({
      ...{ agent, title, event, matcher: matcher ?? null, path, line },
      shown_path: isBelow(path, home) ? `~${path.slice(home.length)}` : path,
      is_recorded: isRecorded,
      off: off?.reason ?? null,
    }));
}

function configurationsFor({ agent, cwd, project }: HookPlaceRow, home: string): Configuration[] {
  const directory = cwd ?? home;
  const places: Places = { home, cwd: directory, projectRoot: project ?? directory, agentHome: {} };
  const all = Object.values(AGENT_SETTINGS);
  const own = all.filter((settings) => settings.agent === agent);
  return (own.length === 0 ? all : own).flatMap((settings) =>
    attempt(() => configuredHooks(settings, places)),
  );
}

/** A file may vanish while it is read. */
function attempt(read: () => Configuration): Configuration[] {
  try {
    return [read()];
  } catch {
    return [];
  }
}
