import { HookbusError } from '../../domain/errors.ts';
import { type HookId, isWholeCommand } from '../../domain/hook/hook-id.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { listHookNames } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';
import { type HookCommand, listHookCommands } from '../../store/hook-commands.ts';
import { isHere } from '../replay/replay-places.ts';

/** Selects among the hooks that share a name. */
export interface HookChoice {
  readonly hookName: string;
  /** Only the hook with this command line. */
  readonly command?: string | undefined;
  /** All hooks of this name. */
  readonly isAll: boolean;
  /** If there are several: only those that ran in the work tree of this directory. Undefined: all. */
  readonly here?: string | undefined;
}

/** Nobody reads more commands than this. */
const MAX_LISTED = 20;

/**
 * Finds the selected hooks among the recorded executions.
 * @throws HookbusError `E_HOOK` if the choice is ambiguous or nothing is recorded
 */
export function findHooks(db: Database | undefined, choice: HookChoice): HookId[] {
  const { hookName, command } = choice;
  if (command !== undefined) return [{ hookName, command }];
  const found = db === undefined ? [] : choose(listHookCommands(db, hookName), choice);
  if (found.length === 0) {
    throw new HookbusError(
      'E_HOOK',
      `no hook named ${JSON.stringify(hookName)} is on record${db === undefined ? '' : likeName(db, hookName)}`,
      'If it never ran, add --command with its command line',
    );
  }
  if (found.some((one) => !isWholeCommand(one))) {
    throw new HookbusError(
      'E_HOOK',
      `the recorded command of ${JSON.stringify(hookName)} is incomplete (truncated, or without a secret); add --command with its command line`,
    );
  }
  return found.map((one) => ({ hookName, command: one }));
}

function likeName(db: Database, hookName: string): string {
  const guess = nearest(hookName, listHookNames(db));
  return guess === undefined ? '' : `. Did you mean ${JSON.stringify(guess)}?`;
}

/**
 * Selects the commands of this work tree, or all if `isAll`.
 * @throws HookbusError `E_HOOK`, with a list, if the choice is ambiguous
 */
export function choose(
  candidates: readonly HookCommand[],
  { hookName, isAll, here }: HookChoice,
): string[] {
  const commands = [...new Set(candidates.map(({ command }) => command))];
  if (isAll || commands.length <= 1) return commands;
  const local = candidates.filter(
    ({ cwd }) => here !== undefined && cwd !== null && isHere(cwd, here),
  );
  if (local.length > 0) return [...new Set(local.map(({ command }) => command))];
  const listed = commands.slice(0, MAX_LISTED).map((command) => JSON.stringify(command));
  if (commands.length > MAX_LISTED) listed.push(`${commands.length - MAX_LISTED} more`);
  throw new HookbusError(
    'E_HOOK',
    `${commands.length} hooks are called ${JSON.stringify(hookName)}, but none ran in this work tree; add --command with one of these, or --all: ${listed.join(', ')}`,
  );
}
