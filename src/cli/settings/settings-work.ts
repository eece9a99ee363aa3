import { realpathSync } from 'node:fs';
import { readPlaces } from '../../agents/settings/agent-places.ts';
import {
  type AgentName,
  type AgentSettings,
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
} from '../../app/install/find-settings.ts';
import {
  changeSettings,
  type FileReport,
  type InstallRequest,
  linksOut,
} from '../../app/install/install.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import { ownProgram, saveNodePath } from '../../os/own-program.ts';
import { installLines, unifiedDiff } from '../output/state/install.ts';
import { isConfirmed, isOutsideConfirmed } from '../terminal/confirm.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import { didYouMean } from '../words/nearest.ts';
import { quote, readWord, usageError } from '../words/values.ts';
import { remarksOn } from './settings-remarks.ts';

export const AGENT_NAMES = Object.keys(AGENT_SETTINGS) as AgentName[];

/** Performs `install` and `uninstall`: reads the options, changes the files, reports the result. */
export async function workOnSettings(
  work: InstallRequest['work'],
  given: Given,
  context: Context,
): Promise<Answer> {
  const places = readPlaces(context.env, context.cwd());
  const { request, skipped } = await withoutOutsideFiles(
    readRequest(work, given, context, places),
    given,
    places,
    context,
  );
  // Check the names and ask before writing anything.
  const planned = changeSettings({ ...request, isDryRun: true });
  checkNames(given, planned);
  const isUnscoped =
    given.values('scope').length + given.values('settings').length === 0 && !given.isOn('yes');
  if (
    isUnscoped &&
    !request.isDryRun &&
    !given.isOn('json') &&
    !(await isConfirmed(context, work, planned))
  ) {
    return { json: null, lines: () => ['Nothing was changed.'] };
  }
  if (!request.isDryRun) saveNodePath(context.node, context.script);
  const files = request.isDryRun ? planned : changeSettings(request);
  const remarks = [...skipped, ...remarksOn({ request, files, places, context })];
  return {
    json: {
      agent: request.agent.agent,
      dry_run: request.isDryRun,
      files: files.map((file) => fileJson(file, request.isDryRun)),
      remarks,
    },
    lines: (page) => installLines({ work, isDryRun: request.isDryRun, files, remarks }, page),
  };
}

/**
 * Removes project files that link to a file outside the project, unless the user agrees to change them.
 * @throws HookbusError `E_SETTINGS_FILE` if no other file remains
 */
async function withoutOutsideFiles(
  request: InstallRequest,
  given: Given,
  places: Places,
  context: Context,
) {
  const files: FoundFile[] = [];
  const outside: FoundFile[] = [];
  const skipped: string[] = [];
  const mayAsk = context.ask !== undefined && !request.isDryRun && !given.isOn('json');
  for (const file of request.files) {
    const within = boundsOf(file, places);
    const target = realpathSync(file.path);
    const leadsOutside = within !== undefined && !isBelow(target, within);
    if (!leadsOutside) files.push(within === undefined ? file : { ...file, within });
    else if (
      given.isOn('yes') ||
      (mayAsk && (await isOutsideConfirmed(context, file.path, target)))
    ) {
      files.push(file);
    } else {
      outside.push(file);
      skipped.push(
        `${linksOut(file.path, target).message}. It was not changed; use --yes to change it.`,
      );
    }
  }
  const [firstOutside] = outside;
  if (files.length === 0 && firstOutside !== undefined) {
    throw linksOut(firstOutside.path, realpathSync(firstOutside.path));
  }
  return {
    request: { ...request, files, otherFiles: [...request.otherFiles, ...outside] },
    skipped,
  };
}

function readRequest(
  work: InstallRequest['work'],
  given: Given,
  { settings, now, env, node, script }: Context,
  places: Places,
): InstallRequest {
  const agent = readAgent(given.value('agent') ?? 'claude');
  const found = findSettings(agent, places);
  const files = chooseFiles(work, given, agent, places, found);
  const [only, except] = [given.values('only'), given.values('except')];
  const enables = given.isOn('enable');
  if (enables && !agent.hasEnvBlock) {
    throw usageError(
      `--enable does not work for ${agent.title}, whose settings have no env block. Instead: ${agent.switchOn}`,
    );
  }
  return {
    work,
    agent,
    files,
    otherFiles: found.filter(({ path }) => !files.some((file) => file.path === path)),
    program: ownProgram(node, script),
    isChosen: (name) => (only.length === 0 || only.includes(name)) && !except.includes(name),
    sets: () => (enables ? { HOOKBUS_ENABLED: '1' } : {}),
    isDryRun: given.isOn('dry-run'),
    paths: requirePaths(settings),
    env,
    now,
  };
}

export function readAgent(name: string): AgentSettings {
  return AGENT_SETTINGS[readWord('--agent', name, AGENT_NAMES)];
}

export const readScope = (name: string): Scope => readWord('--scope', name, SCOPES);

function chooseFiles(
  work: InstallRequest['work'],
  given: Given,
  agent: AgentSettings,
  places: Places,
  found: readonly FoundFile[],
): readonly FoundFile[] {
  const scopes = given.values('scope').map(readScope);
  const named = given.values('settings');
  if (named.length > 0) {
    if (scopes.length > 1) {
      throw usageError(`--scope was given ${scopes.length} times; give it once with --settings`);
    }
    return named.map((path) =>
      nameSettings(path, scopes[0], agent, places, given.value('agent') !== undefined),
    );
  }
  const isWanted = ({ scope }: { readonly scope: Scope }): boolean =>
    scopes.length === 0 || scopes.includes(scope);
  const files = found.filter(isWanted);
  if (files.length > 0) return files;
  const looked = agent.places(places).filter(isWanted);
  throw settingsError(
    `there is no settings file of ${agent.title} at ${looked.map(({ path }) => path).join(' or ') || 'any known place'}`,
    `To name one: hookbus ${work} --settings FILE`,
  );
}

function checkNames(given: Given, files: readonly FileReport[]): void {
  const names = new Set(files.flatMap(({ hooks }) => hooks.flatMap(({ name }) => name ?? [])));
  for (const option of ['only', 'except']) {
    for (const name of given.values(option)) {
      if (names.has(name)) continue;
      throw usageError(
        `--${option}: there is no hook named ${quote(name)}${didYouMean(name, [...names])}`,
      );
    }
  }
}

export function fileJson(file: FileReport, isDryRun: boolean) {
  return {
    path: file.path,
    scope: file.scope,
    changed: file.before !== file.after,
    backup: file.backup ?? null,
    enabled: file.isEnabled,
    hooks: file.hooks.map(({ event, matcher, name, command, becomes, action, reason }) => ({
      event_type: event,
      matcher: matcher ?? null,
      hook_name: name ?? null,
      command: command ?? null,
      becomes: becomes ?? null,
      action,
      reason: reason ?? null,
    })),
    diff: isDryRun ? unifiedDiff(file) : null,
  };
}
