import { isInterpreter, splitWords } from './hook-name.ts';
import { isSimpleCommand } from './shell-line.ts';

/** Words that stand between a program and what it runs, and that have no value of their own. */
const BETWEEN: Readonly<Record<string, RegExp>> = {
  env: /^[A-Za-z_]\w*=/,
  uv: /^(?:run|--script|-s|--quiet|-q|--no-project|--no-sync|--frozen)$/,
  npx: /^(?:-y|--yes)$/,
  bun: /^run$/,
  poetry: /^run$/,
};

/** They take any path for a script; others may add an extension or look elsewhere. */
const TAKES_ANY_PATH = /^(?:ba|da|z|k)?sh$|^python[\d.]*$/;

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
  const name = lastPart(program);
  if (!isInterpreter(name)) return program || undefined;
  const skipped = BETWEEN[name];
  const at = skipped === undefined ? 0 : rest.findIndex((word) => !skipped.test(word));
  const [next, ...more] = at < 0 ? [] : rest.slice(at);
  // An option may have a value, so what follows one is not certain.
  if (next === undefined || next.startsWith('-')) return undefined;
  if (skipped !== undefined && isInterpreter(lastPart(next)))
    return certainScriptOf([next, ...more]);
  const isScript = /\.[A-Za-z]+$/.test(next);
  return isScript || (TAKES_ANY_PATH.test(name) && next.includes('/')) ? next : undefined;
}

const lastPart = (path: string): string => path.replace(/^.*\//s, '');
