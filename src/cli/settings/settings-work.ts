import { readPlaces } from '../../agents/settings/agent-places.ts';
import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { findSettings, isAmong } from '../../app/install/find-settings.ts';
import { changeSettings, type FileReport, type InstallRequest } from '../../app/install/install.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { openStore, requirePaths } from '../../app/store/open-store.ts';
import { defaultHome } from '../../config/home/paths.ts';
import { HookbusError } from '../../domain/errors.ts';
import { isOfNpx, ownProgram, saveNodePath } from '../../os/own-program.ts';
import { unfitProgram } from '../../os/root-file.ts';
import { hasGitBash } from '../../os/windows/git-bash.ts';
import { listHookCommands } from '../../store/hook-commands.ts';
import { installLines } from '../output/state/install.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import {
  chooseAllHooks,
  makeShell,
  offRemark,
  setPrefix,
  shellLeftovers,
  withPrefix,
} from './all-hooks-work.ts';
import { agreedFiles, type Choice, chooseFiles, plan, readAgent } from './choose-files.ts';
import { workOnHookFiles } from './hook-files-work.ts';
import { readRenames } from './renames.ts';
import { checkNames, fileJson, NOTHING_CHANGED } from './settings-answer.ts';
import { remarksOn } from './settings-remarks.ts';
import { readValues, switchOnForUser, withSwitches } from './switch-on.ts';

/** Performs `install` and `uninstall`: reads the options, changes the files, reports the result. */
export async function workOnSettings(
  work: InstallRequest['work'],
  given: Given,
  context: Context,
): Promise<Answer> {
  if (work === 'install' && !given.isOn('dry-run') && isOfNpx(context.script))
    throw new HookbusError(
      'E_USAGE',
      'npx keeps HookBus only for a while, so your settings must not name it',
      'Type: npm install --global hookbus && hookbus install',
    );
  const places = readPlaces(context.env, context.cwd());
  const agent = await readAgent(given, places, context);
  if (agent.hookDirectories !== undefined)
    return workOnHookFiles(work, given, { agent, places, context });
  const whole = readRequest(work, given, context, agent, places);
  const planned = plan(whole);
  checkNames(given, planned);
  const renames = readRenames(given.values('name'), whole, planned);
  // Check everything and ask before writing anything.
  const allHooks = await chooseAllHooks(given, whole, places, context);
  if (allHooks.place === undefined && allHooks.isRefused) return NOTHING_CHANGED;
  const choice = await agreedFiles(withRenames(whole, renames), given, places, context);
  if (choice === undefined) return NOTHING_CHANGED;
  const values = readValues(given, whole.agent);
  const { request: switched, unset } = await withSwitches(choice.request, values, given, context);
  const request = withPrefix(switched, allHooks, places);
  if (!request.isDryRun) saveNodePath(context.node, context.script, defaultHome(context.env));
  makeShell(allHooks, request);
  const done = setPrefix(changeSettings(request), request, allHooks, places);
  const isForAll = request.files.some(({ scope }) => scope === 'managed');
  const isOwn = work === 'install' && given.values('settings').length === 0 && !isForAll;
  const files = isOwn ? switchOnForUser(done, request, values, places) : done;
  const left = leftAlone(choice, request);
  const remarks = [
    ...choice.skipped,
    ...(allHooks.place === undefined ? [] : allHooks.remarks),
    ...remarksOn({ request, files, left, unset, renames, places, context }),
    ...offRemark(files, allHooks, context),
    ...(work === 'uninstall' && !request.isDryRun ? shellLeftovers(places) : []),
  ];
  const all = [...files, ...left];
  return {
    json: {
      agent: request.agent.agent,
      dry_run: request.isDryRun,
      files: all.map((file) => fileJson(file, request.isDryRun)),
      remarks,
    },
    lines: (page) => installLines({ work, isDryRun: request.isDryRun, files: all, remarks }, page),
  };
}

/** Files that stay as they are, with what they have. */
function leftAlone({ left }: Choice, request: InstallRequest): FileReport[] {
  const reports = left.length === 0 ? [] : plan({ ...request, files: left, isChosen: () => false });
  return reports.map((report) => ({
    ...report,
    hooks: report.hooks.map((hook) =>
      hook.action === 'left' && hook.command !== undefined
        ? { ...hook, reason: 'the file is shared with the project' }
        : hook,
    ),
  }));
}

function readRequest(
  work: InstallRequest['work'],
  given: Given,
  { settings, now, env, node, script }: Context,
  agent: AgentSettings,
  places: Places,
): InstallRequest {
  const files = chooseFiles(work, given, agent, places);
  const program = ownProgram(node, script);
  const isManaged = files.some(({ scope }) => scope === 'managed');
  if (isManaged && work === 'install') requireForAll(program);
  const [only, except] = [given.values('only'), given.values('except')];
  // Which files users have does not count for all of them.
  const found = isManaged ? [] : findSettings(agent, places);
  const paths = requirePaths(settings);
  return {
    work,
    agent,
    files,
    otherFiles: found.filter((file) => !isAmong(files, file)),
    program,
    windows: process.platform === 'win32' ? { hasGitBash: hasGitBash(env) } : undefined,
    isChosen: (name) => (only.length === 0 || only.includes(name)) && !except.includes(name),
    sets: () => ({}),
    isOnRecord: (name, command) => {
      const commands = commandsOf(name, paths, now);
      return commands.size === 1 && commands.has(command);
    },
    isDryRun: given.isOn('dry-run'),
    paths,
    env,
    now,
  };
}

/** Settings for all users must not name a program that one of them can change. @throws HookbusError `E_SETTINGS_FILE` */
function requireForAll(program: readonly string[]): void {
  for (const word of program) {
    const why = unfitProgram(word);
    if (why === undefined) continue;
    throw settingsError(
      `settings for all users must not name ${word}: ${why}`,
      'Install HookBus as root for all users first, as docs/fleet.md shows.',
    );
  }
}

/** The recorded commands of a hook's name; none if the database cannot be read. */
function commandsOf(
  name: string,
  paths: InstallRequest['paths'],
  now: () => number,
): ReadonlySet<string> {
  let store: ReturnType<typeof openStore>;
  try {
    store = openStore(paths, now);
    const rows = store?.use((db) => listHookCommands(db, name)) ?? [];
    return new Set(rows.map(({ command }) => command));
  } catch {
    // Its own commands say what is wrong with it; a hook can have a name without it.
    return new Set();
  } finally {
    store?.close();
  }
}

/** The options name hooks by the names that they have now. */
function withRenames(
  request: InstallRequest,
  renames: ReadonlyMap<string, string>,
): InstallRequest {
  const before = new Map([...renames].map(([old, name]) => [name, old]));
  return {
    ...request,
    renames,
    isChosen: (name) => request.isChosen(before.get(name) ?? name),
  };
}
