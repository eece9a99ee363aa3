/** What an agent sees in a shell command when it checks a permission rule. */
export interface ShellCommands {
  /**
   * Each command: its words without quotes, joined by blanks, without assignments and redirections; `$(...)` and
   * backticks count as commands too.
   */
  readonly commands: readonly string[];
  /** A word is the result of a command or a variable, so that it is only known when the shell runs. */
  readonly hasExpansion: boolean;
  /** It has something that HookBus does not read. */
  readonly isComplex: boolean;
}

interface Reading {
  readonly text: string;
  at: number;
  readonly commands: string[];
  words: string[];
  /** The word being read; undefined between words. */
  word: string | undefined;
  /** The word has a part that is only known when the shell runs. */
  isWordExpanded: boolean;
  /** The next word is the target of a redirection. */
  skipsWord: boolean;
  /** Variables with a value that the command itself gives them. */
  readonly assigned: Set<string>;
  /** How many parentheses are open. */
  open: number;
  /** The lines that end the texts which begin on the next line. */
  readonly endings: string[];
  hasExpansion: boolean;
  isComplex: boolean;
}

/** Stands for the value of a variable, which no rule can name. */
const UNKNOWN = '\ufffd';

const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=/;

const MAX_LENGTH = 10_000;
const MAX_DEPTH = 8;

/** Words before a command that are not part of it. */
const BEFORE = new Set(['!', 'if', 'then', 'elif', 'else', 'while', 'until', 'do']);
/** Words that end a compound command. */
const CLOSING = new Set(['fi', 'done']);
/** Compound commands that HookBus does not read. */
const COMPLEX = new Set(['case', 'function', 'select', 'coproc', '{']);

/** Splits a command of a Bash tool into the commands that the shell would run. */
export function readShellCommands(text: string, depth = 0): ShellCommands {
  const reading: Reading = {
    text,
    at: 0,
    commands: [],
    words: [],
    word: undefined,
    isWordExpanded: false,
    skipsWord: false,
    assigned: new Set(),
    open: 0,
    endings: [],
    hasExpansion: false,
    isComplex: text.length > MAX_LENGTH || depth > MAX_DEPTH,
  };
  while (reading.at < text.length && !reading.isComplex) step(reading, depth);
  endCommand(reading);
  const { commands, hasExpansion, isComplex, open } = reading;
  return { commands, hasExpansion, isComplex: isComplex || open !== 0 };
}

/** What to do with the text that comes next; the first pattern that matches counts. */
const STEPS: readonly (readonly [RegExp, (reading: Reading, depth: number) => void])[] = [
  [/^\\\n/, (reading) => skip(reading, 2)],
  [/^\\/, (reading) => addEscaped(reading)],
  [/^'/, (reading) => addSingleQuoted(reading)],
  [/^"/, (reading, depth) => addDoubleQuoted(reading, depth)],
  [/^(?:`|\$\()/, (reading, depth) => addSubstitution(reading, depth)],
  [/^\$/, (reading) => addVariable(reading)],
  [/^(?:[<>]|&>)/, (reading) => redirect(reading)],
  [/^[;&|\n()]/, (reading) => separate(reading)],
  [/^\s/, (reading) => skipBlank(reading)],
];

const BRACES = /^\{[^\s}]*(?:,|\.\.)/;

function skip(reading: Reading, length: number): void {
  reading.at += length;
}

function skipBlank(reading: Reading): void {
  endWord(reading);
  reading.at += 1;
}

function step(reading: Reading, depth: number): void {
  const { text, at } = reading;
  const rest = text.slice(at, at + 2);
  if (rest.startsWith('#') && reading.word === undefined) {
    skipComment(reading);
    return;
  }
  const [, act] = STEPS.find(([pattern]) => pattern.test(rest)) ?? [];
  if (act !== undefined) {
    act(reading, depth);
    return;
  }
  // A word such as {a,b} becomes several.
  if (rest.startsWith('{') && BRACES.test(text.slice(at))) reading.isComplex = true;
  add(reading, rest.charAt(0), 1);
}

function add(reading: Reading, text: string, length: number): void {
  reading.word = (reading.word ?? '') + text;
  reading.at += length;
}

const addEscaped = (reading: Reading): void => add(reading, reading.text.charAt(reading.at + 1), 2);

function addSingleQuoted(reading: Reading): void {
  const found = reading.text.indexOf("'", reading.at + 1);
  const end = found < 0 ? reading.text.length : found;
  add(reading, reading.text.slice(reading.at + 1, end), end + 1 - reading.at);
}

function addDoubleQuoted(reading: Reading, depth: number): void {
  add(reading, '', 1);
  while (!reading.isComplex && /^[^"]/s.test(reading.text.slice(reading.at, reading.at + 1))) {
    const rest = reading.text.slice(reading.at, reading.at + 3);
    if (/^(?:`|\$\()/.test(rest)) addSubstitution(reading, depth);
    else if (/^\$[\w{@*#?$!-]/.test(rest)) reading.isComplex = true;
    else if (/^\\[$`"\\\n]/.test(rest)) addEscaped(reading);
    else add(reading, rest.charAt(0), 1);
  }
  reading.at += 1;
}

/** Reads the commands in `$(...)` or backticks; their output is a word that nobody knows yet. */
function addSubstitution(reading: Reading, depth: number): void {
  const { text, at } = reading;
  const isOld = text.charAt(at) === '`';
  const end = isOld ? text.indexOf('`', at + 1) : closingParenthesis(text, at + 2);
  if (end < 0) {
    reading.isComplex = true;
    return;
  }
  // Arithmetic runs no command.
  if (!text.startsWith('$((', at)) {
    const inner = readShellCommands(text.slice(at + (isOld ? 1 : 2), end), depth + 1);
    reading.commands.push(...inner.commands);
    reading.isWordExpanded = true;
    reading.isComplex ||= inner.isComplex;
  }
  add(reading, text.slice(at, end + 1), end + 1 - at);
}

/** The place of the parenthesis that closes one which was opened before `from`; -1 if there is none. */
function closingParenthesis(text: string, from: number): number {
  let open = 1;
  for (const { 0: piece, index } of text
    .slice(from)
    .matchAll(/\\.|'[^']*'|"(?:[^"\\]|\\.)*"|[()]/gs)) {
    if (piece === '(') open += 1;
    if (piece === ')') open -= 1;
    if (open === 0) return from + index;
  }
  return -1;
}

function addVariable(reading: Reading): void {
  const [name = ''] = /^\$\w+/.exec(reading.text.slice(reading.at)) ?? [];
  if (name === '') {
    // ${...}, $'...', $@ and the like; a lone dollar is a character.
    if (/^\$[{'"@*#?$!-]/.test(reading.text.slice(reading.at))) reading.isComplex = true;
    add(reading, '$', 1);
    return;
  }
  const { assigned } = reading;
  // A loop gives its variable several values.
  if (assigned.has('')) reading.isComplex = true;
  if (name !== '$HOME' && !assigned.has(name.slice(1))) reading.isWordExpanded = true;
  add(reading, UNKNOWN, name.length);
}

function skipComment(reading: Reading): void {
  const end = reading.text.indexOf('\n', reading.at);
  reading.at = end < 0 ? reading.text.length : end;
}

function redirect(reading: Reading): void {
  const [sign = ''] =
    /^(?:&>>?|<<<|<<-?|<[&>(]?|>[>&|(]?)/.exec(reading.text.slice(reading.at)) ?? [];
  // Text on the next lines: the shell expands nothing in it if its ending is quoted.
  const [, , ending] = /^<<(['"])(\w+)\1/.exec(reading.text.slice(reading.at)) ?? [];
  if (ending !== undefined) reading.endings.push(ending);
  // `>(` and `<(` are commands.
  else if (/^(?:<<-?|[<>]\()$/.test(sign)) reading.isComplex = true;
  // A number before the sign is a descriptor.
  if (/^\d+$/.test(reading.word ?? '')) reading.word = undefined;
  endWord(reading);
  reading.skipsWord = true;
  reading.at += Math.max(sign.length, 1);
}

function separate(reading: Reading): void {
  const character = reading.text.charAt(reading.at);
  // A parenthesis in a word makes a function, a list, or an error.
  const isInCommand = reading.word !== undefined || reading.words.length > 0;
  if (character === '(' && isInCommand) reading.isComplex = true;
  if (character === '(') reading.open += 1;
  if (character === ')') reading.open -= 1;
  if (reading.open < 0) reading.isComplex = true;
  endCommand(reading);
  reading.at += 1;
  if (character === '\n') skipTexts(reading);
}

function skipTexts(reading: Reading): void {
  for (const ending of reading.endings.splice(0)) {
    const rest = reading.text.slice(reading.at);
    const end = new RegExp(`^${ending}$`, 'm').exec(rest);
    reading.at += end === null ? rest.length : end.index + ending.length;
  }
}

function endWord(reading: Reading): void {
  const { word, words } = reading;
  if (word !== undefined && !reading.skipsWord) {
    const isFirst = words.every((other) => BEFORE.has(other) || ASSIGNMENT.test(other));
    const isUnknown = reading.isWordExpanded && !ASSIGNMENT.test(word);
    if (isFirst && (COMPLEX.has(word) || isUnknown)) reading.isComplex = true;
    words.push(word);
    const isAssignment = ASSIGNMENT.test(word) && words.every((other) => ASSIGNMENT.test(other));
    reading.hasExpansion ||= reading.isWordExpanded && !isAssignment;
  }
  if (word !== undefined) reading.skipsWord = false;
  reading.word = undefined;
  reading.isWordExpanded = false;
}

function endCommand(reading: Reading): void {
  endWord(reading);
  reading.skipsWord = false;
  const words = reading.words;
  reading.words = [];
  if (words[0] === 'for') {
    reading.assigned.add('');
    return;
  }
  if (words.every((word) => ASSIGNMENT.test(word))) {
    for (const word of words) reading.assigned.add(ASSIGNMENT.exec(word)?.[1] ?? '');
  }
  while (BEFORE.has(words[0] ?? '') || ASSIGNMENT.test(words[0] ?? '')) words.shift();
  if (words[0] === undefined || CLOSING.has(words[0])) return;
  reading.commands.push(words.join(' '));
  // Without options, xargs runs just what follows.
  if (words[0] === 'xargs' && words[1] !== undefined && !words[1].startsWith('-')) {
    reading.commands.push(words.slice(1).join(' '));
  }
}
