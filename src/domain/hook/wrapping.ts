import { GIT_BASH, GIT_BASH_SCRIPT, HAS_DRIVE, startsScript } from './git-bash.ts';
import { defaultHookName } from './hook-name.ts';
import { isSimpleCommand } from './shell-line.ts';
import { shellWord } from './shell-word.ts';

/**
 * The shell that reads a hook's line: `/bin/sh -c`, `bash -c`, one that only the line itself knows, as `$0`, or the bash
 * of Git on Windows.
 */
export type LineShell = 'sh' | 'bash' | 'own' | 'git-bash';

/** How to wrap the lines of one settings file. */
export interface WrapStyle {
  /** Words that start HookBus: `hookbus`, its absolute path, or Node and the path of its script. */
  readonly program: readonly string[];
  readonly shell: LineShell;
  /** The name of the hook; undefined: its default name. */
  readonly name?: string | undefined;
  /** The event, for an agent whose payloads do not name it. */
  readonly event?: string | undefined;
}

/**
 * What stands around a wrapped line: a prefix, and whether the line follows as it was or as one quoted word.
 * This is all that unwrapping needs to restore the original spelling.
 */
export interface Wrapping {
  readonly before: string;
  readonly quote: Quote;
}

type Quote = 'none' | 'single' | 'double';

/** How to start each shell on a quoted line, in shell words. */
const SHELL_COMMANDS: Readonly<Record<LineShell, string>> = {
  sh: '/bin/sh -c',
  bash: 'bash -c',
  own: '"$0" -c',
  'git-bash': GIT_BASH,
};

/**
 * Wraps a hook's line. The result depends on the line and the style alone, so that an agent still sees which hooks are
 * the same. A simple command gets a prefix; any other line becomes one quoted word for its shell. The outer shell then
 * replaces itself (`exec`), so that there is one shell as before, and the line dies when that shell dies.
 */
export function wrappingOf(line: string, { program, shell, name, event }: WrapStyle): Wrapping {
  const usual = defaultHookName([], line);
  // Git Bash would rewrite the arguments of a simple command.
  if (shell !== 'git-bash' && isSimpleCommand(line)) {
    const options = optionsOf(name === usual ? undefined : name, event);
    return { before: `${guard(program, options)}"$@" `, quote: 'none' };
  }
  const quote = /'/.test(line) && !/["$`\\!]/.test(line) ? 'double' : 'single';
  const before = guard(program, optionsOf(name ?? usual, event));
  const command =
    shell === 'git-bash' && startsScript(line) ? GIT_BASH_SCRIPT : SHELL_COMMANDS[shell];
  return { before: `${before}exec "$@" ${command} `, quote };
}

const optionsOf = (name: string | undefined, event: string | undefined): string =>
  (name === undefined ? '' : ` --name ${shellWord(name)}`) +
  (event === undefined ? '' : ` --event ${shellWord(event)}`);

/** Makes `"$@"` the prefix if HookBus can run, and no word at all otherwise. Zsh splits no variable except `"$@"`. */
export function guard(program: readonly string[], options: string): string {
  if (program[0] === SHARED) return SEARCH.replace(' run ', () => ` run${options} `);
  return `set -- ${program.map(shellWord).join(' ')} run${options} --; ${canRun(PARAMETERS.slice(0, program.length))} || set --; `;
}

/** The program name in a settings file that a team shares, instead of a path. */
export const SHARED = 'hookbus';

const isProgram = (word: string): string => `[ -f ${word} ] && [ -x ${word} ] && [ -s ${word} ]`;
const isScript = (word: string): string => `[ -f ${word} ] && [ -r ${word} ] && [ -s ${word} ]`;

/**
 * Checks with shell builtins alone whether the launcher, or Node and the script, can run. A file that is missing, not
 * executable, or empty (as a full disk leaves it) would not run the hook.
 */
const canRun = ([program = '', script]: readonly string[]): string =>
  script === undefined ? isProgram(program) : `${isProgram(program)} && ${isScript(script)}`;

const PARAMETERS = ['"$1"', '"$2"'];

/**
 * The same where PATH has to be searched. `command -v` would also accept an empty file, and reading its answer takes a
 * process. `$1` is the rest of PATH, `$2` the program found there.
 */
const SEARCH =
  `set -- "$PATH:"; while [ "$1" ]; do set -- "\${1#*:}" "\${1%%:*}/hookbus"; ` +
  `${isProgram('"$2"')} && set -- "" "$2" run -- || set -- "$1"; done; shift; `;

/** The same for a program with arguments: a script for `/bin/sh -c`, followed by `hookbus`, the program and its arguments. */
export function programScript(program: readonly string[], name?: string, event?: string): string {
  const options = optionsOf(name, event);
  if (program[0] === SHARED) return PROGRAM_SEARCH.replace(' run ', () => ` run${options} `);
  const words = program.map(shellWord);
  return `${canRun(words)} && set -- ${words.join(' ')} run${options} -- "$@"; exec "$@"`;
}

/** Here the parameters are the program, so the search uses variables. They are not exported, so no hook sees them. */
const PROGRAM_SEARCH =
  `hookbus_path=$PATH:; while [ "$hookbus_path" ]; do hookbus=\${hookbus_path%%:*}/hookbus; ` +
  `hookbus_path=\${hookbus_path#*:}; ${isProgram('"$hookbus"')} && set -- "$hookbus" run -- "$@" && break; done; ` +
  'exec "$@"';

/** What the result of `programScript` was made of; undefined for any other text. */
export function findProgramScript(
  script: string,
): { readonly program: readonly string[]; readonly name: string | undefined } | undefined {
  const { program = SHARED, name, event } = PROGRAM_FORM.exec(script)?.groups ?? {};
  const made = { program: wordsOf(program), name: name === undefined ? undefined : unquoted(name) };
  const own = programScript(made.program, made.name, event && unquoted(event));
  return own === script ? made : undefined;
}

/** Returns the wrapped line. */
export function wrap(line: string, { before, quote }: Wrapping): string {
  if (quote === 'none') return before + line;
  return before + (quote === 'double' ? `"${line}"` : `'${line.replaceAll("'", "'\\''")}'`);
}

/** Returns the line that was wrapped. */
export function unwrap(wrapped: string, { before, quote }: Wrapping): string {
  const rest = wrapped.slice(before.length);
  if (quote === 'none') return rest;
  const inner = rest.slice(1, -1);
  return quote === 'double' ? inner : inner.replaceAll("'\\''", "'");
}

const WORD = String.raw`(?:(?:'[^']*'|\\'|[\w./+@%:,=-])+)`;
export const PROGRAM = `(?<program>${WORD}(?: ${WORD})?)`;
export const NAME = `--name (?<name>${WORD})`;
const EVENT = `(?:--event (?<event>${WORD}) )?`;
const SINGLE = String.raw`'[^']*'(?:\\''[^']*')*`;
const DOUBLE = '"[^"$`\\\\!]*"';
const LINE = `(?<line>${SINGLE}|${DOUBLE})$`;

/** The words in the result of `programScript`, with a path or without. */
const PROGRAM_FORM = RegExp(
  `(?: && set -- ${PROGRAM}| && set -- "\\$hookbus") run(?: ${NAME})? ${EVENT}-- "\\$@"`,
);

const escaped = (text: string): string => text.replace(/[$"{}#%:?.*+()[\]\\^|]/g, '\\$&');

/** What `guard` writes, without and with options. `OLD_GUARD` is the guard of version 0.1.0, which accepts an empty file. */
const [beforeOptions = '', afterOptions = ''] = SEARCH.split(' run ');
const GUARDS: readonly ((name: string) => string)[] = [
  (name) => `${escaped(beforeOptions)} run ${name}${EVENT}${escaped(afterOptions)}`,
  (name) =>
    `set -- ${PROGRAM} run ${name}${EVENT}--; ${escaped(canRun(PARAMETERS.slice(0, 1)))} \\|\\| set --; `,
  (name) =>
    `set -- ${PROGRAM} run ${name}${EVENT}--; ${escaped(canRun(PARAMETERS))} \\|\\| set --; `,
];
const IS_THERE = String.raw`(?:command -v hookbus >/dev/null|\[ -e ${WORD} \])`;
const OLD_GUARD = (name: string): string => `${IS_THERE} && set -- ${PROGRAM} run ${name}--; `;

interface Form {
  readonly pattern: RegExp;
  readonly quotes: boolean;
  readonly isGuarded: boolean;
}

/** How version 0.1.0 started the shell that only the line knows, and how scripts start. */
const OTHER_SHELL_COMMANDS: Readonly<Record<LineShell, readonly string[]>> = {
  sh: [],
  bash: [],
  own: [`"\${SHELL:-/bin/sh}" -c`],
  'git-bash': [GIT_BASH_SCRIPT],
};

function formsFor(shell: LineShell): Form[] {
  const commands = [SHELL_COMMANDS[shell], ...OTHER_SHELL_COMMANDS[shell]].map(escaped);
  const command = `(?:${commands.join('|')})`;
  const form = (before: string, quotes: boolean, isGuarded: boolean): Form => ({
    pattern: RegExp(`^(?<before>${before})${quotes ? LINE : '(?<line>.*)$'}`, quotes ? '' : 's'),
    quotes,
    isGuarded,
  });
  return [
    ...[...GUARDS, OLD_GUARD].flatMap((guarded) => [
      form(`${guarded(`${NAME} `)}exec "\\$@" ${command} `, true, guarded !== OLD_GUARD),
      form(`${guarded(`(?:${NAME} )?`)}"\\$@" `, false, guarded !== OLD_GUARD),
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
  'git-bash': formsFor('git-bash'),
};

/** A wrapping that `install` wrote, and the words that start HookBus in it. */
export interface FoundWrapping extends Wrapping {
  readonly program: readonly string[];
  /** The line runs even if HookBus is missing, not executable or empty. Lines of version 0.1.0 did not always. */
  readonly isGuarded: boolean;
  /** The name in it; undefined: the hook has its default name. */
  readonly name: string | undefined;
}

/** Finds the wrapping around a line if `wrappingOf` makes or made it, whatever line is inside by now. */
export function findWrapping(text: string, shell: LineShell): FoundWrapping | undefined {
  // Whoever takes a settings file from Windows elsewhere can unwrap it there.
  for (const form of [...FORMS[shell], ...FORMS['git-bash']]) {
    const found = findForm(text, form);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findForm(text: string, { pattern, quotes, isGuarded }: Form): FoundWrapping | undefined {
  const { before, program = SHARED, name: given, line } = pattern.exec(text)?.groups ?? {};
  if (before === undefined || line === undefined) return undefined;
  const words = wordsOf(program);
  if (!isOurProgram(words, before)) return undefined;
  const quote = !quotes ? 'none' : line.startsWith('"') ? 'double' : 'single';
  const name = given === undefined ? undefined : unquoted(given);
  // Nobody writes the checks of a guarded line by hand. In another, only a person chooses a name.
  const isChosen =
    name !== undefined && name !== defaultHookName([], unwrap(text, { before, quote }));
  if (isChosen && !isGuarded) return undefined;
  return { before, quote, program: words, isGuarded, name };
}

/** `install` writes an absolute path unless something else shows that the line is its own. */
function isOurProgram(program: readonly string[], before: string): boolean {
  if (program.length === 1 && program[0] === SHARED) return / && set -- /.test(before);
  return isAbsoluteProgram(program);
}

/** Whether these words start HookBus by its absolute path, as `install` writes them. */
export function isAbsoluteProgram(words: readonly string[]): boolean {
  const [first = '', script] = words.map((word) => word.replace(HAS_DRIVE, '/'));
  if (script === undefined) return /^\/(?:.*\/)?hookbus(?:\.js)?$/s.test(first);
  return words.length === 2 && first.startsWith('/') && /^\/(?:.*\/)?hookbus\.js$/s.test(script);
}

export const wordsOf = (program: string): string[] =>
  (program.match(RegExp(WORD, 'g')) ?? []).map(unquoted);

export const unquoted = (word: string): string =>
  word.replace(/'([^']*)'|\\'/g, (_piece, inner: string | undefined) => inner ?? "'");

/** Whether the line already uses HookBus in any form. */
export function mentionsHookbus(line: string): boolean {
  return (
    /(?:^|[\s;&|('"/=])hookbus(?:\.js)?['"]?\s+run(?:\s|$)/.test(line) ||
    line.includes(':*}/hookbus"')
  );
}

/** Whether a line that a person wrote checks that HookBus can run, and has a fallback. */
export const asksForHookbus = (line: string): boolean =>
  /\[ -x .*\[ -s .*(?:"\$@"|\|\||\belse\b)/s.test(line);
