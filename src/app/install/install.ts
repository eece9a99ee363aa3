import type { AgentSettings, Scope } from '../../agents/settings/agent-settings.ts';
import { isOn, rootOf, type Values } from '../../agents/settings/env-block.ts';
import type { HookPlan, Windows, WrapRules } from '../../agents/settings/hook-plan.ts';
import { applyEdits } from '../../agents/settings/json-text.ts';
import { memberOf } from '../../agents/settings/read-settings-text.ts';
import { planUnwrap, planWrap } from '../../agents/settings/wrap-hooks.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { Environment } from '../../config/settings.ts';
import { disabling, enabling } from './env/env-plan.ts';
import { type FoundFile, isBelow } from './find-settings.ts';
import { rememberNames } from './hook-names.ts';
import {
  type InspectedFile,
  inspectSettings,
  readVariables,
  tryInspect,
} from './inspect-settings.ts';
import { isForWindows, type OtherLines, otherLinesOf } from './other-lines.ts';
import { requireWritable, settingsError } from './settings-file.ts';
import { createLedger, type LedgerEntry } from './settings-ledger.ts';
import { editTomlFile } from './toml/edit-toml-file.ts';
import type { Spellings } from './toml/toml-settings.ts';
import {
  type Ledger,
  type SettingsChange,
  withSettingsLock,
  writeSettings,
} from './write-settings.ts';

/** What to do with settings files. */
export interface InstallRequest {
  readonly work: 'install' | 'uninstall';
  readonly agent: AgentSettings;
  readonly files: readonly FoundFile[];
  /** Files of the agent that stay unchanged, but may contain the same hooks. */
  readonly otherFiles: readonly FoundFile[];
  readonly program: readonly string[];
  /** The agent runs on Windows. */
  readonly windows?: Windows | undefined;
  readonly isChosen: (name: string) => boolean;
  /** New names, by the names that hooks have now. */
  readonly renames?: ReadonlyMap<string, string>;
  /** Whether runs of a command are on record under a name, and no other command's. */
  readonly isOnRecord?: (name: string, command: string) => boolean;
  /** What to set in the env block of a file with wrapped hooks. */
  readonly sets: (file: FoundFile) => Values;
  readonly isDryRun: boolean;
  readonly paths: StatePaths;
  readonly env: Environment;
  readonly now: () => number;
}

/** What was done to a settings file, or would be done. */
export interface FileReport {
  readonly path: string;
  readonly scope: Scope;
  readonly hooks: readonly HookPlan[];
  readonly before: string;
  readonly after: string;
  /** The path of the backup; undefined if the file was not written. */
  readonly backup: string | undefined;
  /** It has a command for the status line, which is not a hook. */
  readonly hasStatusLine: boolean;
  /** What its env block sets afterwards, and whether that enables recording. */
  readonly variables: Values;
  readonly isEnabled: boolean;
}

/**
 * Wraps or unwraps the hooks of settings files. Reads and checks every file before it writes the first.
 * @throws HookbusError `E_SETTINGS_FILE` if a file cannot be used
 */
export function changeSettings(request: InstallRequest): FileReport[] {
  const ledger = createLedger(request.paths.settings, request.env);
  const planned = planAll(request, ledger);
  if (request.isDryRun) return planned.map(({ report }) => report);
  const changed = planned.filter(({ file, after }) => file.text !== after);
  for (const { file } of changed) requireWritable(file);
  if (changed.length === 0) return planned.map(({ report }) => report);
  return withSettingsLock(request, () => {
    const { names } = otherLinesOf(request);
    const reports = request.files.map((found) => {
      const plan = () => {
        const others = otherLinesOf(request);
        // A file that is written already would change the names of the next.
        return planFile(found, request, ledger, {
          ...others,
          names: new Map([...others.names, ...names]),
        });
      };
      const { report, backup } = writeSettings(found.path, ledger, request.now, plan);
      return { ...report, backup };
    });
    const hooks = request.files.flatMap(({ path }) => tryInspect(path, request.agent)?.hooks ?? []);
    rememberNames(hooks, { agent: request.agent.agent, paths: request.paths });
    return reports;
  });
}

interface PlannedFile extends SettingsChange {
  readonly report: FileReport;
}

function planAll(request: InstallRequest, ledger: Ledger): PlannedFile[] {
  const others = otherLinesOf(request);
  return request.files.map((file) => planFile(file, request, ledger, others));
}

function planFile(
  found: FoundFile,
  request: InstallRequest,
  ledger: Ledger,
  others: OtherLines,
): PlannedFile {
  const { path, scope, within } = found;
  const { agent, work } = request;
  const file = inspectSettings(path, agent);
  if (within !== undefined && !isBelow(file.target, within)) throw linksOut(path, file.target);
  const rules: WrapRules = {
    ...request,
    ...others,
    scope,
    isForWindowsToo: isForWindows(file),
    renames: request.renames ?? new Map(),
  };
  const known = ledger.read(file.target);
  const hookText = file.hookText ?? file.text;
  const hooks = file.hooks.map(({ site }) =>
    work === 'install' ? planWrap(hookText, site, rules) : planUnwrap(hookText, site, rules),
  );
  const { text, ...spelled } = change(file, hooks, known);
  const { after, ...changes } =
    file.hookText !== undefined
      ? { after: text, env: null }
      : work === 'install'
        ? enabling(text, agent, hooks, request.sets(found), known)
        : disabling(text, file, agent, hooks, known);
  const isRead = after === file.text || file.hookText !== undefined;
  const root = isRead ? file.root : rootOf(after);
  const isOurs = hooks.some(({ action }) => action === 'wrapped' || action === 'unchanged');
  const entry: LedgerEntry = { ...known, path, agent: agent.agent, scope, ...changes, ...spelled };
  const variables = readVariables(file.hookText ?? after, root, agent);
  return {
    file,
    after,
    entry: work === 'install' || isOurs ? entry : undefined,
    isRemoved: work === 'uninstall' && known?.madeFile === true && root.children?.length === 0,
    report: {
      path,
      scope,
      hooks,
      before: file.text,
      after,
      backup: undefined,
      hasStatusLine: memberOf(memberOf(file.root, 'statusLine'), 'command') !== undefined,
      variables,
      isEnabled: isOn(variables.HOOKBUS_ENABLED),
    },
  };
}

/** The text with the planned commands. */
function change(
  file: InspectedFile,
  plans: readonly HookPlan[],
  known: LedgerEntry | undefined,
): { readonly text: string; readonly spellings?: Spellings } {
  if (file.hookText === undefined) {
    return {
      text: applyEdits(
        file.text,
        plans.flatMap(({ edits }) => edits),
      ),
    };
  }
  const hooks = plans.flatMap((plan, at) => {
    const site = file.hooks[at]?.site;
    return site === undefined ? [] : [{ site, plan }];
  });
  return editTomlFile(file.path, file.text, hooks, known?.spellings ?? {});
}

/** The error about a project's settings file that links to a file outside the project, which may belong to anyone. */
export function linksOut(path: string, target: string): Error {
  return settingsError(
    `${path} links to ${target}, outside the project`,
    'HookBus did not change it; add --scope project --yes to change that file.',
  );
}
