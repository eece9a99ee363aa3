/** Programs that run a script named in their arguments. Users call the hook by the script's name. */
const INTERPRETERS: ReadonlySet<string> = new Set(
  (
    'env sh bash dash zsh ksh fish node nodejs bun deno tsx ts-node npx bunx uv uvx run exec poetry pipx ' +
    'ruby perl php Rscript pwsh java time nice nohup timeout sudo command cd'
  ).split(' '),
);
const INTERPRETER_PREFIXES = ['python', 'pypy'];

/** A word with one of these extensions is a script, wherever it stands in a shell line. */
const SCRIPT_ENDINGS: ReadonlySet<string> = new Set(
  'sh bash zsh py js mjs cjs ts mts cts rb pl php ps1 lua R exe'.split(' '),
);

/** The value of these options is code or a module, not a script. */
const CODE_OPTIONS: ReadonlySet<string> = new Set(['-c', '-e', '--eval', '-command', '-m']);

/** Maximum length of a default name, in UTF-16 units: it is a label, not a copy of the command. */
const MAX_NAME = 80;

/**
 * The default `--name`: the base name, without extension, of the script that the command runs
 * (`python3 x/guard_rm.py` gives `guard_rm`). It depends on nothing but the command, or the words of the shell line.
 */
export function defaultHookName(argv: readonly string[], shellLine?: string): string {
  const name = baseName(scriptOf(argv, shellLine)).slice(0, MAX_NAME);
  // As it is on record: half a surrogate pair, where that was cut, becomes U+FFFD.
  return Buffer.from(name).toString() || 'hook';
}

/** The word that names the script, as the command has it; the program if there is no script. */
export function scriptOf(argv: readonly string[], shellLine?: string): string {
  const words = shellLine === undefined ? argv : splitWords(shellLine);
  const isName = (word: string, index: number): boolean =>
    isCandidate(word) && !CODE_OPTIONS.has(words[index - 1] ?? '');
  return (
    words.find((word, index) => isName(word, index) && isScript(word)) ??
    words.find((word, index) => isName(word, index) && !isInterpreter(baseName(word))) ??
    words[0] ??
    ''
  );
}

/**
 * The words of a command that may be paths of what it runs: scripts by their extension, and all others in order.
 * The line of a shell's `-c LINE` counts word by word.
 */
export function pathWords(argv: readonly string[]): { scripts: string[]; others: string[] } {
  const isLine = (word: string | undefined): boolean => /^-[a-z]*c$/.test(word ?? '');
  const words = argv.flatMap((word, index) => {
    if (isLine(argv[index - 1])) return splitWords(word);
    return isCandidate(word) ? word : [];
  });
  const candidates = words.filter(isCandidate);
  return {
    scripts: candidates.filter(isScript),
    others: candidates.filter((word) => !isScript(word) && !isInterpreter(baseName(word))),
  };
}

/** Whether a word ends as scripts do. */
export const isScript = (word: string): boolean => SCRIPT_ENDINGS.has(ending(word));

function isCandidate(word: string): boolean {
  return word !== '' && !word.startsWith('-') && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word);
}

export function isInterpreter(name: string): boolean {
  return INTERPRETERS.has(name) || INTERPRETER_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function lastPart(word: string): string {
  return (
    word
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? ''
  );
}

/** The one to five letters or digits after the last dot. A leading dot begins a name, not an extension. */
function ending(word: string): string {
  return /^.+\.([A-Za-z0-9]{1,5})$/s.exec(lastPart(word))?.[1] ?? '';
}

/** The last part of a path, without the extension of a file. */
export function baseName(word: string): string {
  const end = ending(word);
  const part = lastPart(word);
  return end === '' ? part : part.slice(0, -end.length - 1);
}

/** Splits a shell line well enough to find a script's path: removes quotes, expands nothing. */
export function splitWords(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"';|&<>()])+/g) ?? [];
  return words.map((word) => word.replace(/["']/g, ''));
}
