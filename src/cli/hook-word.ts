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

/** What to say of a name that may be mistyped; nothing where it is on record, or where nobody knows. */
export function unknownHook(hookName: string, known: readonly string[] | undefined): string[] {
  if (known === undefined || known.includes(hookName)) return [];
  return [`No execution of ${quote(hookName)} is on record${didYouMean(hookName, known) || '.'}`];
}
