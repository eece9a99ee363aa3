import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { reasonToLeaveFile } from '../../../agents/hook-files.ts';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import type { Environment } from '../../../config/settings.ts';
import { hookFileText } from '../../../domain/hook/hook-file.ts';
import { SHARED } from '../../../domain/hook/wrapping.ts';
import type { HookFile } from './find-hook-files.ts';

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

export function planHookFile(file: HookFile, rules: HookFileRules): HookFilePlan {
  const { text = '', form } = file;
  const wrapped = hookFileText({
    program: file.scope === 'project' ? [SHARED] : rules.program,
    name: rules.renames.get(file.name) ?? file.name,
    moved: form?.moved ?? basename(file.moved),
  });
  const planned = (action: HookPlan['action'], after: string, reason?: string): HookFilePlan => ({
    file,
    after,
    hook: { ...factsOf(file), becomes: file.path, action, reason, edits: [] },
  });
  if (file.prefix === 'hand') return planned('by_hand', text);
  if (!rules.isChosen(file.name))
    return planned(form === undefined ? 'left' : 'unchanged', text, 'it was not chosen');
  const isMissing = form !== undefined && file.movedStat?.isFile() !== true;
  if (isMissing) return planned('left', text, `${file.moved} is missing, so it does nothing`);
  if (rules.work === 'uninstall')
    return form === undefined ? planned('left', text) : planned('unwrapped', readMoved(file));
  const reason = form === undefined ? reasonToLeave(file, rules) : undefined;
  if (reason !== undefined) return planned('left', text, reason);
  return planned(wrapped === text ? 'unchanged' : 'wrapped', wrapped);
}

const readMoved = ({ moved }: HookFile): string => readFileSync(moved, 'utf8');

const factsOf = ({ path, event, name, form, prefix, moved }: HookFile) => ({
  ...{ event, matcher: undefined, type: 'command', name, limitMs: undefined },
  command: form === undefined ? path : moved,
  written: path,
  program: form?.program,
  isGuarded: prefix !== 'hand',
});

/** Why a bare file may not be wrapped. */
function reasonToLeave(file: HookFile, { env }: HookFileRules): string | undefined {
  const { stat, text, moved, movedStat, leads } = file;
  if (leads !== undefined) return `its directory leads out of the project ${leads}`;
  if (stat.isSymbolicLink()) return "it is a link, which Cline's command line does not run";
  if (!stat.isFile()) return 'it is not a file';
  if ((stat.mode & 0o111) === 0)
    return "it is not executable: Cline's editor extension does not run it; chmod +x to have it recorded";
  if (text === undefined) return 'it cannot be read as text';
  // A process that was killed between its two steps.
  const isHalfDone = movedStat?.ino === stat.ino && movedStat.dev === stat.dev && stat.nlink === 2;
  if (movedStat !== undefined && !isHalfDone) return `${moved} is in the way`;
  if (stat.nlink > 1 && !isHalfDone)
    return `it has ${stat.nlink} names (hard links), and HookBus could change only one of them`;
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
