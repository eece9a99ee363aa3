import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type AgentName,
  type AgentSettings,
  ALL_SCOPES,
  type Places,
  SCOPES,
  type Scope,
} from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import {
  boundsOf,
  type FoundFile,
  findSettings,
  isBelow,
  nameSettings,
  requireChangeable,
} from '../../app/install/find-settings.ts';
import {
  changeSettings,
  type FileReport,
  type InstallRequest,
  linksOut,
} from '../../app/install/install.ts';
import { installedFiles } from '../../app/install/installed.ts';
import { managedPlaces, managedSettings } from '../../app/install/managed/managed-files.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { ownerByPlace, ownerOf } from '../../app/install/whose-file.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import { ownUser } from '../../os/own-file.ts';
import { visible } from '../output/text.ts';
import { isConfirmed, isOutsideConfirmed, isSharedConfirmed } from '../terminal/confirm.ts';
import type { Context, Given } from '../words/command.ts';
import { readWord, usageError } from '../words/values.ts';

export const AGENT_NAMES = Object.keys(AGENT_SETTINGS) as AgentName[];

/** Those that have settings files. */
const OWNERS = AGENT_NAMES.filter((name) => AGENT_SETTINGS[name].hookDirectories === undefined);

/**
 * The agent that the options name; else the one that the first named file belongs to; else Claude Code.
 * @throws HookbusError `E_SETTINGS_FILE` if nothing tells whose file it is, and nobody can be asked
 */
export async function readAgent(
  given: Given,
  places: Places,
  context: Context,
): Promise<AgentSettings> {
  const named = given.value('agent');
  const [path] = given.values('settings');
  if (named !== undefined || path === undefined)
    return AGENT_SETTINGS[readWord('--agent', named ?? 'claude', AGENT_NAMES)];
  const absolute = resolve(places.cwd, path);
  // One that is missing is reported when it is read.
  if (!existsSync(absolute)) return AGENT_SETTINGS[ownerByPlace([absolute])?.agent ?? 'claude'];
  requireChangeable(path, realpathSync(absolute));
  const owner = ownerOf(absolute, requirePaths(context.settings)) ?? (await askOwner());
  if (owner !== undefined) return AGENT_SETTINGS[owner];
  throw settingsError(
    `${path} may belong to several agents`,
    `Name one with --agent: ${OWNERS.join(', ')}. Nothing was changed.`,
  );

  async function askOwner(): Promise<AgentName | undefined> {
    if (!mayAsk(given, context) || given.isOn('yes')) return undefined;
    const question = `Whose hooks are in ${visible(path ?? '')}: ${OWNERS.join(', ')}? `;
    const word = (await context.ask?.(question))?.trim();
    return OWNERS.find((name) => name === word);
  }
}

export const readScope = (name: string): Scope => readWord('--scope', name, SCOPES);

/** The same for `install` and `uninstall`, which root can use for all users. */
const readAnyScope = (name: string): Scope => readWord('--scope', name, ALL_SCOPES);

/** Whether the user named no files, neither by their path nor by their scope. */
const isUnscoped = (given: Given): boolean =>
  given.values('scope').length + given.values('settings').length === 0;

/** Whether there is somebody to ask. */
export const mayAsk = (given: Given, { ask }: Context): boolean =>
  ask !== undefined && !given.isOn('dry-run') && !given.isOn('json');

/** The files that the options name; else every one that exists. @throws HookbusError */
export function chooseFiles(
  work: InstallRequest['work'],
  given: Given,
  agent: AgentSettings,
  places: Places,
): readonly FoundFile[] {
  const scopes = given.values('scope').map(readAnyScope);
  const isManaged = scopes.includes('managed');
  if (isManaged) requireRoot(work, given);
  const named = given.values('settings');
  if (named.length > 0) {
    if (scopes.length > 1) {
      throw usageError(`--scope was given ${scopes.length} times; give it once with --settings`);
    }
    return named.map((path) => nameSettings(path, scopes[0], agent, places));
  }
  const isWanted = ({ scope }: { readonly scope: Scope }): boolean =>
    scopes.length === 0 || scopes.includes(scope);
  const files = isManaged
    ? managedSettings(agent, places)
    : findSettings(agent, places).filter(isWanted);
  if (files.length > 0) return files;
  const looked = isManaged
    ? managedPlaces(agent.agent).map((path) => ({ path }))
    : agent.places(places).filter(isWanted);
  throw settingsError(
    `there is no settings file of ${agent.title} at ${looked.map(({ path }) => path).join(' or ') || 'any known place'}`,
    `To name one: hookbus ${work} --settings FILE`,
  );
}

/** @throws HookbusError unless root changes the settings of all users, and nothing else at once */
function requireRoot(work: InstallRequest['work'], given: Given): void {
  if (given.values('scope').length > 1) {
    throw usageError('--scope managed cannot be combined with another scope');
  }
  if (given.isOn('all-hooks')) throw usageError('--all-hooks is for one user, not for all');
  if (ownUser() === 0) return;
  throw settingsError(
    'only root may change the settings that an administrator manages',
    ownUser() === undefined ? undefined : `Try: sudo -H hookbus ${work} --scope managed`,
  );
}

/** What is going to be changed, and what not. */
export interface Choice {
  readonly request: InstallRequest;
  /** Files that a team shares, which stay as they are. */
  readonly left: readonly FoundFile[];
  /** Why other files stay as they are. */
  readonly skipped: readonly string[];
}

/**
 * Leaves out what the user did not name and does not agree to: files that a team shares, and links out of the project.
 * @returns undefined if the user wants no change at all
 * @throws HookbusError `E_SETTINGS_FILE` if a file cannot be used, or no file remains
 */
export async function agreedFiles(
  whole: InstallRequest,
  given: Given,
  places: Places,
  context: Context,
): Promise<Choice | undefined> {
  const { request, skipped, agreed } = await withoutOutsideFiles(whole, given, places, context);
  if (!isUnscoped(given)) return { request, skipped, left: [] };
  const isLeft = (file: FoundFile): boolean =>
    file.scope === 'project' && !agreed.has(file.path) && !isRestored(request, file);
  const shared = request.files.filter(isLeft);
  const only = (files: readonly FoundFile[]): InstallRequest => ({
    ...request,
    files: request.files.filter((file) => files.includes(file)),
    otherFiles: [...request.otherFiles, ...request.files.filter((file) => !files.includes(file))],
  });
  const files = request.files.filter((file) => !shared.includes(file));
  const isAsked = mayAsk(given, context) && !given.isOn('yes');
  const warning = request.work === 'install' ? request.agent.warning : undefined;
  const isWanted = async () => isConfirmed(context, request.work, plan(only(files)), warning);
  if (isAsked && !(await isWanted())) return undefined;
  for (const file of shared) {
    const report = plan(only([...files, file])).find(({ path }) => path === file.path);
    const isChanged = report !== undefined && report.before !== report.after;
    if (!isChanged || (isAsked && (await isSharedConfirmed(context, request.work, report))))
      files.push(file);
  }
  return {
    request: only(files),
    skipped,
    left: shared.filter((file) => !files.includes(file)),
  };
}

export const plan = (request: InstallRequest): FileReport[] =>
  changeSettings({ ...request, isDryRun: true });

/** `uninstall` restores what `install` changed here, whoever uses the file. */
function isRestored({ work, agent, paths }: InstallRequest, { path }: FoundFile): boolean {
  if (work === 'install') return false;
  const target = realpathSync(path);
  return installedFiles(paths, agent.agent).some((file) => realpathSync(file.path) === target);
}

/** Leaves out project files that link to a file outside the project, unless the user agrees to change them. */
async function withoutOutsideFiles(
  request: InstallRequest,
  given: Given,
  places: Places,
  context: Context,
) {
  const files: FoundFile[] = [];
  const outside: FoundFile[] = [];
  const agreed = new Set<string>();
  for (const file of request.files) {
    const within = boundsOf(file, places);
    const target = realpathSync(file.path);
    const leadsOutside = within !== undefined && !isBelow(target, within);
    if (!leadsOutside) files.push(within === undefined ? file : { ...file, within });
    else if (given.isOn('yes')) files.push(file);
    else if (mayAsk(given, context) && (await isOutsideConfirmed(context, file.path, target))) {
      files.push(file);
      agreed.add(file.path);
    } else outside.push(file);
  }
  const [firstOutside] = outside;
  if (files.length === 0 && firstOutside !== undefined) {
    throw linksOut(firstOutside.path, realpathSync(firstOutside.path));
  }
  return {
    agreed,
    request: { ...request, files, otherFiles: [...request.otherFiles, ...outside] },
    skipped: outside.map(({ path, scope }) => {
      const { message } = linksOut(path, realpathSync(path));
      return `${message}. It was not changed. To change it:\nhookbus ${request.work} --scope ${scope} --yes`;
    }),
  };
}
