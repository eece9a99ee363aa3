import { parse } from 'smol-toml';

/** A string in a TOML file, as written. */
interface Token {
  readonly offset: number;
  readonly length: number;
}

/** Where a value stands: `PreToolUse`, 0, `hooks`, 1, `command`. */
type Path = readonly (string | number)[];

const pathKey = (path: Path): string => JSON.stringify(path);

/** A comment, or a string of one of the four kinds; anything else is one character. */
const PIECE =
  /#[^\n]*|"""(?:\\[\s\S]|[^\\])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\s\S]/gy;

const MARK = 'a value that HookBus looks for';

/** The strings that stand behind `command =`, bare or quoted, in the order of the file. */
function commandTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let before = '';
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    const isString = /^["']/.test(piece) && piece.length > 1;
    if (isString && /(?:^|[\s.{,])(?:command|"command"|'command')[ \t]*=[ \t]*$/.test(before))
      tokens.push({ offset: index, length: piece.length });
    if (!piece.startsWith('#')) before = (before + piece).slice(-200);
  }
  return tokens;
}

/**
 * The commands of hooks in a TOML file, each with its string. The parser has no places, so each string is replaced in
 * turn, and what changes is its value; one that cannot be found so is not in the answer.
 */
function tokensByPath(text: string): ReadonlyMap<string, Token> {
  const before = flatten(hooksOf(text));
  const found = new Map<string, Token>();
  for (const token of commandTokens(text)) {
    const changed = changedPaths(before, withToken(text, token, JSON.stringify(MARK)));
    const [path] = changed ?? [];
    if (changed?.length === 1 && path !== undefined) found.set(path, token);
  }
  return found;
}

function changedPaths(before: ReadonlyMap<string, unknown>, text: string): string[] | undefined {
  try {
    const after = flatten(hooksOf(text));
    if (after.size !== before.size) return undefined;
    return [...after].filter(([path, value]) => before.get(path) !== value).map(([path]) => path);
  } catch {
    // It was no value, such as a part of a longer string.
    return undefined;
  }
}

const withToken = (text: string, { offset, length }: Token, content: string): string =>
  text.slice(0, offset) + content + text.slice(offset + length);

const hooksOf = (text: string): unknown => parse(text)['hooks'];

/** Each plain value with its path. */
function flatten(value: unknown, path: Path = []): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Date)
    return new Map([[pathKey(path), String(value)]]);
  const members = Array.isArray(value)
    ? value.map((item, at) => [at, item] as const)
    : Object.entries(value);
  return new Map(members.flatMap(([name, member]) => [...flatten(member, [...path, name])]));
}

/** A new command for the hook at a path, and how it is to be spelled; undefined: as a string with escapes. */
export interface TomlEdit {
  readonly path: Path;
  readonly value: string;
  readonly spelling?: string | undefined;
}

/**
 * Replaces commands of hooks in a TOML file, and nothing else.
 * @returns undefined if that is not certain; else the text, and how each command was spelled before
 */
export function editToml(
  text: string,
  edits: readonly TomlEdit[],
): { readonly text: string; readonly spellings: ReadonlyMap<TomlEdit, string> } | undefined {
  const tokens = tokensByPath(text);
  const spellings = new Map<TomlEdit, string>();
  const placed: (Token & { readonly content: string })[] = [];
  for (const edit of edits) {
    const token = tokens.get(pathKey(edit.path));
    if (token === undefined) return undefined;
    spellings.set(edit, text.slice(token.offset, token.offset + token.length));
    placed.push({ ...token, content: spell(edit) });
  }
  const after = [...placed]
    .sort((a, b) => b.offset - a.offset)
    .reduce((current, token) => withToken(current, token, token.content), text);
  return isAsWanted(text, after, edits) ? { text: after, spellings } : undefined;
}

function spell({ value, spelling }: TomlEdit): string {
  if (spelling !== undefined && meaningOf(spelling) === value) return spelling;
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}

/** What a string means; undefined if it is none. */
function meaningOf(spelling: string): unknown {
  try {
    return parse(`a = ${spelling}\n`)['a'];
  } catch {
    return undefined;
  }
}

function isAsWanted(before: string, after: string, edits: readonly TomlEdit[]): boolean {
  try {
    const wanted = flatten(parse(before));
    for (const { path, value } of edits) wanted.set(pathKey(['hooks', ...path]), value);
    const found = flatten(parse(after));
    return (
      found.size === wanted.size &&
      [...wanted].every(([path, value]) => found.has(path) && found.get(path) === value)
    );
  } catch {
    return false;
  }
}
