import type { HookChoice } from '../../app/breaker/hooks-of-name.ts';
import type { Given, Surroundings } from './command.ts';
import { didYouMean } from './nearest.ts';
import { quote, usageError } from './values.ts';

/** The name of the hook. @throws HookbusError `E_USAGE` if there is none */
export function requireHook(given: Given): string {
  if (given.argument === undefined || given.argument === '') {
    throw usageError(
      'missing argument HOOK; `hookbus metrics` lists the hooks, and `hookbus disable` stops recording',
    );
  }
  return given.argument;
}

/** Which hooks with this name to choose. @throws HookbusError `E_USAGE` */
export function readHookChoice(given: Given, hookName: string, { cwd }: Surroundings): HookChoice {
  const command = given.value('command');
  const isAll = given.isOn('all');
  if (command !== undefined && isAll)
    throw usageError('--command and --all cannot be used together');
  return { hookName, command, isAll, here: cwd() };
}

/**
 * What to say of a name that is not on record, so it may be mistyped.
 * @param known undefined if the database cannot be used
 */
export function unknownHook(hookName: string, known: readonly string[] | undefined): string[] {
  if (known === undefined || known.includes(hookName)) return [];
  return [`No hook named ${quote(hookName)} is on record${didYouMean(hookName, known) || '.'}`];
}
