import { defaultHookName } from './hook-name.ts';
import { isSimpleCommand, shellWord } from './shell-line.ts';

/** Which shell an agent gives a hook's line to: `/bin/sh -c`, `bash -c`, or `$SHELL -lc`. */
export type LineShell = 'sh' | 'bash' | 'login';

/** How lines of one settings file are to be wrapped. */
export interface WrapStyle {
  /** Words that start HookBus: `hookbus`, its absolute path, or Node and the path of its script. */
  readonly program: readonly string[];
  /** The line must mean the same where that program is missing. */
  readonly isGuarded: boolean;
  readonly shell: LineShell;
}

/**
 * What stands around a line once it is wrapped: a prefix, and the line as it was or as one quoted word.
 * The rest of the file knows it by this alone, so that a line can be given back in the spelling it had.
 */
export interface Wrapping {
  readonly before: string;
  readonly quote: Quote;
}

type Quote = 'none' | 'single' | 'double';

/** How each shell is started on a quoted line, in words of a shell. */
const SHELL_COMMANDS: Readonly<Record<LineShell, string>> = {
  sh: '/bin/sh -c',
  bash: 'bash -c',
  login: `"\${SHELL:-/bin/sh}" -c`,
};

/**
 * Wraps a hook's line; a function of the line and the style alone, so that an agent still sees which hooks are the same.
 * A simple command gets a prefix, any other becomes one word for the shell it was for. The outer shell then makes way
 * (`exec`), so that there is one shell as before, and its death is the death of the line.
 */
export function wrappingOf(line: string, { program, isGuarded, shell }: WrapStyle): Wrapping {
  const words = program.map(shellWord).join(' ');
  if (isSimpleCommand(line)) {
    return { before: isGuarded ? `${guard(program, '')}"$@" ` : `${words} run -- `, quote: 'none' };
  }
  const quote = /'/.test(line) && !/["$`\\!]/.test(line) ? 'double' : 'single';
  if (!isGuarded && shell === 'sh') return { before: `exec ${words} run --shell `, quote };
  const name = ` --name ${shellWord(defaultHookName([], line))}`;
  const before = isGuarded ? `${guard(program, name)}exec "$@"` : `exec ${words} run${name} --`;
  return { before: `${before} ${SHELL_COMMANDS[shell]} `, quote };
}

/** Makes `"$@"` the prefix where the program is, and no word at all elsewhere. Zsh splits no variable, but this. */
function guard(program: readonly string[], name: string): string {
  const words = program.map(shellWord).join(' ');
  const last = program.at(-1) ?? '';
  const isThere = last.includes('/')
    ? `[ -e ${shellWord(last)} ]`
    : `command -v ${words} >/dev/null`;
  return `${isThere} && set -- ${words} run${name} --; `;
}

/** The wrapped line. */
export function wrap(line: string, { before, quote }: Wrapping): string {
  if (quote === 'none') return before + line;
  return before + (quote === 'double' ? `"${line}"` : `'${line.replaceAll("'", "'\\''")}'`);
}

/** The line that was wrapped. */
export function unwrap(wrapped: string, { before, quote }: Wrapping): string {
  const rest = wrapped.slice(before.length);
  if (quote === 'none') return rest;
  const inner = rest.slice(1, -1);
  return quote === 'double' ? inner : inner.replaceAll("'\\''", "'");
}

const WORD = String.raw`(?:(?:'[^']*'|\\'|[\w./+@%:,=-])+)`;
const PROGRAM = `(?<program>${WORD}(?: ${WORD})?)`;
const IS_THERE = String.raw`(?:command -v hookbus >/dev/null|\[ -e ${WORD} \])`;
const SINGLE = String.raw`'[^']*'(?:\\''[^']*')*`;
const DOUBLE = '"[^"$`\\\\!]*"';
const LINE = `(?<line>${SINGLE}|${DOUBLE})$`;

interface Form {
  readonly pattern: RegExp;
  readonly quotes: boolean;
}

function formsFor(shell: LineShell): Form[] {
  const command = SHELL_COMMANDS[shell].replace(/[$"{}:?.*+()[\]\\^|]/g, '\\$&');
  const guarded = `^(?<before>${IS_THERE} && set -- ${PROGRAM} run`;
  const name = `--name (?<name>${WORD})`;
  return [
    { pattern: RegExp(`${guarded} ${name} --; exec "\\$@" ${command} )${LINE}`), quotes: true },
    { pattern: RegExp(`${guarded} --; "\\$@" )(?<line>.*)$`, 's'), quotes: false },
    { pattern: RegExp(`^(?<before>exec ${PROGRAM} run --shell )${LINE}`), quotes: true },
    {
      pattern: RegExp(`^(?<before>exec ${PROGRAM} run ${name} -- ${command} )${LINE}`),
      quotes: true,
    },
    { pattern: RegExp(`^(?<before>${PROGRAM} run -- )(?<line>.*)$`, 's'), quotes: false },
  ];
}

const FORMS: Readonly<Record<LineShell, readonly Form[]>> = {
  sh: formsFor('sh'),
  bash: formsFor('bash'),
  login: formsFor('login'),
};

/** A wrapping that `install` wrote, and the words that it starts HookBus with. */
export interface FoundWrapping extends Wrapping {
  readonly program: readonly string[];
  readonly isGuarded: boolean;
}

/** Finds the wrapping around a line, if it is one that `wrappingOf` makes, whatever line is in it by now. */
export function findWrapping(text: string, shell: LineShell): FoundWrapping | undefined {
  for (const { pattern, quotes } of FORMS[shell]) {
    const { before, program, name, line } = pattern.exec(text)?.groups ?? {};
    if (before === undefined || program === undefined || line === undefined) continue;
    const isGuarded = before.includes(' && set -- ');
    const words = wordsOf(program);
    if (!isOurProgram(words, isGuarded)) continue;
    const quote = !quotes ? 'none' : line.startsWith('"') ? 'double' : 'single';
    const found: FoundWrapping = { before, quote, program: words, isGuarded };
    const own = unwrap(text, found);
    // A name that somebody chose says that somebody wrote the line.
    if (name !== undefined && name !== shellWord(defaultHookName([], own))) continue;
    return found;
  }
  return undefined;
}

/** `install` writes an absolute path where nothing else tells that the line is its own. */
function isOurProgram(program: readonly string[], isGuarded: boolean): boolean {
  if (program.length === 1 && program[0] === 'hookbus') return isGuarded;
  return isAbsoluteProgram(program);
}

/** Whether these words start HookBus by its absolute path, as `install` writes them. */
export function isAbsoluteProgram(words: readonly string[]): boolean {
  const [first = '', script] = words;
  if (script === undefined) return /^\/(?:.*\/)?hookbus(?:\.js)?$/s.test(first);
  return words.length === 2 && first.startsWith('/') && /^\/(?:.*\/)?hookbus\.js$/s.test(script);
}

const wordsOf = (program: string): string[] =>
  (program.match(RegExp(WORD, 'g')) ?? []).map(unquoted);

const unquoted = (word: string): string =>
  word.replace(/'([^']*)'|\\'/g, (_piece, inner: string | undefined) => inner ?? "'");

/** Whether HookBus is in the line already, in whatever way. */
export function mentionsHookbus(line: string): boolean {
  return /(?:^|[\s;&|('"/=])hookbus(?:\.js)?['"]?\s+run(?:\s|$)/.test(line);
}
