import { redactText } from '../../redaction/redaction.ts';
import { canBlock } from '../events.ts';
import { isSpace } from '../payload/payload-scan.ts';
import { sha256Hex } from './sha256.ts';

/** Maximum length of a key that is recorded as is, in bytes of UTF-8; a longer key is recorded as its digest. */
const MAX_KEY_BYTES = 256;

/** The result of a finished execution. Only exit codes 0 and 2 are results. */
export interface KeyResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** How an execution with a key ended. It has outputs if a duplicate may need them and all of them were kept. */
export interface KeyedEnd {
  readonly exitCode: number;
  readonly outputs?: Omit<KeyResult, 'exitCode'>;
}

/**
 * What a duplicate does. Each of these repeats a refusal. Otherwise `deny` runs the hook, `skip` exits 0 without output,
 * and `replay` waits for the first execution and repeats its result.
 */
export type OnDuplicate = 'deny' | 'skip' | 'replay';

export const isOnDuplicate = (value: unknown): value is OnDuplicate =>
  value === 'deny' || value === 'skip' || value === 'replay';

/** The facts that a key may contain. */
export interface KeyFacts {
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  /** Start of the execution, in ms since 1970; `{date}` and `{hour}` show it in UTC. */
  readonly createdAtMs: number;
  /** The complete payload. */
  readonly payload?: Uint8Array | undefined;
  /** What runs, and where; undefined if that is not known. */
  readonly guard?: GuardFacts | undefined;
}

/** What distinguishes two hooks with one name. */
export interface GuardFacts {
  readonly argv: readonly string[];
  readonly cwd?: string | undefined;
  /** Identities of the program and of the scripts that it runs, as far as known. */
  readonly files: () => readonly string[];
}

/** A template that can never make a key. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/**
 * The key of an execution. Undefined if a part of it is absent or empty: the execution is then not deduplicated.
 * @param template the value of `--dedupe-key`; undefined for `--dedupe`
 * @throws TemplateError if the template itself is invalid
 */
export function dedupeKey(template: string | undefined, facts: KeyFacts): string | undefined {
  const key = template === undefined ? defaultKey(facts) : fill(template, facts);
  return key === undefined || key === '' ? undefined : guardedKey(key, facts);
}

/** A key as it is recorded; with a digest of what runs if the hook can decide. Undefined if that is not known. */
export function guardedKey(
  key: string,
  facts: Pick<KeyFacts, 'eventType' | 'guard'>,
): string | undefined {
  const parts = guardParts(facts);
  return parts && [recordable(key), ...parts].join(':');
}

function defaultKey(facts: KeyFacts): string | undefined {
  const payload = digestOf(facts);
  const { hookName, eventType, sessionId = '', toolUseId = '' } = facts;
  return payload && [hookName, eventType, sessionId, toolUseId, payload].join(':');
}

/** Events on which no exit code stops anything, but JSON on stdout does. */
const TAKES_DECISION: ReadonlySet<string> = new Set(['PostToolUse', 'PostToolUseFailure']);

/**
 * A digest of what runs, so that two hooks with one name never answer for each other. If the hook can block, an edited
 * file makes it another hook.
 */
function guardParts({
  eventType,
  guard,
}: Pick<KeyFacts, 'eventType' | 'guard'>): string[] | undefined {
  const isGuard = canBlock(eventType);
  if (!isGuard && !TAKES_DECISION.has(eventType)) return [];
  if (guard?.cwd === undefined) return undefined;
  const files = isGuard ? guard.files() : [];
  return [sha256Hex(JSON.stringify([guard.argv, guard.cwd, files])).slice(0, 32)];
}

/** `{name}` is replaced; `{{` and `}}` are braces. */
const PART = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

function fill(template: string, facts: KeyFacts): string | undefined {
  let isComplete = true;
  let parsed: { readonly value: unknown } | undefined;
  const key = template.replace(PART, (part: string, name: string | undefined) => {
    if (part === '{{' || part === '}}') return part.slice(1);
    if (name === undefined)
      throw new TemplateError(`unmatched ${part}; write {{ or }} for a brace`);
    if (!/^[^\s.]+(?:\.[^\s.]+)*$/.test(name)) {
      throw new TemplateError(`{${name}} is neither a known name nor a dotted path`);
    }
    const word = WORDS.get(name);
    if (word === undefined) parsed ??= { value: parse(facts.payload) };
    const value = word === undefined ? textAt(parsed?.value, name.split('.')) : word(facts);
    if (!value) isComplete = false;
    return value ?? '';
  });
  return isComplete ? key : undefined;
}

const WORDS: ReadonlyMap<string, (facts: KeyFacts) => string | undefined> = new Map([
  ['hook_name', ({ hookName }) => hookName],
  ['event', ({ eventType }) => eventType],
  ['tool_name', ({ toolName }) => toolName],
  ['session_id', ({ sessionId }) => sessionId],
  ['tool_use_id', ({ toolUseId }) => toolUseId],
  ['date', ({ createdAtMs }) => new Date(createdAtMs).toISOString().slice(0, 10)],
  ['hour', ({ createdAtMs }) => new Date(createdAtMs).toISOString().slice(0, 13)],
  ['payload', digestOf],
]);

/** The value at a path of the payload: text as is, anything else as compact JSON. */
function textAt(payload: unknown, path: readonly string[]): string | undefined {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Undefined if the payload is not JSON. */
function parse(payload: Uint8Array | undefined): unknown {
  if (payload === undefined) return undefined;
  try {
    // The decoder removes a byte order mark, which Cursor writes on Windows.
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/**
 * The digest of the payload. White space at its end does not count, since it is chance whether it has arrived yet.
 * Undefined if nothing is left: an empty payload identifies nothing.
 */
function digestOf({ payload: bytes = new Uint8Array() }: KeyFacts): string | undefined {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end -= 1;
  return end === 0 ? undefined : sha256Hex(bytes.subarray(0, end));
}

/**
 * The key as it is recorded: readable, unless it is long, holds a secret, or holds half a surrogate pair, which would
 * not survive the way to an engine and back. Then it is a digest: removing only the secret would merge different keys.
 */
export function recordable(key: string): string {
  const bytes = Buffer.from(key);
  // Half a surrogate pair has no bytes in UTF-8.
  if (bytes.toString() !== key) return `sha256:${sha256Hex(Buffer.from(key, 'utf16le'))}`;
  const isShort = bytes.length <= MAX_KEY_BYTES;
  return isShort && redactText(key) === key ? key : `sha256:${sha256Hex(bytes)}`;
}
