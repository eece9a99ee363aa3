import { execPath } from 'node:process';
import type { AgentName, AgentSettings, Places, Scope } from '../agents/agent-settings.ts';
import { AGENT_SETTINGS } from '../agents/settings-files.ts';
import { type FoundFile, findSettings, nameSettings } from '../bus/find-settings.ts';
import { changeSettings, type FileReport, type InstallRequest } from '../bus/install.ts';
import { requirePaths } from '../bus/open-for-command.ts';
import { settingsError } from '../bus/settings-file.ts';
import { isLoginShellLikeSh, isOnPath, readPlaces } from '../config/agent-places.ts';
import { ownProgram } from '../config/own-program.ts';
import type { Answer, Context, Given } from './command.ts';
import { didYouMean } from './nearest.ts';
import { installLines, unifiedDiff } from './output/install.ts';
import { expected, quote, usageError } from './values.ts';

const AGENT_NAMES = Object.keys(AGENT_SETTINGS) as AgentName[];
const SCOPES: readonly Scope[] = ['user', 'project', 'local'];

/** What `install` and `uninstall` do: read what was given, change the files, tell of it. */
export function workOnSettings(
  work: InstallRequest['work'],
  given: Given,
  context: Context,
): Answer {
  const request = readRequest(work, given, context);
  // A name that nothing has is found out before anything is written.
  if (request.isPartial && !request.isDryRun)
    checkNames(given, changeSettings({ ...request, isDryRun: true }));
  const files = changeSettings(request);
  if (request.isDryRun) checkNames(given, files);
  const remarks = remarksOn(request, files, context);
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

function readRequest(
  work: InstallRequest['work'],
  given: Given,
  { settings, now }: Context,
): InstallRequest {
  const agent = readAgent(given.value('agent') ?? 'claude');
  const places = readPlaces();
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
    isLoginShellLikeSh: isLoginShellLikeSh(),
    isChosen: (name) => (only.length === 0 || only.includes(name)) && !except.includes(name),
    isPartial: only.length + except.length > 0,
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
    return named.map((path) => nameSettings(path, scopes[0], agent, places));
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

/** What a person has to know or do next. */
function remarksOn(
  request: InstallRequest,
  files: readonly FileReport[],
  { settings }: Context,
): string[] {
  const { agent, work, isDryRun } = request;
  const remarks: string[] = [];
  const backups = [...new Set(files.flatMap(({ backup }) => backup ?? []))];
  if (backups.length > 0) remarks.push(`As it was before: ${backups.join(', ')}`);
  const isChanged = files.some(({ before, after }) => before !== after);
  if (isChanged && !isDryRun && agent.advice !== undefined) remarks.push(agent.advice);
  if (work === 'uninstall') return remarks;
  const hooks = files.flatMap((file) => file.hooks);
  const needsPath = hooks.some(({ becomes }) => becomes?.includes(' && set -- hookbus run'));
  if (needsPath && !isOnPath()) {
    remarks.push(
      `Hooks of shared files are recorded once hookbus is on your PATH: ln -s ${request.program.at(-1)} ~/.local/bin/hookbus`,
    );
  }
  const isOn = settings.enabled || files.some(({ isEnabled }) => isEnabled);
  remarks.push(
    isOn
      ? 'Recording is on: hookbus logs shows what ran.'
      : `Recording is off, the hooks just run. To switch it on: ${agent.switchOn}.`,
  );
  return remarks;
}

function fileJson(file: FileReport, isDryRun: boolean) {
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
