import { createHash } from 'node:crypto';
import { redactText } from '../../redaction/redaction.ts';
import { canBlock } from '../events.ts';

/** Longest key that is recorded as it is, in bytes of UTF-8; a longer one is recorded by its digest. */
const MAX_KEY_BYTES = 256;

/** What a finished execution gave: only exit 0 and 2 are results. */
export interface KeyResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** How an execution that has a key ended: the outputs are there where a duplicate may want them and all were kept. */
export interface KeyedEnd {
  readonly exitCode: number;
  readonly outputs?: Omit<KeyResult, 'exitCode'>;
}

/**
 * What a duplicate does. Each gives a refusal once more. Of anything else `deny` runs, `skip` exits 0 without output, and
 * `replay` waits for the first one and gives its result.
 */
export type OnDuplicate = 'deny' | 'skip' | 'replay';

export const isOnDuplicate = (value: unknown): value is OnDuplicate =>
  value === 'deny' || value === 'skip' || value === 'replay';

/** What a key is made of. */
export interface KeyFacts {
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  /** When the execution began, in ms since 1970; `{date}` and `{hour}` are of it, in UTC. */
  readonly createdAtMs: number;
  /** All of it. */
  readonly payload?: Uint8Array | undefined;
  /** What runs, and where. Undefined where that is not known. */
  readonly guard?: GuardFacts | undefined;
}

/** What makes two hooks of one name different. */
export interface GuardFacts {
  readonly argv: readonly string[];
  readonly cwd?: string | undefined;
  /** Identities of the program and of the scripts that it runs, as far as they are known. */
  readonly files: () => readonly string[];
}

/** A template that can never make a key. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/**
 * The key of an execution. Undefined where a part of it is absent or empty: it is then not deduplicated.
 * @param template of `--dedupe-key`; undefined for `--dedupe`
 * @throws TemplateError when the template itself makes no sense
 */
export function dedupeKey(template: string | undefined, facts: KeyFacts): string | undefined {
  const key = template === undefined ? defaultKey(facts) : fill(template, facts);
  return key === undefined || key === '' ? undefined : guardedKey(key, facts);
}

/** A key as it is recorded; where a hook decides, with what runs. Undefined where nobody knows what runs. */
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
 * A digest of what runs: two hooks that decide never answer for each other, though both have one name. Where a hook can
 * block, an edited file is another hook.
 */
function guardParts({
  eventType,
  guard,
}: Pick<KeyFacts, 'eventType' | 'guard'>): string[] | undefined {
  const isGuard = canBlock(eventType);
  if (!isGuard && !TAKES_DECISION.has(eventType)) return [];
  if (guard?.cwd === undefined) return undefined;
  const files = isGuard ? guard.files() : [];
  return [sha256(Buffer.from(JSON.stringify([guard.argv, guard.cwd, files]))).slice(0, 32)];
}

/** `{name}` is replaced; `{{` and `}}` are braces. */
const PART = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

function fill(template: string, facts: KeyFacts): string | undefined {
  let isComplete = true;
  let parsed: { readonly value: unknown } | undefined;
  const key = template.replace(PART, (part: string, name: string | undefined) => {
    if (part === '{{' || part === '}}') return part.slice(1);
    if (name === undefined) throw new TemplateError(`a ${part} without its other half`);
    if (!/^[^\s.]+(?:\.[^\s.]+)*$/.test(name)) {
      throw new TemplateError(`expected a word or a dotted path, got {${name}}`);
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

/** What stands at a path of the payload: a text as it is, anything else as compact JSON. */
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

/** Undefined for what is no JSON. */
function parse(payload: Uint8Array | undefined): unknown {
  if (payload === undefined) return undefined;
  try {
    // The decoder takes a byte order mark off, which Cursor puts in front on Windows.
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/**
 * The digest of the payload. White space at its end does not count: whether it has come yet is chance. Undefined where
 * nothing is left, which says nothing of what is to be done.
 */
function digestOf({ payload: bytes = new Uint8Array() }: KeyFacts): string | undefined {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end -= 1;
  return end === 0 ? undefined : sha256(bytes.subarray(0, end));
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The key as it is recorded: readable, unless it is long, holds a secret, or half a character, which would not come
 * through to an engine and back. Taking the secret out alone would make one key of two.
 */
export function recordable(key: string): string {
  const bytes = Buffer.from(key);
  // A half of a surrogate pair has no bytes of its own.
  if (bytes.toString() !== key) return `sha256:${sha256(Buffer.from(key, 'utf16le'))}`;
  const isShort = bytes.length <= MAX_KEY_BYTES;
  return isShort && redactText(key) === key ? key : `sha256:${sha256(bytes)}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
