import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import type { Environment } from '../../config/settings.ts';
import { formatThings } from '../../format.ts';
import { findProgram } from '../../os/ask-program.ts';
import { isBelow } from '../install/find-settings.ts';
import { askClaude } from './claude-listing.ts';
import { askCodex, trustedByCodex, trustedByFiles, trustProblem } from './codex-trust.ts';
import { type Configuration, configuredHooks } from './configured-hooks.ts';
import { type KnownHooks, mergeListing, recordedByPrefix } from './merge-listing.ts';

export interface AgentHooks extends KnownHooks {
  readonly agent: AgentSettings;
  /** The agent itself was asked. */
  readonly isAsked: boolean;
  /** What keeps the list from being complete; undefined if nothing that is known. */
  readonly note: string | undefined;
}

/** The hooks of an agent: by its files, and by what the agent itself says if it can be asked. */
export async function readKnownHooks(
  agent: AgentSettings,
  places: Places,
  env: Environment,
  isOffline: boolean,
): Promise<AgentHooks> {
  const configuration = configuredHooks(agent, places);
  if (agent.agent === 'claude') {
    const known = await knownOfClaude(configuration, places, env, isOffline);
    return { ...known, hooks: recordedByPrefix(known.hooks, places) };
  }
  const known = { agent, problems: configuration.problems, note: undefined };
  if (agent.agent !== 'codex') return { ...known, hooks: configuration.hooks, isAsked: false };
  const unreadable = trustProblem(places);
  if (unreadable !== undefined && configuration.hooks.length > 0) {
    return { ...known, hooks: configuration.hooks, isAsked: false, note: unreadable };
  }
  const client = isOffline ? undefined : findClient(env, 'codex', places);
  const isAnyHook = configuration.hooks.length > 0;
  const trust =
    client === undefined || !isAnyHook ? undefined : await askCodex(client, places, env);
  if (trust === undefined || 'reason' in trust) {
    const note =
      trust && `Codex was asked which hooks it trusts, but it ${trust.reason}; its files count.`;
    return { ...known, hooks: trustedByFiles(configuration.hooks, places), isAsked: false, note };
  }
  return { ...known, hooks: trustedByCodex(configuration.hooks, trust.states), isAsked: true };
}

async function knownOfClaude(
  configuration: Configuration,
  places: Places,
  env: Environment,
  isOffline: boolean,
): Promise<AgentHooks> {
  const { agent, hooks, problems } = configuration;
  const byFiles = { agent, hooks, problems, isAsked: false, note: undefined };
  const client = isOffline ? undefined : findClient(env, 'claude', places);
  if (client === undefined) return byFiles;
  if (startsOthers(configuration)) {
    const note =
      'Claude Code was not asked for its hooks: it would start those of plugins that your administrator enables.';
    return { ...byFiles, note };
  }
  const directory = startDirectory(places);
  const listing = await askClaude(client, directory, places, env);
  if ('reason' in listing) {
    const note = `Claude Code was asked for its hooks, but it ${listing.reason}; its files count.`;
    return { ...byFiles, note };
  }
  const hidden = listing.managedHooks - hooks.filter(({ source }) => source === 'managed').length;
  const note =
    hidden > 0
      ? `Your administrator has ${formatThings(hidden, 'more hook')}, which Claude Code does not show.`
      : undefined;
  return { agent, ...mergeListing(configuration, listing, directory, places), isAsked: true, note };
}

/** A user's own home directory is no repository, although it may be where the user is. */
function findClient(
  env: Environment,
  name: string,
  { cwd, projectRoot, home }: Places,
): string | undefined {
  const isHomes = (directory: string): boolean =>
    home !== undefined && existsSync(home) && isWithin(realpathSync(home), realpathSync(directory));
  const projects = [...new Set([cwd, projectRoot])].filter((directory) => !isHomes(directory));
  return findProgram(env, name, projects);
}

const isWithin = (path: string, directory: string): boolean =>
  path === directory || isBelow(path, directory);

/** Claude Code looks for project settings only where it starts. */
function startDirectory({ cwd, projectRoot }: Places): string {
  return existsSync(join(cwd, '.claude')) ? cwd : projectRoot;
}

const MAC_POLICIES = '/Library/Managed Preferences';

/** With every option, the client starts hooks of an administrator's plugins as soon as its session begins. */
function startsOthers({ hasManagedPlugins }: Configuration): boolean {
  return hasManagedPlugins || hasMacPolicies();
}

/** A policy of a Mac cannot be read from a file of JSON. */
function hasMacPolicies(): boolean {
  try {
    const name = 'com.anthropic.claudecode.plist';
    return readdirSync(MAC_POLICIES, { recursive: true }).some((path) =>
      String(path).endsWith(name),
    );
  } catch {
    // There is no such directory, as on every other system.
    return false;
  }
}
