import { defaultHookName } from './hook-name.ts';
import { isSimpleCommand, shellWord } from './shell-line.ts';

/** Which shell reads a hook's line: `/bin/sh -c`, `bash -c`, or one that only the line itself knows, as `$0`. */
export type LineShell = 'sh' | 'bash' | 'own';

/** How lines of one settings file are to be wrapped. */
export interface WrapStyle {
  /** Words that start HookBus: `hookbus`, its absolute path, or Node and the path of its script. */
  readonly program: readonly string[];
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
  own: '"$0" -c',
};

/**
 * Wraps a hook's line; a function of the line and the style alone, so that an agent still sees which hooks are the same.
 * A simple command gets a prefix, any other becomes one word for the shell it was for. The outer shell then makes way
 * (`exec`), so that there is one shell as before, and its death is the death of the line.
 */
export function wrappingOf(line: string, { program, shell }: WrapStyle): Wrapping {
  if (isSimpleCommand(line)) return { before: `${guard(program, '')}"$@" `, quote: 'none' };
  const quote = /'/.test(line) && !/["$`\\!]/.test(line) ? 'double' : 'single';
  const name = ` --name ${shellWord(defaultHookName([], line))}`;
  return { before: `${guard(program, name)}exec "$@" ${SHELL_COMMANDS[shell]} `, quote };
}

/** Makes `"$@"` the prefix where HookBus is and can run, and no word at all elsewhere. Zsh splits no variable, but this. */
function guard(program: readonly string[], name: string): string {
  if (program[0] === SHARED) return SEARCH.replace(' run ', () => ` run${name} `);
  return `set -- ${program.map(shellWord).join(' ')} run${name} --; ${canRun(PARAMETERS.slice(0, program.length))} || set --; `;
}

/** What a shared file says instead of a path. */
export const SHARED = 'hookbus';

const isProgram = (word: string): string => `[ -f ${word} ] && [ -x ${word} ] && [ -s ${word} ]`;
const isScript = (word: string): string => `[ -f ${word} ] && [ -r ${word} ] && [ -s ${word} ]`;

/**
 * Whether the launcher, or Node and the script, can be run, by builtins of the shell alone: what is missing, not
 * executable, or empty (as a full disk leaves it) would not run the hook.
 */
const canRun = ([program = '', script]: readonly string[]): string =>
  script === undefined ? isProgram(program) : `${isProgram(program)} && ${isScript(script)}`;

const PARAMETERS = ['"$1"', '"$2"'];

/**
 * The same where PATH has to be searched. `command -v` would name a file that is empty too, and its answer takes a
 * process to read. `$1` is what is left of PATH, `$2` what was found there.
 */
const SEARCH =
  `set -- "$PATH:"; while [ "$1" ]; do set -- "\${1#*:}" "\${1%%:*}/hookbus"; ` +
  `${isProgram('"$2"')} && set -- "" "$2" run -- || set -- "$1"; done; shift; `;

/** The same for a program with arguments: a script for `/bin/sh -c`, which has `hookbus` and them behind it. */
export function programScript(program: readonly string[]): string {
  if (program[0] === SHARED) return PROGRAM_SEARCH;
  const words = program.map(shellWord);
  return `${canRun(words)} && set -- ${words.join(' ')} run -- "$@"; exec "$@"`;
}

/** Here the parameters are the program, so PATH is searched with variables, which no hook sees. */
const PROGRAM_SEARCH =
  `hookbus_path=$PATH:; while [ "$hookbus_path" ]; do hookbus=\${hookbus_path%%:*}/hookbus; ` +
  `hookbus_path=\${hookbus_path#*:}; ${isProgram('"$hookbus"')} && set -- "$hookbus" run -- "$@" && break; done; ` +
  'exec "$@"';

/** The words that start HookBus in what `programScript` made; undefined for any other text. */
export function programOfScript(script: string): readonly string[] | undefined {
  if (script === PROGRAM_SEARCH) return [SHARED];
  const found = RegExp(` && set -- ${PROGRAM} run -- "\\$@"; exec "\\$@"$`).exec(script);
  const program = wordsOf(found?.groups?.['program'] ?? '');
  return program.length > 0 && programScript(program) === script ? program : undefined;
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
const NAME = `--name (?<name>${WORD})`;
const SINGLE = String.raw`'[^']*'(?:\\''[^']*')*`;
const DOUBLE = '"[^"$`\\\\!]*"';
const LINE = `(?<line>${SINGLE}|${DOUBLE})$`;

const escaped = (text: string): string => text.replace(/[$"{}#%:?.*+()[\]\\^|]/g, '\\$&');

/** The guards that `guard` makes, before a name and with one, and those of version 0.1.0, which an empty file passes. */
const [beforeName = '', behindName = ''] = SEARCH.split(' run ');
const GUARDS: readonly ((name: string) => string)[] = [
  (name) => `${escaped(beforeName)} run ${name}${escaped(behindName)}`,
  (name) =>
    `set -- ${PROGRAM} run ${name}--; ${escaped(canRun(PARAMETERS.slice(0, 1)))} \\|\\| set --; `,
  (name) => `set -- ${PROGRAM} run ${name}--; ${escaped(canRun(PARAMETERS))} \\|\\| set --; `,
];
const IS_THERE = String.raw`(?:command -v hookbus >/dev/null|\[ -e ${WORD} \])`;
const OLD_GUARD = (name: string): string => `${IS_THERE} && set -- ${PROGRAM} run ${name}--; `;

interface Form {
  readonly pattern: RegExp;
  readonly quotes: boolean;
  readonly isGuarded: boolean;
}

/** The form that a shell of one's own had in version 0.1.0. */
const OLD_SHELL_COMMANDS: Readonly<Record<LineShell, readonly string[]>> = {
  sh: [],
  bash: [],
  own: [`"\${SHELL:-/bin/sh}" -c`],
};

function formsFor(shell: LineShell): Form[] {
  const commands = [SHELL_COMMANDS[shell], ...OLD_SHELL_COMMANDS[shell]].map(escaped);
  const command = `(?:${commands.join('|')})`;
  const form = (before: string, quotes: boolean, isGuarded: boolean): Form => ({
    pattern: RegExp(`^(?<before>${before})${quotes ? LINE : '(?<line>.*)$'}`, quotes ? '' : 's'),
    quotes,
    isGuarded,
  });
  return [
    ...[...GUARDS, OLD_GUARD].flatMap((guarded) => [
      form(`${guarded(`${NAME} `)}exec "\\$@" ${command} `, true, guarded !== OLD_GUARD),
      form(`${guarded('')}"\\$@" `, false, guarded !== OLD_GUARD),
    ]),
    form(`exec ${PROGRAM} run --shell `, true, false),
    form(`exec ${PROGRAM} run ${NAME} -- ${command} `, true, false),
    form(`${PROGRAM} run -- `, false, false),
  ];
}

const FORMS: Readonly<Record<LineShell, readonly Form[]>> = {
  sh: formsFor('sh'),
  bash: formsFor('bash'),
  own: formsFor('own'),
};

/** A wrapping that `install` wrote, and the words that it starts HookBus with. */
export interface FoundWrapping extends Wrapping {
  readonly program: readonly string[];
  /** The line runs where HookBus is missing, not executable or empty. Those of version 0.1.0 did not, or not always. */
  readonly isGuarded: boolean;
}

/** Finds the wrapping around a line, if it is one that `wrappingOf` makes or made, whatever line is in it by now. */
export function findWrapping(text: string, shell: LineShell): FoundWrapping | undefined {
  for (const { pattern, quotes, isGuarded } of FORMS[shell]) {
    const { before, program = SHARED, name, line } = pattern.exec(text)?.groups ?? {};
    if (before === undefined || line === undefined) continue;
    const words = wordsOf(program);
    if (!isOurProgram(words, before)) continue;
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
function isOurProgram(program: readonly string[], before: string): boolean {
  if (program.length === 1 && program[0] === SHARED) return / && set -- /.test(before);
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
  return (
    /(?:^|[\s;&|('"/=])hookbus(?:\.js)?['"]?\s+run(?:\s|$)/.test(line) ||
    line.includes(':*}/hookbus"')
  );
}

/** Whether a line that a person wrote asks first if HookBus can be run, and has another way where it cannot. */
export const asksForHookbus = (line: string): boolean =>
  /\[ -x .*\[ -s .*(?:"\$@"|\|\||\belse\b)/s.test(line);
