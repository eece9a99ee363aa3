import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import type { Values } from '../../agents/settings/env-block.ts';
import { type FoundFile, ownSettings } from '../../app/install/find-settings.ts';
import { tryInspect } from '../../app/install/inspect-settings.ts';
import type { FileReport, InstallRequest } from '../../app/install/install.ts';
import { switchRecording } from '../../app/install/switch-recording.ts';
import { readSettings } from '../../config/settings.ts';
import { isSwitchConfirmed } from '../terminal/confirm.ts';
import type { Context, Given } from '../words/command.ts';
import { quote, usageError } from '../words/values.ts';
import { mayAsk, plan } from './choose-files.ts';

/** The value of `--store-raw[=LIST]`; undefined without the option. @throws HookbusError `E_USAGE` */
export function readStoreRaw(given: Given): string | undefined {
  const list = given.value('store-raw');
  if (list === undefined) return given.isOn('store-raw') ? '1' : undefined;
  const { problems, storeRaw } = readSettings({ HOOKBUS_STORE_RAW: list });
  if (problems.every((problem) => !problem.startsWith('HOOKBUS_STORE_RAW')) && storeRaw)
    return list;
  throw usageError(
    `--store-raw takes decisions and statuses such as deny,error, got ${quote(list)}`,
  );
}

/** What the options ask to set. @throws HookbusError `E_USAGE` if the agent has no place for it */
export function readValues(given: Given, agent: AgentSettings): Values {
  const storeRaw = readStoreRaw(given);
  const isEnabled = given.isOn('enable') || given.isOn('enable-shared');
  if (!isEnabled && storeRaw === undefined) return {};
  if (!agent.hasEnvBlock && !agent.hasHookEnv) {
    const option = isEnabled ? '--enable' : '--store-raw';
    throw usageError(
      `${option} does not work for ${agent.title}, whose settings have no env block. Instead: ${agent.switchOn}`,
    );
  }
  return {
    ...(isEnabled ? { HOOKBUS_ENABLED: '1' } : {}),
    ...(storeRaw === undefined ? {} : { HOOKBUS_STORE_RAW: storeRaw }),
  };
}

/**
 * Sets the values in the user's own files, and in one that a team shares only if the user agrees.
 * @returns the request, and the shared files in which nothing is set
 */
export async function withSwitches(
  request: InstallRequest,
  values: Values,
  given: Given,
  context: Context,
): Promise<{ readonly request: InstallRequest; readonly unset: readonly FoundFile[] }> {
  const shared = request.files.filter(({ scope }) => scope === 'project');
  const isAgreed = new Set<string>();
  const wanted = plan({ ...request, sets: () => values });
  const bare = plan({ ...request, sets: () => ({}) });
  const changed = shared.filter(({ path }) => afterOf(wanted, path) !== afterOf(bare, path));
  for (const { path } of changed) {
    const isYes =
      given.isOn('enable-shared') ||
      (mayAsk(given, context) && !given.isOn('yes') && (await isSwitchConfirmed(context, path)));
    if (isYes) isAgreed.add(path);
  }
  const sets = ({ path, scope }: FoundFile): Values =>
    scope !== 'project' || isAgreed.has(path) ? values : {};
  return {
    request: { ...request, sets },
    unset: changed.filter(({ path }) => !isAgreed.has(path)),
  };
}

const afterOf = (reports: readonly FileReport[], path: string): string | undefined =>
  reports.find((report) => report.path === path)?.after;

/**
 * If hooks are wrapped, but none in a file of the user's that sets the values, sets them in the user's own file for every
 * project.
 */
export function switchOnForUser(
  files: readonly FileReport[],
  request: InstallRequest,
  values: Values,
  places: Places,
): FileReport[] {
  const own = ownSettings(request.agent, places);
  const hooks = files.flatMap((file) => file.hooks);
  const hasHooks = hooks.some(({ action }) => /^(?:wrapped|unchanged|by_hand)$/.test(action));
  const isDone =
    files.some(({ variables }) => has(variables, values)) ||
    request.otherFiles.some(({ path, scope }) => {
      const inspected = scope === 'project' ? undefined : tryInspect(path, request.agent);
      return inspected !== undefined && has(inspected.variables, values);
    });
  if (
    !request.agent.hasEnvBlock ||
    own === undefined ||
    !hasHooks ||
    isDone ||
    Object.keys(values).length === 0
  )
    return [...files];
  const [switched] = switchRecording({ ...request, files: [own], values });
  if (switched === undefined) return [...files];
  const before = files.find(({ path }) => path === own.path);
  const report = { hooks: [], hasStatusLine: false, ...before, ...switched };
  const backup = before?.backup ?? switched.backup;
  const whole = { ...report, before: before?.before ?? switched.before, backup };
  return before === undefined
    ? [whole, ...files]
    : files.map((file) => (file === before ? whole : file));
}

const has = (variables: Values, values: Values): boolean =>
  Object.entries(values).every(([name, value]) => variables[name as keyof Values] === value);
