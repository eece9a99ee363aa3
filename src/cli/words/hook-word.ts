import type { HookChoice } from '../../app/breaker/hooks-of-name.ts';
import type { Given } from './command.ts';
import { didYouMean } from './nearest.ts';
import { quote, usageError } from './values.ts';

/** The hook that a command is about. @throws HookbusError `E_USAGE` where none was given */
export function requireHook(given: Given): string {
  if (given.argument === undefined || given.argument === '') {
    throw usageError('expected the name of a hook, got none; `hookbus metrics` lists them');
  }
  return given.argument;
}

/** Which of the hooks of this name are meant. @throws HookbusError `E_USAGE` */
export function readHookChoice(given: Given, hookName: string): HookChoice {
  const command = given.value('command');
  const isAll = given.isOn('all');
  if (command !== undefined && isAll) throw usageError('expected --command or --all, got both');
  return { hookName, command, isAll, here: process.cwd() };
}

/** What to say of a name that may be mistyped; nothing where it is on record, or where nobody knows. */
export function unknownHook(hookName: string, known: readonly string[] | undefined): string[] {
  if (known === undefined || known.includes(hookName)) return [];
  return [`No execution of ${quote(hookName)} is on record${didYouMean(hookName, known) || '.'}`];
}
