/**
 * Words that a shell does not look up as a program: keywords, and builtins that have no program of the same name or
 * behave differently. The list covers sh, bash, zsh and ksh; an extra word only makes a wrapped line longer.
 */
const SHELL_WORDS: ReadonlySet<string> = new Set(
  (
    '. : [ [[ ]] alias autoload bg bind bindkey break builtin caller case cd chdir command compgen complete compopt ' +
    'continue coproc declare dirs disable disown do done echo echotc elif else emulate enable end esac eval exec exit ' +
    'export false fc fg fi float for foreach function functions getln getopts hash help history if in integer jobs ' +
    'kill let limit local log login logout mapfile nameref newgrp nocorrect noglob popd print printf private pushd pwd ' +
    'r read readarray readonly rehash repeat return sched select set setopt setvar shift shopt source suspend test then time ' +
    'times trap true type typeset ulimit umask unalias unfunction unhash unlimit unset unsetopt until vared wait ' +
    'whence where which while zcompile zformat zle zmodload zparseopts zstyle'
  ).split(' '),
);

/** Agents and systems set these variables to an absolute path: however a shell splits it, it begins with a slash. */
const ROOTS =
  'CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_ROOT|CLAUDE_PLUGIN_DATA|GEMINI_PROJECT_DIR|CURSOR_PROJECT_DIR|HOME|PWD';

const PLAIN = String.raw`[\p{L}\p{N}_./+@:,-]`;
const QUOTED_PLAIN = String.raw`[\p{L}\p{N}_./+@:,~ =%-]`;
const VARIABLE = String.raw`\$(?:[A-Za-z]\w*|\{[A-Za-z]\w*\})`;

const EVERY_VARIABLE = new RegExp(VARIABLE, 'g');

/**
 * A command word that means the same as an argument: a path, or a program's name. An expansion must be quoted, so that it
 * stays one word, or must begin with a slash. Tilde and quotes mean the same in both places.
 */
const COMMAND_WORD = new RegExp(
  `^(?:~[A-Za-z0-9_.-]*(?=/)|\\$(?:${ROOTS})(?=/)|\\$\\{(?:${ROOTS})\\}(?=/))?` +
    `(?:${PLAIN}|"(?:${QUOTED_PLAIN}|${VARIABLE})*"|'${QUOTED_PLAIN}*')+$`,
  'u',
);

/** An argument that the shell expands alike in front of either command: it reads no input and counts no processes. */
const ARGUMENT = new RegExp(
  `^(?:[^\\p{Cc}\\s"'\`$\\\\|&;<>()]|\\\\[^\\p{Cc}]|'[^'\\p{Cc}]*'|` +
    `"(?:[^"\`$\\\\\\p{Cc}]|\\\\[^\\p{Cc}]|${VARIABLE})*"|${VARIABLE})+$`,
  'u',
);

/** Parts of a word: an escaped character, a quoted string, or any character that does not end the word. */
const WORD = /(?:\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|[^ \t\\'"])+/gy;

/**
 * Whether a shell runs this line by starting one program, so that a prefix does not change its meaning.
 * False when in doubt: such a line is wrapped as a whole.
 */
export function isSimpleCommand(line: string): boolean {
  const words = splitWords(line);
  const [first, ...rest] = words ?? [];
  if (first === undefined || !COMMAND_WORD.test(first) || first.startsWith('-')) return false;
  const isPath = first.replaceAll(EVERY_VARIABLE, '').includes('/');
  // Without a slash, quotes and expansions could produce any word.
  if (!isPath && (SHELL_WORDS.has(first) || /["'$]/.test(first))) return false;
  return rest.every((word) => !word.startsWith('#') && ARGUMENT.test(word));
}

/** The words as written; undefined if a quote or an escape is still open at the end. */
function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  for (let at = skipBlanks(line, 0); at < line.length; at = skipBlanks(line, at)) {
    WORD.lastIndex = at;
    const word = WORD.exec(line)?.[0];
    if (word === undefined) return undefined;
    words.push(word);
    at += word.length;
  }
  return words;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  return at;
}
