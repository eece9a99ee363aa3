import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { reasonToLeaveFile } from '../../../agents/hook-files.ts';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import type { Environment } from '../../../config/settings.ts';
import { reasonOf } from '../../../domain/errors.ts';
import { hookFileText } from '../../../domain/hook/hook-file.ts';
import { SHARED } from '../../../domain/hook/wrapping.ts';
import { settingsError } from '../settings-file.ts';
import { type HookFile, isHalfDone, namesOf } from './find-hook-files.ts';

/** How to wrap or unwrap hook files. */
export interface HookFileRules {
  readonly work: 'install' | 'uninstall';
  /** What starts HookBus in a user's own file; a shared one looks for it on PATH. */
  readonly program: readonly string[];
  readonly isChosen: (name: string) => boolean;
  /** New names, by the names that hooks have now. */
  readonly renames: ReadonlyMap<string, string>;
  readonly env: Environment;
}

/** What happens to a hook file, and its text afterwards. */
export interface HookFilePlan {
  readonly file: HookFile;
  readonly hook: HookPlan;
  readonly after: string;
}

/** @param wasWrapped whether `install` wrapped the file before, so that its second name is one that it made */
export function planHookFile(
  file: HookFile,
  rules: HookFileRules,
  wasWrapped: boolean,
): HookFilePlan {
  const { text = '', form } = file;
  const wrapped = hookFileText({
    program: file.scope === 'project' ? [SHARED] : rules.program,
    name: rules.renames.get(file.name) ?? file.name,
    moved: form?.moved ?? basename(file.moved),
  });
  const [chosen, reason] = choose(file, rules, wasWrapped);
  const action = chosen === 'wrapped' && wrapped === text ? 'unchanged' : chosen;
  const isRestored = action === 'unwrapped' && form !== undefined;
  return {
    file,
    hook: { ...factsOf(file), becomes: file.path, action, reason, edits: [] },
    after: isRestored ? readMoved(file) : action === 'wrapped' ? wrapped : text,
  };
}

/** What to do with a file, and why if that is not plain. */
function choose(
  file: HookFile,
  rules: HookFileRules,
  wasWrapped: boolean,
): readonly [HookPlan['action'], (string | undefined)?] {
  const { form, moved, movedStat } = file;
  if (file.prefix === 'hand') return ['by_hand'];
  if (!rules.isChosen(file.name))
    return [form === undefined ? 'left' : 'unchanged', 'it was not chosen'];
  if (form !== undefined && movedStat?.isFile() !== true)
    return ['left', `${moved} is missing or not a plain file, so the hook does not run`];
  if (form !== undefined) return [rules.work === 'install' ? 'wrapped' : 'unwrapped'];
  if (rules.work === 'uninstall') return chooseBare(file);
  const reason = reasonToLeave(file, rules, wasWrapped);
  if (reason !== undefined) return ['left', reason];
  return ['wrapped', isTaken(file) ? `a copy of the old ${moved} is kept` : undefined];
}

/** `uninstall` on a file without a program in its place. */
function chooseBare(file: HookFile): readonly [HookPlan['action'], (string | undefined)?] {
  if (isHalfDone(file)) return ['unwrapped', `${file.moved} is the same file`];
  return [
    'left',
    isTaken(file) ? `${file.moved} is another file, which nothing starts` : undefined,
  ];
}

/** Somebody wrote the hook anew over the program that stood for it: what has its second name is out of date. */
export const isTaken = (file: HookFile): boolean =>
  file.form === undefined && file.movedStat !== undefined && !isHalfDone(file);

function readMoved({ path, moved }: HookFile): string {
  try {
    return readFileSync(moved, 'utf8');
  } catch (error) {
    throw settingsError(
      `${path} cannot be restored: ${reasonOf(error)}`,
      `Make ${moved} readable. Nothing was changed.`,
    );
  }
}

const factsOf = ({ path, event, name, form, prefix, moved }: HookFile) => ({
  ...{ event, matcher: undefined, type: 'command', name, limitMs: undefined },
  command: form === undefined ? path : moved,
  written: path,
  program: form?.program,
  isGuarded: prefix !== 'hand',
});

/** Why a bare file may not be wrapped. */
function reasonToLeave(
  file: HookFile,
  { env }: HookFileRules,
  wasWrapped: boolean,
): string | undefined {
  const { stat, text, moved, movedStat, leads } = file;
  if (leads !== undefined) return `its directory leads out of the project ${leads}`;
  if (stat.isSymbolicLink()) return "it is a link, which Cline's command line does not run";
  if (!stat.isFile()) return 'it is not a file';
  if ((stat.mode & 0o111) === 0)
    return "it is not executable: Cline's editor extension does not run it; chmod +x to have it recorded";
  if (text === undefined) return 'it cannot be read as text';
  if (isTaken(file) && !(wasWrapped && movedStat?.isFile())) return `${moved} is in the way`;
  if (namesOf(file) > 1 && !isHalfDone(file))
    return `it has ${namesOf(file)} names (hard links), and HookBus could change only one of them`;
  if (!canExecute(file.path)) return 'this user cannot execute it';
  return reasonToLeaveFile(text, (program) => isOnPath(program, env));
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the first program of this name on PATH is this one. */
function isOnPath(program: string, env: Environment): boolean {
  const directories = (env['PATH'] ?? '').split(':').filter(Boolean);
  const found = directories.map((path) => join(path, basename(program))).find(canExecute);
  try {
    return found !== undefined && realpathSync(found) === realpathSync(program);
  } catch {
    return false;
  }
}
