import type { Edit } from 'jsonc-parser';
import type { AgentSettings, Scope } from '../../agents/settings/agent-settings.ts';
import {
  type Enabled,
  isMadeBlock,
  planDisable,
  planEnable,
} from '../../agents/settings/env-block.ts';
import type { HookPlan, WrapRules } from '../../agents/settings/hook-plan.ts';
import { applyEdits } from '../../agents/settings/json-text.ts';
import { memberOf } from '../../agents/settings/read-settings-text.ts';
import { planUnwrap, planWrap } from '../../agents/settings/wrap-hooks.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import type { Environment } from '../../config/settings.ts';
import { isBusy, withLock } from '../../store/database.ts';
import { type FoundFile, isBelow } from './find-settings.ts';
import { type InspectedFile, inspectSettings } from './inspect-settings.ts';
import { isForWindows, type OtherLines, otherLinesOf } from './other-lines.ts';
import {
  replaceSettingsFile,
  requireWritable,
  type SettingsFile,
  settingsError,
} from './settings-file.ts';
import { createLedger, type LedgerEntry } from './settings-ledger.ts';

/** What to do with settings files. */
export interface InstallRequest {
  readonly work: 'install' | 'uninstall';
  readonly agent: AgentSettings;
  readonly files: readonly FoundFile[];
  /** Files of the agent that stay unchanged, but may contain the same hooks. */
  readonly otherFiles: readonly FoundFile[];
  readonly program: readonly string[];
  readonly isChosen: (name: string) => boolean;
  readonly enables: boolean;
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
  /** How `HOOKBUS_ENABLED` in its env block changed. */
  readonly switched: 'on' | 'off' | undefined;
  /** It has a command for the status line, which is not a hook. */
  readonly hasStatusLine: boolean;
  /** Whether its env block enables recording afterwards. */
  readonly isEnabled: boolean;
}

type Ledger = ReturnType<typeof createLedger>;

/** How long to wait for another install, and how often to retry when somebody else writes the file. */
const LOCK_MS = 10_000;
const ATTEMPTS = 5;

/**
 * Wraps or unwraps the hooks of settings files. Reads and checks every file before it writes the first.
 * @throws HookbusError `E_SETTINGS_FILE` if a file cannot be used
 */
export function changeSettings(request: InstallRequest): FileReport[] {
  const ledger = createLedger(request.paths.settings, request.env);
  const planned = planAll(request, ledger);
  if (request.isDryRun) return planned.map(({ report }) => report);
  for (const { file, report } of planned) if (report.before !== report.after) requireWritable(file);
  if (planned.every(({ report }) => report.before === report.after)) {
    return planned.map(({ report }) => report);
  }
  return locked(request, () => request.files.map((file) => changeFile(file, request, ledger)));
}

interface PlannedFile {
  readonly file: SettingsFile;
  readonly report: FileReport;
  readonly enabled: Enabled | null;
  readonly isOurs: boolean;
}

function planAll(request: InstallRequest, ledger: Ledger): PlannedFile[] {
  const others = otherLinesOf(request);
  return request.files.map((file) => planFile(file, request, ledger, others));
}

function planFile(
  { path, scope, within }: FoundFile,
  request: InstallRequest,
  ledger: Ledger,
  others: OtherLines,
): PlannedFile {
  const { agent, work } = request;
  const file = inspectSettings(path, agent);
  if (within !== undefined && !isBelow(file.target, within)) throw linksOut(path, file.target);
  const rules: WrapRules = { ...request, ...others, scope, isForWindowsToo: isForWindows(file) };
  const hooks = file.hooks.map(({ site }) =>
    work === 'install' ? planWrap(file.text, site, rules) : planUnwrap(file.text, site, rules),
  );
  const entry = ledger.read(file.target);
  const env = work === 'install' ? enabling(file, hooks, request) : disabling(file, hooks, entry);
  const edits = [...hooks.flatMap((hook) => hook.edits), ...env.edits];
  const after = edits.length === 0 ? file.text : applyEdits(file.text, edits);
  return {
    file,
    enabled: work === 'install' ? remembered(entry?.enabled, env.enabled) : null,
    isOurs: hooks.some(({ action }) => action === 'wrapped' || action === 'unchanged'),
    report: {
      path,
      scope,
      hooks,
      before: file.text,
      after,
      backup: undefined,
      switched: env.edits.length === 0 ? undefined : work === 'install' ? 'on' : 'off',
      hasStatusLine: memberOf(memberOf(file.root, 'statusLine'), 'command') !== undefined,
      isEnabled: env.edits.length === 0 ? file.isEnabled : work === 'install',
    },
  };
}

/** The error about a project's settings file that links to a file outside the project, which may belong to anyone. */
export function linksOut(path: string, target: string): Error {
  return settingsError(
    `${path} links to ${target}, outside the project`,
    'HookBus did not change it; add --yes to change that file.',
  );
}

/** Keeps the value from before the first install, however often recording was switched since. */
function remembered(before: Enabled | null | undefined, now: Enabled | undefined): Enabled | null {
  if (!before || !now) return before ?? now ?? null;
  return { previous: before.previous, madeBlock: before.madeBlock || now.madeBlock };
}

interface EnvPlan {
  readonly edits: readonly Edit[];
  readonly enabled?: Enabled;
}

function enabling(
  { text, root, isEnabled }: InspectedFile,
  hooks: readonly HookPlan[],
  { enables }: InstallRequest,
): EnvPlan {
  const hasWrapped = hooks.some(({ action }) => /wrapped|unchanged|by_hand/.test(action));
  if (!enables || !hasWrapped || isEnabled) return { edits: [] };
  return planEnable(text, root) ?? { edits: [] };
}

/** Without an entry, nobody knows who enabled recording; if hooks were wrapped, `install` probably did. */
function disabling(
  { text, root, isEnabled }: InspectedFile,
  hooks: readonly HookPlan[],
  entry: LedgerEntry | undefined,
): EnvPlan {
  // The user unwrapped hooks by name, and these are still wrapped.
  if (hooks.some(({ action }) => action === 'unchanged')) return { edits: [] };
  if (entry !== undefined) {
    return { edits: entry.enabled === null ? [] : planDisable(root, entry.enabled) };
  }
  const wasOurs = hooks.some(({ action }) => action === 'unwrapped');
  const isNeeded = hooks.some(({ action }) => action === 'by_hand');
  if (!wasOurs || isNeeded || !isEnabled) return { edits: [] };
  return { edits: planDisable(root, { previous: null, madeBlock: isMadeBlock(text, root) }) };
}

/** Admits one writer at a time per state directory. Other writers are noticed when the file is replaced. */
function locked<T>({ paths, env }: InstallRequest, work: () => T): T {
  makeStateHome(paths.home, env);
  let hasStarted = false;
  try {
    return withLock(paths.settingsLock, LOCK_MS, () => {
      hasStarted = true;
      return work();
    });
  } catch (error) {
    if (hasStarted) throw error;
    if (isBusy(error))
      throw settingsError(
        'another hookbus is changing settings files',
        'Try again when it has finished.',
      );
    // Without SQLite's native part there is no lock, but settings can be written.
    return work();
  }
}

function changeFile(found: FoundFile, request: InstallRequest, ledger: Ledger): FileReport {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const planned = planFile(found, request, ledger, otherLinesOf(request));
    const { file, report, isOurs, enabled } = planned;
    if (report.before === report.after) return report;
    requireWritable(file);
    const backup = ledger.backUp(file.target, file.bytes, new Date(request.now()));
    const { agent } = request.agent;
    const entry: LedgerEntry = { path: found.path, agent, scope: found.scope, enabled };
    if (request.work === 'install') ledger.write(file.target, entry);
    if (!replaceSettingsFile(file, report.after)) continue;
    if (request.work === 'uninstall' && !isOurs) ledger.forget(file.target);
    return { ...report, backup };
  }
  throw settingsError(`${found.path} keeps changing`, 'Try again when no other program writes it.');
}
