import { realpathSync } from 'node:fs';
import { execPath } from 'node:process';
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
  leadsOut,
} from '../../app/install/install.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { requirePaths } from '../../app/store/open-for-command.ts';
import { ownProgram, saveNodePath } from '../../os/own-program.ts';
import { installLines, unifiedDiff } from '../output/state/install.ts';
import { isAtTerminal, isConfirmed, isOutsideConfirmed } from '../terminal/confirm.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import { didYouMean } from '../words/nearest.ts';
import { expected, quote, usageError } from '../words/values.ts';
import { remarksOn } from './settings-remarks.ts';

export const AGENT_NAMES = Object.keys(AGENT_SETTINGS) as AgentName[];

/** What `install` and `uninstall` do: read what was given, change the files, tell of it. */
export async function workOnSettings(
  work: InstallRequest['work'],
  given: Given,
  context: Context,
): Promise<Answer> {
  const places = readPlaces();
  const { request, left } = await withinBounds(
    readRequest(work, given, context, places),
    given,
    places,
  );
  // A name that nothing has is found out, and a person asked, before anything is written.
  const planned = changeSettings({ ...request, isDryRun: true });
  checkNames(given, planned);
  const isFree =
    given.values('scope').length + given.values('settings').length === 0 && !given.isOn('yes');
  if (isFree && !request.isDryRun && !given.isOn('json') && !(await isConfirmed(work, planned))) {
    return { json: null, lines: () => ['Nothing was changed.'] };
  }
  if (!request.isDryRun) saveNodePath(execPath, process.argv[1] ?? '');
  const files = request.isDryRun ? planned : changeSettings(request);
  const remarks = [
    ...left,
    ...remarksOn({ request, files, places, isOnHere: context.settings.enabled }),
  ];
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
 * Takes files of a project that are links to others outside of it out of the request, unless a person wants them.
 * @throws HookbusError `E_SETTINGS_FILE` where there is no other file
 */
async function withinBounds(request: InstallRequest, given: Given, places: Places) {
  const files: FoundFile[] = [];
  const strays: FoundFile[] = [];
  const left: string[] = [];
  const mayAsk = isAtTerminal() && !request.isDryRun && !given.isOn('json');
  for (const file of request.files) {
    const within = boundsOf(file, places);
    const target = realpathSync(file.path);
    const isStray = within !== undefined && !isBelow(target, within);
    if (!isStray) files.push(within === undefined ? file : { ...file, within });
    else if (given.isOn('yes') || (mayAsk && (await isOutsideConfirmed(file.path, target)))) {
      files.push(file);
    } else {
      strays.push(file);
      left.push(`${leadsOut(file.path, target).message}. It is left alone; --yes writes there.`);
    }
  }
  const [stray] = strays;
  if (files.length === 0 && stray !== undefined) {
    throw leadsOut(stray.path, realpathSync(stray.path));
  }
  return { request: { ...request, files, otherFiles: [...request.otherFiles, ...strays] }, left };
}

function readRequest(
  work: InstallRequest['work'],
  given: Given,
  { settings, now }: Context,
  places: Places,
): InstallRequest {
  const agent = readAgent(given.value('agent') ?? 'claude');
  const found = findSettings(agent, places);
  const files = chooseFiles(given, agent, places, found);
  const [only, except] = [given.values('only'), given.values('except')];
  const enables = given.isOn('enable');
  if (enables && !agent.hasEnvBlock) {
    throw usageError(
      `--enable: settings of ${agent.title} have no env block; instead, ${agent.switchOn}`,
    );
  }
  return {
    work,
    agent,
    files,
    otherFiles: found.filter(({ path }) => !files.some((file) => file.path === path)),
    program: ownProgram(execPath, process.argv[1] ?? ''),
    isChosen: (name) => (only.length === 0 || only.includes(name)) && !except.includes(name),
    enables,
    isDryRun: given.isOn('dry-run'),
    paths: requirePaths(settings),
    now,
  };
}

function readAgent(name: string): AgentSettings {
  const agent = AGENT_NAMES.find((candidate) => candidate === name);
  if (agent === undefined) throw expected('--agent', `one of ${AGENT_NAMES.join(', ')}`, name);
  return AGENT_SETTINGS[agent];
}

function readScope(name: string): Scope {
  const scope = SCOPES.find((candidate) => candidate === name);
  if (scope === undefined) throw expected('--scope', 'user, project or local', name);
  return scope;
}

function chooseFiles(
  given: Given,
  agent: AgentSettings,
  places: Places,
  found: readonly FoundFile[],
): readonly FoundFile[] {
  const scopes = given.values('scope').map(readScope);
  const named = given.values('settings');
  if (named.length > 0) {
    if (scopes.length > 1) {
      throw usageError(`expected --scope once with --settings, got it ${scopes.length} times`);
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
    `${agent.title} has no settings file at ${looked.map(({ path }) => path).join(' nor ') || 'any known place'}`,
    'Name one with --settings FILE.',
  );
}

function checkNames(given: Given, files: readonly FileReport[]): void {
  const names = new Set(files.flatMap(({ hooks }) => hooks.flatMap(({ name }) => name ?? [])));
  for (const option of ['only', 'except']) {
    for (const name of given.values(option)) {
      if (names.has(name)) continue;
      throw usageError(
        `--${option}: no hook is called ${quote(name)}${didYouMean(name, [...names])}`,
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
