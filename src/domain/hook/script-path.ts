import { isInterpreter, splitWords } from './hook-name.ts';
import { isSimpleCommand } from './shell-line.ts';

/** Words of which only the first is a program, and where the next one begins. */
const OPTION = /^-/;

/**
 * The word that names the script, or the program, of a line, if that is certain: the first, or what an interpreter runs.
 * Undefined for anything that a shell has to work out.
 */
export function certainScript(line: string): string | undefined {
  if (!isSimpleCommand(line)) return undefined;
  return certainScriptOf(splitWords(line));
}

/** The same for a program with its arguments. */
export function certainScriptOf(words: readonly string[]): string | undefined {
  const [program = '', ...rest] = words;
  if (!isInterpreter(lastPart(program))) return program || undefined;
  // An option may have a value, so what follows one is not certain.
  const [next] = rest;
  return next === undefined || OPTION.test(next) || !/\.[A-Za-z]+$/.test(next) ? undefined : next;
}

const lastPart = (path: string): string => path.replace(/^.*\//s, '');
