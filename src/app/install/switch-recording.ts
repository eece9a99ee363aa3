import { lstatSync } from 'node:fs';
import type { AgentSettings } from '../../agents/settings/agent-settings.ts';
import {
  type HookEnvChanges,
  joinHookChanges,
  restoreInHooks,
  setInHooks,
} from '../../agents/settings/env/hook-env.ts';
import {
  type EnvChanges,
  isOff,
  isOn,
  restoreVariables,
  rootOf,
  setVariables,
  VARIABLES,
  type Values,
  type Variable,
  variablesIn,
} from '../../agents/settings/env-block.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { Environment } from '../../config/settings.ts';
import { remembered } from './env/env-plan.ts';
import { type FoundFile, isBelow } from './find-settings.ts';
import { inspectSettings, readVariables } from './inspect-settings.ts';
import { linksOut } from './install.ts';
import {
  newSettingsFile,
  requireWritable,
  type SettingsFile,
  settingsError,
} from './settings-file.ts';
import { createLedger, type LedgerEntry } from './settings-ledger.ts';
import {
  type Ledger,
  type SettingsChange,
  withSettingsLock,
  writeSettings,
} from './write-settings.ts';

/** How to switch recording, and the storing of payloads, in settings files. */
export interface SwitchRequest {
  /** One whose settings have an env block, or whose hooks have an `env`. */
  readonly agent: AgentSettings;
  /** The files to write; one that does not exist yet is made, if there is anything to set. */
  readonly files: readonly FoundFile[];
  /**
   * For each variable its new value. Null: it is on no longer. What HookBus set is undone then, and the value of anybody
   * else becomes "0".
   */
  readonly values: Readonly<Partial<Record<keyof Values, string | null>>>;
  readonly isDryRun: boolean;
  readonly paths: StatePaths;
  readonly env: Environment;
  readonly now: () => number;
}

/** What was done to a settings file, or would be done. */
export interface SwitchReport extends Pick<FoundFile, 'path' | 'scope'> {
  /** Empty if there was no file. */
  readonly before: string;
  readonly after: string;
  /** The path of the backup; undefined if there was nothing to keep. */
  readonly backup: string | undefined;
  /** What the env block sets afterwards. */
  readonly variables: Values;
  /** Whether that enables recording. */
  readonly isEnabled: boolean;
}

/**
 * Sets HookBus's variables in the env blocks of settings files, or removes them. `uninstall` restores what was before.
 * Reads and checks every file before it writes the first.
 * @throws HookbusError `E_SETTINGS_FILE` if a file cannot be used
 */
export function switchRecording(request: SwitchRequest): SwitchReport[] {
  const ledger = createLedger(request.paths.settings, request.env);
  const planned = request.files.map((file) => planSwitch(file, request, ledger));
  const changed = planned.filter(({ file, after }) => file.text !== after);
  if (request.isDryRun || changed.length === 0) return planned.map(({ report }) => report);
  for (const { file } of changed) if (file.isNew !== true) requireWritable(file);
  return withSettingsLock(request, () =>
    request.files.map((found) => {
      const plan = () => planSwitch(found, request, ledger);
      const { report, backup } = writeSettings(found.path, ledger, request.now, plan);
      return { ...report, backup };
    }),
  );
}

interface PlannedSwitch extends SettingsChange {
  readonly report: SwitchReport;
}

function planSwitch(found: FoundFile, request: SwitchRequest, ledger: Ledger): PlannedSwitch {
  const { path, scope, within } = found;
  const { agent, values } = request;
  const { file, hasPrefix } = readOrMake(path, agent);
  if (within !== undefined && !isBelow(file.target, within)) throw linksOut(path, file.target);
  const known = ledger.read(file.target);
  const { after, ...changes } = changeEnv(file, agent, values, known);
  const root = after === '' ? file.root : rootOf(after);
  const made = file.isNew === true ? { madeFile: true as const } : {};
  const entry: LedgerEntry = { ...known, ...made, path, agent: agent.agent, scope, ...changes };
  const variables = readVariables(after, root, agent);
  return {
    file,
    after,
    entry: changes.env === null && !hasPrefix ? undefined : entry,
    isRemoved: known?.madeFile === true && root.children?.length === 0,
    report: {
      path,
      scope,
      before: file.text,
      after,
      backup: undefined,
      variables,
      isEnabled: isOn(variables.HOOKBUS_ENABLED),
    },
  };
}

function readOrMake(
  path: string,
  agent: AgentSettings,
): { file: SettingsFile; hasPrefix: boolean } {
  // A link that leads nowhere is read, and refused.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    return { file: newSettingsFile(path), hasPrefix: false };
  }
  const file = inspectSettings(path, agent);
  return { file, hasPrefix: file.hooks.some(({ prefix }) => prefix === 'install') };
}

interface EnvPlan {
  readonly after: string;
  readonly env: EnvChanges | null;
  readonly hookEnv?: HookEnvChanges;
}

function changeEnv(
  file: SettingsFile,
  agent: AgentSettings,
  values: SwitchRequest['values'],
  known: LedgerEntry | undefined,
): EnvPlan {
  if (agent.hasHookEnv) return changeHooks(file, agent, values, known?.hookEnv ?? {});
  return file.isNew === true ? newBlock(values) : changeBlock(file, values, known?.env ?? null);
}

function newBlock(values: SwitchRequest['values']): EnvPlan {
  const set = Object.entries(values).filter(([, value]) => value !== null);
  if (set.length === 0) return { after: '', env: null };
  return {
    after: `${JSON.stringify({ env: Object.fromEntries(set) }, null, 2)}\n`,
    env: { previous: Object.fromEntries(set.map(([name]) => [name, null])), madeBlock: true },
  };
}

function changeBlock(
  { path, text }: SettingsFile,
  values: SwitchRequest['values'],
  known: EnvChanges | null,
): EnvPlan {
  const given = VARIABLES.filter((name) => values[name] === null);
  const { mine, rest } = split(known, given);
  const restored = mine === null ? text : restoreVariables(text, mine);
  const remaining = variablesIn(rootOf(restored));
  const wanted = Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = values[name] ?? (given.includes(name) && isSet(remaining[name]) ? '0' : null);
      return value === null ? [] : [[name, value]];
    }),
  );
  const set = setVariables(restored, wanted);
  if (set === undefined) throw settingsError(`the env of ${path} is not an object`);
  return { after: set.text, env: remembered(rest, set.changes) };
}

/** The same in the `env` of each recorded hook. */
function changeHooks(
  { text, isNew }: SettingsFile,
  agent: AgentSettings,
  values: SwitchRequest['values'],
  known: HookEnvChanges,
): EnvPlan {
  if (isNew === true) return { after: '', env: null };
  const given = VARIABLES.filter((name) => values[name] === null);
  const mine: Record<string, EnvChanges> = {};
  let rest: HookEnvChanges = {};
  for (const [key, changes] of Object.entries(known)) {
    const parts = split(changes, given);
    if (parts.mine !== null) mine[key] = parts.mine;
    if (parts.rest !== null) rest = { ...rest, [key]: parts.rest };
  }
  let after = restoreInHooks(text, agent, mine).text;
  for (const name of VARIABLES) {
    const value = values[name] ?? (given.includes(name) ? '0' : undefined);
    if (value === undefined) continue;
    const isOthers = given.includes(name);
    const set = setInHooks(after, agent, { [name]: value }, (env) => !isOthers || isSet(env[name]));
    after = set.text;
    rest = joinHookChanges(rest, set.changes);
  }
  return { after, env: null, hookEnv: rest };
}

const isSet = (value: string | undefined): boolean => value !== undefined && !isOff(value);

/** The changes to these variables, and to the others. */
function split(changes: EnvChanges | null, names: readonly Variable[]) {
  const part = (isIn: (name: string) => boolean): EnvChanges | null => {
    const previous = Object.entries(changes?.previous ?? {}).filter(([name]) => isIn(name));
    if (changes === null || previous.length === 0) return null;
    return { previous: Object.fromEntries(previous), madeBlock: changes.madeBlock };
  };
  const isGiven = (name: string): boolean => names.some((given) => given === name);
  return { mine: part(isGiven), rest: part((name) => !isGiven(name)) };
}
