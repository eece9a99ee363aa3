import { baseName, isInterpreter, isScript } from './hook-name.ts';
import { type LineCommand, readLine } from './line-commands.ts';
import { isSimpleCommand } from './shell-line.ts';
import { withoutStarter } from './starters.ts';

/** Programs that only carry data, ask or print. What a line does is done by another. */
const PLUMBING: ReadonlySet<string> = new Set(
  (
    '[ [[ : . [: } fi done esac alias awk base64 basename break builtin cat cd chmod column command continue cp cut date ' +
    'declare dirname echo egrep env eval exec exit export false fgrep find gawk getopts grep hash head hostname id jq kill ln ' +
    'local ls mkdir mktemp mv nl od paste pgrep pkill popd printenv printf ps pushd pwd read readarray readlink realpath ' +
    'return rev rg rm rmdir sed seq set shift shopt sleep sort source stat tac tail tee test touch tr trap true type ' +
    'typeset ulimit umask uname uniq unset wait wc which whoami xargs yes yq'
  ).split(' '),
);

/** Plumbing whose arguments are files, not texts. */
const TAKES_FILES: ReadonlySet<string> = new Set(
  '. source [ test cat tee touch rm cp mv ln head tail wc sort stat mkdir'.split(' '),
);

/** Programs that do what their first argument says. */
const HAS_WORDS: ReadonlySet<string> = new Set(
  (
    'ansible artisan aws az biome brew bun bundle cargo composer conda dart deno direnv docker dotnet flutter gcloud gh git ' +
    'go gradle gradlew hatch helm just kubectl lerna make mise mix mvn mvnw nix npm nx pdm php pip pip3 pnpm podman poetry ' +
    'pre-commit rails rake ruff rush rustup rye sam swift systemctl task terraform tmux tofu turbo uv yarn'
  ).split(' '),
);

/** Words of `git` that only look. */
const GIT_LOOKS: ReadonlySet<string> = new Set(
  'rev-parse symbolic-ref config status diff branch log ls-files show remote describe'.split(' '),
);

/** Between a program and what it does. */
const RUN_WORD = /^(?:run|run-script|exec)$/;

/** Names that many scripts have. */
const COMMON = /^(?:__main__|cli|handler|hook|hooks|index|init|main|mod|run|script|setup|start)$/;

const MAX_NAME = 80;

/** Directories that say nothing of the scripts in them. */
const PLAIN_DIRECTORY = /^(?:\.|~|bin|dist|hooks|lib|scripts|src)/;

/** Where a system keeps its programs. */
const SYSTEM = /^\/(?:usr\/(?:local\/)?|opt\/homebrew\/)?s?bin\//;

/** Names by which a person recognizes a shell line, the best first. Empty if nothing in it names it. */
export function nameIdeas(line: string): string[] {
  const { commands, patterns } = readLine(line);
  const refuses = /\bexit 2\b|"(?:deny|block)\\?"/.test(line);
  return ideasOf(commands, patterns, refuses, isSimpleCommand(line));
}

/** The same for a program with its arguments. */
export function programIdeas(words: readonly string[]): string[] {
  return ideasOf([{ words, writes: [], isInner: false }], [], false, true);
}

function ideasOf(
  all: readonly LineCommand[],
  patterns: readonly string[],
  refuses: boolean,
  isOne: boolean,
): string[] {
  const outer = all.filter(({ isInner }) => !isInner);
  const commands = [...outer, ...all.filter(({ isInner }) => isInner)].map(toDeed);
  const ways: readonly (() => readonly string[])[] = [
    () => programNames(commands),
    () => fileNames(commands),
    () => commands.flatMap(lookNames),
    () => patternNames(commands, patterns, refuses),
    // A line of one program, such as `jq`, is called by it.
    () => (isOne && commands.length === 1 ? commands.map(soleName) : []),
  ];
  for (const way of ways) {
    const names = way().map(toName);
    const ideas = names.filter((name) => /[\p{L}\p{N}]/u.test(name));
    if (ideas.length > 0) return [...new Set(ideas)];
  }
  return [];
}

/** Scripts first. */
function programNames(commands: readonly Deed[]): string[] {
  const scripts = commands.map(scriptNames);
  return [
    ...scripts.flat(),
    ...commands.flatMap((command, at) => (scripts[at]?.length === 0 ? deedNames(command) : [])),
  ];
}

interface Deed extends LineCommand {
  /** The last part of the program's path, in the words without what only starts it. */
  readonly program: string;
}

function toDeed(command: LineCommand): Deed {
  const words = withoutStarter(command.words);
  return { ...command, words, program: (words[0] ?? '').replace(/^.*[/\\]/s, '') };
}

const soleName = ({ program }: Deed): string => (runsScripts(program) ? '' : program);

const runsScripts = (program: string): boolean =>
  isInterpreter(program) || /^(?:powershell|pwsh)(?:\.exe)?$/i.test(program);

/** A label: no white space, no sign that a shell reads. */
export function toName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}._@+-]+/gu, '-').replace(/-{2,}/g, '-');
  return [...plain]
    .slice(0, MAX_NAME)
    .join('')
    .replace(/^[-.@+]+|[-.@+]+$/g, '');
}

/** A file's name without the parts that only the shell knows; undefined if nothing else is in it. */
function knownName(path: string): string | undefined {
  const known = path.replace(/\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|\$\w+/g, UNKNOWN);
  const name = baseName(known).replaceAll(UNKNOWN, '');
  return /[\p{L}\p{N}]/u.test(name) && !/[*?[\]{}\n]/.test(name) ? name : undefined;
}

/** Stands for what only the shell knows. */
const UNKNOWN = '\u0000';

/** The script that a command runs, then others, then the same with its first words. */
function scriptNames({ words, program }: Deed): string[] {
  const at = scriptAt(words, program);
  const path = at === undefined ? '' : (words[at] ?? '');
  const name = knownName(path);
  if (at === undefined || name === undefined) return [];
  const rest = words.slice(at + 1);
  const said = plainWords(rest);
  return [
    ...(COMMON.test(name) ? ofDirectory(path, name) : []),
    name,
    ...rest
      .filter((word) => isScript(word) && !/\s/.test(word))
      .flatMap((word) => knownName(word) ?? []),
    ...said.map((_, index) => [name, ...said.slice(0, index + 1)].join('-')),
  ];
}

/** A script with a common name, by its directory. */
function ofDirectory(path: string, name: string): string[] {
  const parts = path.split('/').slice(0, -1).reverse();
  const part = parts.find((one) => knownName(one) === one && !PLAIN_DIRECTORY.test(one));
  return part === undefined ? [] : [`${part}-${name}`];
}

function scriptAt(words: readonly string[], program: string): number | undefined {
  const [first = '', second = ''] = words;
  if (PLUMBING.has(program)) return undefined;
  if (runsScripts(program)) return scriptArgumentAt(words, program);
  if (SYSTEM.test(first)) return undefined;
  if (first.includes('/') || isScript(first)) return 0;
  // Such as `$UNKNOWN x.sh`.
  return first.startsWith('$') && /[/.]/.test(second) ? 1 : undefined;
}

function scriptArgumentAt(words: readonly string[], program: string): number | undefined {
  const at = words.findIndex((word, index) => index > 0 && !/^-|^run$/.test(word));
  const isCode = CODE_OPTION.test(words[at - 1] ?? '') || words.includes('-');
  if (at < 0 || isCode) return undefined;
  const word = words[at] ?? '';
  return !HAS_WORDS.has(program) || word.includes('/') || isScript(word) ? at : undefined;
}

/** What comes next is code, or the name of a module. */
const CODE_OPTION = /^-(?:[a-z]{0,2}[cem]|p|-eval|-print|[Cc]ommand)$/;

/** The plain words with which arguments begin; what has a value or a path in it is none. */
function plainWords(words: readonly string[]): string[] {
  const end = words.findIndex((word) => !PLAIN_WORD.test(word));
  return words.slice(0, end < 0 ? words.length : end).slice(0, 2);
}

const PLAIN_WORD = /^[A-Za-z][\w:-]{0,23}$/;

/** What a command does: its program, with the word that says what. */
function deedNames({ words, program }: Deed): string[] {
  const isModule = runsScripts(program) && words.includes('-m');
  const deed = isModule ? words.slice(words.indexOf('-m') + 1) : words;
  const name = isModule ? (deed[0] ?? '') : program;
  if (!isDeed(name, isModule) || (name === 'git' && looks(deed))) return [];
  if (name === 'curl' || name === 'wget') return requestNames(name, deed);
  return toolNames(name, deed.slice(1));
}

const isDeed = (name: string, isModule: boolean): boolean =>
  (isModule || HAS_WORDS.has(name) || !runsScripts(name)) &&
  !PLUMBING.has(name) &&
  /^[\w@.:+-]+$/.test(name);

const looks = (words: readonly string[]): boolean =>
  GIT_LOOKS.has(subcommand(words.slice(1)) ?? '');

function toolNames(program: string, rest: readonly string[]): string[] {
  // A package may have its version.
  const name = program.replace(/(?<=.)@.*$/, '');
  const hasWords = HAS_WORDS.has(name);
  const at = hasWords ? subcommandAt(rest) : 0;
  const said = at < 0 ? [] : plainWords(rest.slice(at));
  const longer = said.map((_, index) => [name, ...said.slice(0, index + 1)].join('-'));
  return hasWords && longer.length > 0 ? longer : [name, ...longer];
}

const subcommand = (words: readonly string[]): string | undefined => words[subcommandAt(words)];

/** Of the first plain word; the value of an option such as `-C DIRECTORY` is none. */
function subcommandAt(words: readonly string[]): number {
  return words.findIndex(
    (word, index) =>
      PLAIN_WORD.test(word) &&
      !RUN_WORD.test(word) &&
      !/^-(?:C|-prefix|-dir|-cwd|-project|-filter)$/.test(words[index - 1] ?? ''),
  );
}

/** What git only looks at names a line that does nothing else. */
const lookNames = ({ words, program }: Deed): string[] =>
  program === 'git' && looks(words) ? toolNames(program, words.slice(1)) : [];

/** By the host, or the variable with the address. The path of a URL may be a secret. */
function requestNames(program: string, words: readonly string[]): string[] {
  for (const word of words) {
    const [, host, path] =
      /^https?:\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?(?:\/([a-z][a-z-]{1,20})(?=$|\/))?/.exec(word) ??
      [];
    const [, variable] = /^\$\{?([A-Z][A-Z0-9_]{2,})\}?/.exec(word) ?? [];
    const isLocal = /^(?:localhost|127\.|0\.0\.0\.0)/.test(host ?? '');
    if (host !== undefined) return [`${program}-${(isLocal && path) || host}`];
    if (variable !== undefined)
      return [`${program}-${variable.toLowerCase().replaceAll('_', '-')}`];
  }
  return [program];
}

/** The last file that the line writes, else the last that it names. */
function fileNames(commands: readonly Deed[]): string[] {
  const written = commands.flatMap(({ writes }) => writes);
  const named = commands.flatMap(({ words, program }) => {
    const files = words.slice(1).filter((word) => isFile(word));
    if (TAKES_FILES.has(program)) return [...files, ...asked(words)];
    return runsScripts(program) && !PLUMBING.has(program) ? files : [];
  });
  return [...written.filter((path) => !path.startsWith('/dev/')).reverse(), ...named.reverse()]
    .flatMap(fileName)
    .slice(0, 2);
}

function fileName(path: string): string[] {
  const name = knownName(path);
  // `bash.log` is about a tool or a shell, and a hook called `bash` could be any.
  if (name === undefined) return [];
  if (runsScripts(name)) return path.endsWith(name) ? [] : [path.replace(/^.*[/\\]/s, '')];
  return COMMON.test(name) ? [...ofDirectory(path, name), name] : [name];
}

const isFile = (word: string): boolean =>
  !word.startsWith('-') && !word.startsWith('/dev/') && /\/|.\.[A-Za-z0-9]{1,5}$/.test(word);

/** The file that `test` asks for. */
const asked = (words: readonly string[]): string[] =>
  words.filter((_, index) => /^-[efrswx]$/.test(words[index - 1] ?? ''));

/** What the line looks for, and whether it refuses that. */
function patternNames(
  commands: readonly Deed[],
  patterns: readonly string[],
  refuses: boolean,
): string[] {
  const searched = commands.flatMap(({ words, program }) =>
    /^(?:[ef]?grep|rg)$/.test(program)
      ? (words.slice(1).find((word) => !word.startsWith('-')) ?? [])
      : [],
  );
  return [...searched, ...patterns].flatMap((pattern) => {
    const alternatives = pattern.replace(/\[[^\]]*\]|\\[a-z]/g, ' ').split(/[|()]/);
    const words = alternatives
      .map((text) => text.match(/[A-Za-z][A-Za-z0-9-]+/g) ?? [])
      .find((found) => found.length > 0);
    return words === undefined
      ? []
      : [`${refuses ? 'block' : 'check'}-${words.slice(0, 3).join('-').toLowerCase()}`];
  });
}
