import { type Edit, placeholder } from './edits.ts';
import { isReference, stringAt } from './rules/named.ts';
import { PLURAL_NAMES, PLURAL_WORDS } from './rules/names.ts';
import type { Hits } from './scan.ts';

/** Secrets that a name announces from a distance: lists and objects of secrets, and columns of tables. */
export function structureEdits(text: string, hits: Hits): Edit[] {
  const edits = [
    ...containerEdits(text, hits.at(CONTAINER_WORDS)),
    ...columnEdits(text, hits.at(COLUMN_WORDS)),
  ];
  return edits.sort((a, b) => a.start - b.start);
}

export const CONTAINER_WORDS = PLURAL_WORDS;

const CONTAINER = new RegExp(
  `(?:${PLURAL_NAMES})\\\\*["'][ \\t\\r\\n]*(?::|=>)[ \\t\\r\\n]*([[{])`,
  'iy',
);
const KEY = /[ \t\r\n]*\\*["'][^"'\\]{1,200}\\*["'][ \t\r\n]*:[ \t\r\n]*/y;
const BLANKS = /[ \t\r\n]*/y;
const GAP = /(?:\\*["'])?[ \t\r\n]*,?[ \t\r\n]*/y;
/** Names in schemas and in counts of tokens. */
const IS_SCHEMA =
  /["'](?:\$?ref|type|description|format|title|name|pattern|status|integrity|version|id|kind|href|url|unit|model)\\*["']/;

/** `"tokens":["…"]`, `"apiKeys":{"a":"…"}`: strings that look like secrets. */
function containerEdits(text: string, places: readonly number[]): Edit[] {
  const edits: Edit[] = [];
  let seen = 0;
  for (const place of places) {
    if (place < seen) continue;
    CONTAINER.lastIndex = place;
    const match = CONTAINER.exec(text);
    if (match === null) continue;
    let at = place + match[0].length;
    for (
      let string = itemAt(text, at, match[1]);
      string !== undefined;
      string = itemAt(text, at, match[1])
    ) {
      const content = text.slice(string.start, string.end);
      if (
        !string.isSchema &&
        content.length >= 6 &&
        /\d|[A-Z].*[a-z]|[!@#$%]/.test(content.slice(0, 500)) &&
        !/ /.test(content) &&
        !isReference(content)
      ) {
        edits.push({ start: string.start, end: string.end, text: placeholder('secret-list') });
      }
      GAP.lastIndex = string.end;
      at = string.end + (GAP.exec(text)?.[0].length ?? 0);
    }
    seen = at;
  }
  return edits;
}

function itemAt(text: string, at: number, container: string | undefined) {
  const start = container === '{' ? KEY : BLANKS;
  start.lastIndex = at;
  const key = start.exec(text)?.[0];
  if (key === undefined) return undefined;
  const string = stringAt(text, at + key.length);
  return string && { ...string, isSchema: IS_SCHEMA.test(key) };
}

const BREAK = /\r?\n|(?:\\{1,8}r)?\\{1,8}n/g;
const SECRET_COLUMN =
  /(?:password|passwd|passphrase|secret|token|pwd|passwort|key(?<=(?:api|secret|access|private)[_ -]?key))(?=[ \t"'\\]{0,30}(?:[,;|│\r\n\\]|\xe2|$| {2}))/iy;
export const COLUMN_WORDS = 'password passwd passphrase secret token pwd passwort key'.split(' ');
const DELIMITERS = [/[ \t]*(?:\||│|\xe2\x94\x82)[ \t]*/, /\t|\\{1,8}t/, /,/, /;/, / {2,}/];
const NAME = /^[\w .#-]{0,40}$/;
const IS_SECRET =
  /(?:password|passwd|passphrase|secret|token|api[_ -]?key|pwd|secret[_ -]?key|access[_ -]?key|passwort|private[_ -]?key)$/i;
const RULER = /^[\s|+:=\-─┼├┤│\x80-\xff]*$/;
const MAX_LINE = 600;

/** Tables with a column of secrets: CSV, TSV, Markdown, what psql and kubectl print. */
function columnEdits(text: string, places: readonly number[]): Edit[] {
  const edits: Edit[] = [];
  let seen = 0;
  for (const place of places) {
    if (place < seen) continue;
    SECRET_COLUMN.lastIndex = place;
    const match = SECRET_COLUMN.exec(text);
    if (match === null) continue;
    const header = lineAround(text, place + match[0].length);
    if (header === undefined) continue;
    const column = DELIMITERS.map((delimiter) => columnIn(text, header, delimiter)).find(Boolean);
    seen = column === undefined ? header.end : cellEdits(text, header, column, edits);
  }
  return edits;
}

interface Column {
  readonly delimiter: RegExp;
  readonly at: number;
  readonly of: number;
}

/** Undefined if the line is not a header with this delimiter. */
function columnIn(text: string, { start, end }: Line, delimiter: RegExp): Column | undefined {
  const names = cellsOf(text, start, end, delimiter).map(({ content }) => content);
  const at = names.findIndex((name) => IS_SECRET.test(name));
  const isHeader = at !== -1 && names.every((name) => NAME.test(name));
  return isHeader && names.filter(Boolean).length > 1
    ? { delimiter, at, of: names.length }
    : undefined;
}

/** Adds an edit for each row of a table. @returns the end of its last row */
function cellEdits(
  text: string,
  header: Line,
  { delimiter, at, of }: Column,
  edits: Edit[],
): number {
  let { end } = header;
  let line = lineFrom(text, header.next);
  for (; line !== undefined; line = lineFrom(text, line.next)) {
    const content = text.slice(line.start, line.end);
    if (content !== '' && RULER.test(content)) continue;
    const cells = cellsOf(text, line.start, line.end, delimiter);
    const cell = cells[at];
    if (cells.length !== of || cell === undefined) break;
    end = line.end;
    if (!/^[^ \t"'\\]{3,200}$/.test(cell.content) || isReference(cell.content)) continue;
    const stop = cell.start + cell.content.length;
    edits.push({ start: cell.start, end: stop, text: placeholder('secret-column') });
  }
  return end;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

function lineAround(text: string, at: number): Line | undefined {
  const from = Math.max(0, at - MAX_LINE);
  let start = at - 1;
  while (start > from && !isLineEnd(text, start - 1)) start -= 1;
  return lineFrom(text, start);
}

/** Whether a line ends here, or the string around it. */
function isLineEnd(text: string, at: number): boolean {
  const character = text.charAt(at);
  return '\r\n"\''.includes(character) || (character === 'n' && text.charAt(at - 1) === '\\');
}

/** The line that begins here; undefined at the end of the text and for a line that is too long. */
function lineFrom(text: string, start: number): Line | undefined {
  const part = text.slice(start, start + MAX_LINE);
  BREAK.lastIndex = 0;
  const found = BREAK.exec(part);
  if (part === '' || (found === null && part.length === MAX_LINE)) return undefined;
  const end = start + (found?.index ?? part.length);
  return { start, end, next: found === null ? text.length : end + found[0].length };
}

function cellsOf(text: string, start: number, end: number, delimiter: RegExp) {
  const line = text.slice(start, end);
  const cells: { start: number; content: string }[] = [];
  let at = 0;
  for (const match of line.matchAll(new RegExp(delimiter, 'g'))) {
    cells.push(trimmed(start + at, line.slice(at, match.index)));
    at = match.index + match[0].length;
  }
  cells.push(trimmed(start + at, line.slice(at)));
  return cells;
}

function trimmed(start: number, cell: string) {
  const lead = /^[ \t"'\\]*/.exec(cell)?.[0].length ?? 0;
  return { start: start + lead, content: cell.slice(lead).replace(/[ \t"'\\}\]]+$/, '') };
}
