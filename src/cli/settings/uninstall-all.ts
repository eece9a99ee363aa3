import { realpathSync } from 'node:fs';
import { readPlaces } from '../../agents/settings/agent-places.ts';
import type { AgentName, AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import {
  boundsOf,
  type FoundFile,
  findSettings,
  isAmong,
} from '../../app/install/find-settings.ts';
import { changeHookFiles } from '../../app/install/hook-files/change-hook-files.ts';
import {
  findHookFiles,
  type HookFile,
  readHookFile,
} from '../../app/install/hook-files/find-hook-files.ts';
import { tryInspect } from '../../app/install/inspect-settings.ts';
import { changeSettings, type FileReport, type InstallRequest } from '../../app/install/install.ts';
import { installedFiles } from '../../app/install/installed.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import { installLines } from '../output/state/install.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import { usageError } from '../words/values.ts';
import { shellLeftovers } from './all-hooks-work.ts';
import { AGENT_NAMES } from './choose-files.ts';
import { requestFor as hookFileRequest } from './hook-files-work.ts';
import { fileJson } from './settings-answer.ts';
import { leftovers } from './settings-remarks.ts';

/**
 * Removes the prefix from every file that `install` wrote, and from the user's own files that have one.
 * @throws HookbusError `E_SETTINGS_FILE`, before anything is written, if a remaining hook needs HookBus to run
 */
export function uninstallAll(given: Given, context: Context): Answer {
  for (const option of ['agent', 'scope', 'settings', 'only', 'except']) {
    if (given.values(option).length > 0)
      throw usageError(`--all and --${option} cannot be used together`);
  }
  const isDryRun = given.isOn('dry-run');
  const places = readPlaces(context.env, context.cwd());
  const requests = AGENT_NAMES.filter(
    (name) => AGENT_SETTINGS[name].hookDirectories === undefined,
  ).map((name) => requestFor(name, { given, context, places, isDryRun }));
  const hookFiles = hookFileRequest('uninstall', wrappedFiles(places, context), given, context);
  // Check every file before writing the first.
  for (const file of requests.flatMap((request) => changeSettings(asDryRun(request)))) {
    requireNoPrefixByHand(file);
  }
  changeHookFiles({ ...hookFiles, isDryRun: true });
  const files = [...requests.flatMap(changeSettings), ...changeHookFiles(hookFiles)];
  const remarks = isDryRun
    ? []
    : [...leftovers(requirePaths(context.settings)), ...shellLeftovers(places)];
  return {
    json: {
      agent: null,
      dry_run: isDryRun,
      files: files.map((file) => fileJson(file, isDryRun)),
      remarks,
    },
    lines: (page) => installLines({ work: 'uninstall', isDryRun, files, remarks }, page),
  };
}

/** The hook files that `install` wrapped, here and wherever it noted that. */
function wrappedFiles(places: Places, { settings }: Context): HookFile[] {
  const here = findHookFiles(AGENT_SETTINGS.cline, places);
  const noted = installedFiles(requirePaths(settings), 'cline').flatMap(
    ({ path, scope }) => readHookFile(path, scope) ?? [],
  );
  const wrapped = [...noted, ...here].filter(({ prefix }) => prefix === 'install');
  return [...new Map(wrapped.map((file) => [realpathSync(file.path), file])).values()];
}

const asDryRun = (request: InstallRequest): InstallRequest => ({ ...request, isDryRun: true });

interface Work {
  readonly given: Given;
  readonly context: Context;
  readonly places: Places;
  readonly isDryRun: boolean;
}

function requestFor(name: AgentName, { given, context, places, isDryRun }: Work): InstallRequest {
  const agent = AGENT_SETTINGS[name];
  const paths = requirePaths(context.settings);
  const request = {
    work: 'uninstall',
    agent,
    program: [],
    isChosen: () => true,
    sets: () => ({}),
    isDryRun,
    paths,
    env: context.env,
    now: context.now,
  } as const;
  const found = findSettings(agent, places);
  const known = installedFiles(paths, name).map((file) => {
    const within = given.isOn('yes') || file.isWhereItWas ? undefined : boundsOf(file, places);
    return within === undefined ? file : { ...file, within };
  });
  const isOwn = (file: FoundFile): boolean =>
    file.scope === 'user' && !isAmong(known, file) && hasPrefix(file, agent);
  const files = [...known, ...found.filter(isOwn)];
  return { ...request, files, otherFiles: found.filter((file) => !isAmong(files, file)) };
}

const hasPrefix = ({ path }: FoundFile, agent: AgentSettings): boolean =>
  tryInspect(path, agent)?.hooks.some(({ prefix }) => prefix !== 'none') === true;

function requireNoPrefixByHand({ path, hooks }: FileReport): void {
  const other = hooks.find(({ action, isGuarded }) => action === 'by_hand' && !isGuarded);
  if (other === undefined) return;
  throw settingsError(
    `${path}: you put hookbus before ${other.name} on ${other.event} by hand, and the hook would not run without it`,
    'Remove it by hand first; nothing was changed.',
  );
}
