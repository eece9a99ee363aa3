import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StatePaths } from '../../../config/home/paths.ts';
import { reasonOf } from '../../../domain/errors.ts';
import { replaceFile } from '../../../os/replace-file.ts';
import type { FileReport } from '../install.ts';
import { settingsError } from '../settings-file.ts';
import { createLedger } from '../settings-ledger.ts';
import { type Ledger, withSettingsLock } from '../write-settings.ts';
import {
  type HookFile,
  isHalfDone,
  leftovers,
  nameBetween,
  readHookFile,
} from './find-hook-files.ts';
import { type HookFilePlan, type HookFileRules, isTaken, planHookFile } from './plan-hook-file.ts';

export interface HookFileRequest extends HookFileRules {
  readonly files: readonly HookFile[];
  readonly isDryRun: boolean;
  readonly paths: StatePaths;
  readonly now: () => number;
}

/**
 * Wraps or unwraps hook files. Checks all before it writes the first.
 * @throws HookbusError `E_SETTINGS_FILE` if a file cannot be changed
 */
export function changeHookFiles(request: HookFileRequest): FileReport[] {
  const ledger = createLedger(request.paths.settings, request.env);
  const wasWrapped = (path: string): boolean => ledger.read(targetOf(path)) !== undefined;
  const plans = request.files.map((file) => planHookFile(file, request, wasWrapped(file.path)));
  const changed = plans.filter(isChange);
  if (request.isDryRun || changed.length === 0) return plans.map((plan) => report(plan));
  for (const { file } of changed) requireWritable(file);
  return withSettingsLock(request, () => {
    const reports = plans.map((plan) =>
      isChange(plan) ? change(plan, request, ledger) : report(plan),
    );
    removeMoved(changed.filter(({ hook }) => hook.action === 'unwrapped'));
    return reports;
  });
}

/** A program that began before its file was replaced still starts the hook under the other name. */
const STARTING_MS = 500;

function removeMoved(plans: readonly HookFilePlan[]): void {
  if (plans.length === 0) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STARTING_MS);
  for (const { moved } of plans.map(({ file }) => file))
    if (!isStarted(moved)) rmSync(moved, { force: true });
}

/** Whether another program in the directory starts the hook: a person copied one. */
const isStarted = (moved: string): boolean =>
  readdirSync(dirname(moved)).some((name) => {
    const file = readHookFile(join(dirname(moved), name), 'user');
    return file?.form !== undefined && file.moved === moved;
  });

const targetOf = (path: string): string => join(realpathSync(dirname(path)), basename(path));

const isChange = ({ hook }: HookFilePlan): boolean =>
  hook.action === 'wrapped' || hook.action === 'unwrapped';

function report({ file, hook, after }: HookFilePlan, backup?: string): FileReport {
  const { path, scope, text = '' } = file;
  return {
    ...{ path, scope, hooks: [hook], before: text, after, backup },
    hasStatusLine: false,
    variables: {},
    isEnabled: false,
  };
}

function requireWritable({ path }: HookFile): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw settingsError(
      `${path} cannot be changed: ${reasonOf(error)}`,
      'Make its directory writable: HookBus moves the hook aside in it. Nothing was changed.',
    );
  }
}

function change(plan: HookFilePlan, request: HookFileRequest, ledger: Ledger): FileReport {
  const { file, hook } = plan;
  const { path, scope, bytes } = file;
  const target = targetOf(path);
  for (const leftover of leftovers(file)) rmSync(leftover, { force: true });
  const backup = ledger.backUp(target, bytes ?? Buffer.of(), new Date(request.now()));
  if (hook.action === 'wrapped') {
    ledger.write(target, { path, agent: 'cline', scope, env: null });
    if (isTaken(file)) ledger.backUp(file.moved, readFileSync(file.moved), new Date(request.now()));
    putWrapper(plan);
  } else {
    putBack(file);
    ledger.forget(target);
  }
  return report(plan, backup);
}

/**
 * The hook gets a second name, and then the program takes the first: whenever the agent looks, there is a hook. A link keeps
 * all that a copy would lose.
 */
function putWrapper({ file, after }: HookFilePlan): void {
  const { path, moved, form, stat } = file;
  let isLinked = false;
  let isReplaced = false;
  try {
    if (form === undefined && !isHalfDone(file)) {
      if (isTaken(file)) linkOver(file, path, moved);
      else linkSync(path, moved);
      isLinked = true;
    }
    isReplaced = replaceFile(path, after, { like: stat, isWanted: () => isAsRead(file) });
  } catch (error) {
    throw settingsError(`${path} cannot be changed: ${reasonOf(error)}`, 'It was not changed.');
  } finally {
    if (isLinked && !isReplaced) rmSync(moved, { force: true });
  }
  if (!isReplaced) throw keepsChanging(file);
}

/** The hook gets its name back, with the mode that its file has now: a person may have switched it off by that. */
function putBack(file: HookFile): void {
  const { path, moved, form, stat } = file;
  if (!isAsRead(file)) throw keepsChanging(file);
  try {
    if (form === undefined) return;
    chmodSync(moved, stat.mode & 0o7777);
    linkOver(file, moved, path);
  } catch (error) {
    throw settingsError(`${path} cannot be changed: ${reasonOf(error)}`, 'It was not changed.');
  }
}

/** Gives a file another name, which another file has now. */
function linkOver(file: HookFile, path: string, taken: string): void {
  const between = nameBetween(file);
  linkSync(path, between);
  try {
    renameSync(between, taken);
  } finally {
    rmSync(between, { force: true });
  }
}

function isAsRead({ path, scope, bytes, stat }: HookFile): boolean {
  const now = readHookFile(path, scope);
  return now?.stat.ino === stat.ino && bytes !== undefined && readFileSync(path).equals(bytes);
}

const keepsChanging = ({ path }: HookFile): Error =>
  settingsError(`${path} keeps changing`, 'Try again when no other program writes it.');
