import { HookbusError } from '../../domain/errors.ts';
import { type HookId, isWholeCommand } from '../../domain/hook/hook-id.ts';
import type { Database } from '../../store/database.ts';
import { type HookCommand, listHookCommands } from '../../store/hook-commands.ts';
import { isHere } from '../replay/replay-places.ts';

/** Which of the hooks with one name are meant. */
export interface HookChoice {
  readonly hookName: string;
  /** The one with this command line. */
  readonly command?: string | undefined;
  /** All of them. */
  readonly isAll: boolean;
  /** Of several, those that ran in the work tree of this directory; undefined: all. */
  readonly here?: string | undefined;
}

/** More commands than anybody reads are not listed. */
const MAX_LISTED = 20;

/**
 * The hooks that are meant, by what is on record.
 * @throws HookbusError `E_HOOK` where nobody can tell
 */
export function findHooks(db: Database | undefined, choice: HookChoice): HookId[] {
  const { hookName, command } = choice;
  if (command !== undefined) return [{ hookName, command }];
  if (db === undefined) {
    throw new HookbusError(
      'E_HOOK',
      'expected --command, since no database says what the hook runs',
    );
  }
  const found = choose(listHookCommands(db, hookName), choice);
  if (found.length === 0) {
    throw new HookbusError(
      'E_HOOK',
      `no execution of ${JSON.stringify(hookName)} is on record; expected --command with its command line`,
    );
  }
  if (found.some((one) => !isWholeCommand(one))) {
    throw new HookbusError(
      'E_HOOK',
      `the command of ${JSON.stringify(hookName)} is not whole on record (a secret was taken out, or it was cut); expected --command with its command line`,
    );
  }
  return found.map((one) => ({ hookName, command: one }));
}

/**
 * Of several commands those of this work tree, or all where that was asked for.
 * @throws HookbusError `E_HOOK`, with a list, where it is not clear which
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
    `${commands.length} hooks are called ${JSON.stringify(hookName)}, none of them in this work tree; expected --command with one of these, or --all: ${listed.join(', ')}`,
  );
}
