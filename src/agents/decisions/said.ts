import type { HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';

/** What a hook wrote to stdout. */
export interface Said {
  readonly kind: 'nothing' | 'text' | 'object' | 'broken';
  /** Without blanks around it. */
  readonly text: string;
  /** The object. If the end is missing, the members that are complete. Empty for the other kinds. */
  readonly fields: Fields;
  /** The object's end is missing here; the agent got it. */
  readonly isCut: boolean;
  /** Of an object whose end is missing: `fields`, and the text that was cut as far as it is here. */
  readonly longest: Fields;
}

const NOTHING: Said = { kind: 'nothing', text: '', fields: {}, isCut: false, longest: {} };

/** Reads stdout as JSON if its first character is `{`, as all agents do. */
export function readStdout({ stdout, isComplete }: HookOutput): Said {
  return stdout.length === 0 ? NOTHING : readText(Buffer.from(stdout).toString(), isComplete);
}

/** Whether it begins with a byte order mark, which some agents do not skip. */
export const isMarked = (stdout: Uint8Array): boolean =>
  stdout[0] === 0xef && stdout[1] === 0xbb && stdout[2] === 0xbf;

export function readText(whole: string, isComplete: boolean): Said {
  const text = whole.trim();
  if (text === '') return NOTHING;
  const said = { ...NOTHING, text };
  if (!text.startsWith('{')) return { ...said, kind: 'text' };
  const fields = parseObject(text);
  if (fields !== undefined) return { ...said, kind: 'object', fields, longest: fields };
  const cut = isComplete ? undefined : readCut(text);
  return cut === undefined ? { ...said, kind: 'broken' } : { ...said, kind: 'object', ...cut };
}

/** A JSON text in a JSON text is read as well; other JSON that is no object says nothing. */
export function unquoted(said: Said): Said {
  if (said.kind !== 'text') return said;
  try {
    const value: unknown = JSON.parse(said.text);
    if (typeof value !== 'string') return readText('', true);
    const inner = readText(value, true);
    return inner.kind === 'object' ? inner : said;
  } catch {
    return said;
  }
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The start of an object, with brackets added at the last place where that makes it whole. Undefined if it is not JSON. */
function readCut(text: string): Pick<Said, 'fields' | 'isCut' | 'longest'> | undefined {
  const scan = scanObject(text);
  // What follows an object makes it no JSON, whatever the rest is.
  if (scan.end !== undefined) return undefined;
  const fields = parseObject(text.slice(0, scan.wholeTo) + closersOf(scan.openers));
  if (fields === undefined) return undefined;
  return { fields, isCut: true, longest: scan.isInText ? (endText(text, scan) ?? fields) : fields };
}

/** Ends the text that was cut; its last characters may be a part of an escape. */
function endText(text: string, { openers }: Scan): Fields | undefined {
  for (let less = 0; less <= MAX_ESCAPE; less += 1) {
    const fields = parseObject(`${text.slice(0, text.length - less)}"${closersOf(openers)}`);
    if (fields !== undefined) return fields;
  }
  return undefined;
}

/** `\uD83` of a pair of escapes. */
const MAX_ESCAPE = 6;

interface Scan {
  /** Where the object ends. */
  readonly end: number | undefined;
  /** What is open at the end of the text. */
  readonly openers: readonly string[];
  readonly isInText: boolean;
  /** Up to here all members are complete. */
  readonly wholeTo: number;
  readonly depth: number;
}

const closersOf = (openers: readonly string[]): string =>
  openers
    .map((opener) => (opener === '{' ? '}' : ']'))
    .reverse()
    .join('');

/** How deep brackets are nested. */
export const depthOf = (text: string): number => scanObject(text).depth;

/** A text, the end of which may be missing, or a character that is no part of a value. */
const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*("|\\?$)|[{}[\],]/g;

function scanObject(text: string): Scan {
  const openers: string[] = [];
  let [isInText, wholeTo, depth] = [false, 0, 0];
  for (const { 0: token, 1: quote, index } of text.matchAll(TOKEN)) {
    if (quote !== undefined) {
      isInText = quote !== '"';
      continue;
    }
    if (token === '{' || token === '[') openers.push(token);
    else if (token !== ',') openers.pop();
    depth = Math.max(depth, openers.length);
    wholeTo = token === ',' ? index : index + 1;
    if (openers.length === 0) return { end: wholeTo, openers, isInText, wholeTo, depth };
  }
  return { end: undefined, openers, isInText, wholeTo, depth };
}

/** Why stdout is no JSON object though it has one. Undefined if it has none. */
export function problemOf(said: Said): string | undefined {
  if (said.kind === 'broken') {
    const { end } = scanObject(said.text);
    const isFollowed = end !== undefined && parseObject(said.text.slice(0, end)) !== undefined;
    return isFollowed ? 'text follows the JSON' : 'stdout begins with { but is not valid JSON';
  }
  if (said.kind !== 'text' || !HAS_ANSWER.test(said.text)) return undefined;
  return said.text.startsWith('[') ? 'stdout is a list' : 'text comes before the JSON';
}

const HAS_ANSWER =
  /[{,]\s*"(?:permissionDecision|decision|permission|behavior|continue|hookSpecificOutput)"\s*:/;

/** A text of the hook for people; undefined if there is none in it. */
export function wordsIn(value: unknown): string | undefined {
  const words = typeof value === 'number' ? String(value) : value;
  return typeof words === 'string' && words.trim() !== '' ? words.trim() : undefined;
}

/** How many characters a text adds, at most `limit`. */
export const charsOf = (value: unknown, limit: number): number =>
  typeof value === 'string' ? Math.min(value.length, limit) : 0;
