/** A command of a shell line, read well enough to name it: nothing is expanded. */
export interface LineCommand {
  /** Its words without quotes, without what may stand before a command. */
  readonly words: readonly string[];
  /** The files that it redirects to. */
  readonly writes: readonly string[];
  /** It stands in `$(...)` or in backticks. */
  readonly isInner: boolean;
}

/** What a shell line does, and what it looks for with `case` and `[[ … ]]`. */
export interface LineContent {
  readonly commands: readonly LineCommand[];
  readonly patterns: readonly string[];
}

/** A longer line is a script; its beginning names it. */
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 4;

/** Words before a command that are not part of it. */
const BEFORE: ReadonlySet<string> = new Set('! { if then elif else while until do time'.split(' '));
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/s;

const BLANK = /[^\S\n]+|\\\n/y;
const COMMENT = /#[^\n]*/y;
const REDIRECTION = /\d*(?:&>>?|<<<|<<-?|[<>]&|>>|>\||[<>])/y;
const OPERATOR = /;;&?|;&|&&|\|\|?&?|[;&\n()]/y;
const PIECE = /\\[\s\S]|'[^']*'?|[^\s\\'"`$;&|<>()]+|\$(?!\()/y;

interface Reading {
  readonly text: string;
  readonly depth: number;
  at: number;
  readonly commands: LineCommand[];
  /** Commands within the words of the current one. */
  inner: LineCommand[];
  readonly patterns: string[];
  words: string[];
  writes: string[];
  /** The next word is the target of this redirection. */
  redirection: string | undefined;
  /** Lines that end the texts which begin on the next line. */
  readonly endings: string[];
  /** How many `case` are open, and whether a pattern comes next. */
  cases: number;
  isPatternNext: boolean;
  /** Functions that the line defines. */
  readonly functions: Set<string>;
}

/** Reads a shell line. Whatever it has, something comes out; no more is promised. */
export function readLine(line: string, depth = 0): LineContent {
  const reading: Reading = {
    text: line.slice(0, MAX_LENGTH),
    depth,
    at: 0,
    commands: [],
    inner: [],
    patterns: [],
    words: [],
    writes: [],
    redirection: undefined,
    endings: [],
    cases: 0,
    isPatternNext: false,
    functions: new Set(),
  };
  while (reading.at < reading.text.length) step(reading);
  endCommand(reading);
  const { commands, patterns, functions } = reading;
  return {
    commands: commands.filter(({ words: [first = ''] }) => !functions.has(first)),
    patterns,
  };
}

function take(reading: Reading, pattern: RegExp): string | undefined {
  pattern.lastIndex = reading.at;
  const found = pattern.exec(reading.text)?.[0];
  if (found !== undefined) reading.at += found.length;
  return found;
}

function step(reading: Reading): void {
  if (take(reading, BLANK) ?? take(reading, COMMENT)) return;
  if (reading.isPatternNext && readPattern(reading)) return;
  const redirection = take(reading, REDIRECTION);
  if (redirection !== undefined) {
    reading.redirection = redirection.replace(/^\d+/, '');
    return;
  }
  const operator = take(reading, OPERATOR);
  if (operator === undefined) endWord(reading, readWord(reading));
  else separate(reading, operator);
}

/** The alternatives before the parenthesis of a branch of `case`. */
function readPattern(reading: Reading): boolean {
  reading.isPatternNext = false;
  const found = take(reading, /\(?(?:'[^']*'|"[^"]*"|\\.|[^)'"\\;&])*\)/y);
  if (found === undefined) return false;
  reading.patterns.push(found.replace(/^\(|\)$|["']/g, ''));
  return true;
}

function separate(reading: Reading, operator: string): void {
  const { words, text } = reading;
  if (operator === '(' && words.length === 1 && /^\s*\)/.test(text.slice(reading.at))) {
    reading.functions.add(words[0] ?? '');
    reading.words = [];
    reading.at = text.indexOf(')', reading.at) + 1;
    return;
  }
  endCommand(reading);
  reading.redirection = undefined;
  if (operator.startsWith(';;') && reading.cases > 0) reading.isPatternNext = true;
  if (operator === '\n') skipTexts(reading);
}

function skipTexts(reading: Reading): void {
  for (const ending of reading.endings.splice(0)) {
    const lines = reading.text.slice(reading.at).split('\n');
    const end = lines.findIndex((line) => line.replace(/^\t+/, '') === ending);
    const skipped = lines.slice(0, end < 0 ? lines.length : end + 1);
    reading.at = Math.min(reading.at + skipped.join('\n').length, reading.text.length);
  }
}

function readWord(reading: Reading): string {
  const { text } = reading;
  let word = '';
  for (;;) {
    const next = text.charAt(reading.at);
    const piece = next === '"' ? undefined : take(reading, PIECE);
    if (piece !== undefined) {
      word += piece.replace(/^\\(?:\n)?/, '').replace(/^'([^']*)'?$/s, '$1');
    } else if (next === '"') word += readDouble(reading);
    else if (next === '`' || next === '$') word += readInner(reading);
    else if (word !== '' || next === '' || /[\s;&|<>()]/.test(next)) return word;
    else reading.at += 1;
  }
}

function readDouble(reading: Reading): string {
  const end = endOfDouble(reading.text, reading.at + 1);
  const body = reading.text.slice(reading.at + 1, end);
  reading.at = end + 1;
  for (let at = body.indexOf('$('); at >= 0; ) {
    const inner = closing(body, at + 2);
    readCommands(reading, body, at + 2, inner);
    at = body.indexOf('$(', inner);
  }
  return body.replace(/\\([$`"\\\n])/g, '$1');
}

/** `$(...)` or backticks. */
function readInner(reading: Reading): string {
  const { text, at } = reading;
  const isOld = text.charAt(at) === '`';
  const from = at + (isOld ? 1 : 2);
  const found = isOld ? text.indexOf('`', from) : closing(text, from);
  const end = found < 0 ? text.length : found;
  readCommands(reading, text, from, end);
  reading.at = end + 1;
  return text.slice(at, end + 1);
}

function readCommands(reading: Reading, text: string, from: number, end: number): void {
  // Arithmetic runs no command.
  if (reading.depth >= MAX_DEPTH || text.charAt(from) === '(') return;
  const { commands, patterns } = readLine(text.slice(from, end), reading.depth + 1);
  reading.inner.push(...commands.map((command) => ({ ...command, isInner: true })));
  reading.patterns.push(...patterns);
}

/** The place of the quote that ends a text in double quotes. */
function endOfDouble(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at;
    if (character === '\\') at += 1;
    else if (text.startsWith('$(', at)) at = closing(text, at + 2);
  }
  return text.length;
}

/** The place of the parenthesis that closes one which was opened before `from`. */
function closing(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === "'") at = indexOrEnd(text, "'", at + 1);
    else if (character === '"') at = endOfDouble(text, at + 1);
    else if (character === '(') open += 1;
    else if (character === ')') open -= 1;
    if (open === 0) return at;
  }
  return text.length;
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const at = text.indexOf(wanted, from);
  return at < 0 ? text.length : at;
}

function endWord(reading: Reading, word: string): void {
  const { redirection, words } = reading;
  reading.redirection = undefined;
  if (redirection === undefined) {
    words.push(word);
    if (word === '[[') readCondition(reading);
    if (word === 'in' && words.find((other) => !BEFORE.has(other)) === 'case') {
      reading.cases += 1;
      reading.isPatternNext = true;
      endCommand(reading);
    }
    return;
  }
  if (redirection.startsWith('<<') && redirection !== '<<<') reading.endings.push(word);
  else if (redirection.includes('>') && !redirection.endsWith('&')) reading.writes.push(word);
}

/** What stands in `[[ … ]]`, where most signs mean something else. */
function readCondition(reading: Reading): void {
  const found = take(reading, /[\s\S]*?\s\]\](?=[\s;&|)]|$)/y) ?? '';
  const [, pattern] = /(?:=~|[!=]?=)([\s\S]*)\]\]$/.exec(found) ?? [];
  if (pattern !== undefined) reading.patterns.push(pattern.replace(/["']/g, '').trim());
}

function endCommand(reading: Reading): void {
  const { inner, writes } = reading;
  const words = withoutBefore(reading.words);
  reading.words = [];
  reading.inner = [];
  reading.writes = [];
  if (words[0] === 'esac') reading.cases = Math.max(0, reading.cases - 1);
  if (words.length > 0 || writes.length > 0) {
    reading.commands.push(...started(words, reading.depth, writes));
  }
  reading.commands.push(...inner);
}

function withoutBefore(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !BEFORE.has(word) && !ASSIGNMENT.test(word));
  if (first < 0) return [];
  return words[first] === 'for' || words[first] === 'case' ? [] : words.slice(first);
}

/** A shell that gets a line as a word starts what is in that. */
function started(
  words: readonly string[],
  depth: number,
  writes: readonly string[],
): LineCommand[] {
  const line = lineOf(words);
  const own = { words, writes, isInner: false };
  if (line === undefined || depth >= MAX_DEPTH) return [own];
  return [{ ...own, words: [] }, ...readLine(line, depth + 1).commands];
}

function lineOf(words: readonly string[]): string | undefined {
  if (words[0] === 'eval') return words.slice(1).join(' ');
  const at = words.findIndex((word, index) => /^-[a-z]*c$/.test(word) && isShell(words[index - 1]));
  return at < 0 ? undefined : words[at + 1];
}

/** The word before may also be an option of the shell. */
const isShell = (word: string | undefined): boolean =>
  /(?:^|\/)(?:ba|da|z|k)?sh$|^-[a-z]$/.test(word ?? '');
