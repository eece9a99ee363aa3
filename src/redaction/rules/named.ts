import { type Edit, placeholder } from '../edits.ts';
import {
  BARE_PASSWORD,
  BEFORE_KEY,
  isPassphrase,
  isPassphraseWithSigns,
  NAMED_RULES,
  type NamedRule,
  NO_PASSWORD,
  PASSPHRASE,
  PASSWORD_NAME,
  SECRET_NAMES,
} from './names.ts';

const NAME = new RegExp(SECRET_NAMES, 'iy');

/** The first character of a joint. Before any other character, no joint has to be tried. */
const JOINT_START = /["'\\=: \t\r\n><.|,：\xef]/;

/** Compiled on first use; most joints are never used. */
const joints = new Map<NamedRule, RegExp>();

function jointOf(rule: NamedRule): RegExp {
  const joint = joints.get(rule) ?? new RegExp(rule.joint, 'iy');
  joints.set(rule, joint);
  return joint;
}

/** A name with its joint, and the rule that the joint belongs to. */
interface Named {
  readonly rule: NamedRule;
  readonly name: string;
  readonly joint: string;
  /** The quotes around a field's name, with their backslashes. */
  readonly quote: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Value extends Span {
  readonly isSecret: boolean;
  /** The quote that the placeholder needs around it. */
  readonly quote: string;
}

/** @param places positions where a name may begin */
export function namedEdits(text: string, places: readonly number[]): Edit[] {
  const edits: Edit[] = [];
  let seen = 0;
  for (const place of places) {
    if (place < seen) continue;
    const name = matchAt(NAME, text, place);
    if (name === undefined) continue;
    const end = place + name.length;
    seen = end;
    if (!JOINT_START.test(text[end] ?? '')) continue;
    const named = namedAt(text, place, end);
    if (named === undefined) continue;
    for (const value of valuesAt(text, end + named.joint.length, named)) {
      seen = value.end;
      if (!value.isSecret) continue;
      const { start, end, quote } = value;
      edits.push({ start, end, text: quote + placeholder(named.rule.name) + quote });
    }
  }
  return edits;
}

function namedAt(text: string, start: number, end: number): Named | undefined {
  const name = text.slice(start, end);
  if (/^key/i.test(name) && !/^key[_-]?data/i.test(name)) {
    if (!BEFORE_KEY.test(text.slice(Math.max(0, start - 20), start))) return undefined;
  }
  for (const rule of NAMED_RULES) {
    const joint = matchAt(jointOf(rule), text, end);
    if (joint === undefined) continue;
    const quote = /^secret-(?:field|pair)$/.test(rule.name) ? closingQuote(joint) : '';
    return { rule, name, joint, quote };
  }
  return undefined;
}

/**
 * The quote in front of a joint, with its own backslashes: of the backslashes before a closing quote, the others end the
 * string. Nested levels have 0, 1, 3 or 7 of them, so its own are the trailing ones of the count in binary.
 */
function closingQuote(joint: string): string {
  const [whole = '', run = ''] = /^(\\*)["']/.exec(joint) ?? [];
  const lowestZero = ~run.length & (run.length + 1);
  return whole.slice(run.length - (lowestZero - 1));
}

/** One value, or all strings of an array. */
function valuesAt(text: string, start: number, named: Named): Value[] {
  const values: Value[] = [];
  let at: number | undefined = start;
  while (at !== undefined) {
    const value: Value | undefined = quotedValue(text, at, named) ?? bareValue(text, at, named);
    if (value === undefined) return values;
    values.push(value);
    at = named.joint.includes('[') ? nextItem(text, value.end) : undefined;
  }
  return values;
}

const NEXT_ITEM = /\\*["'][ \t\r\n]*,[ \t\r\n]*(?=\\*["'])/y;

function nextItem(text: string, end: number): number | undefined {
  NEXT_ITEM.lastIndex = end;
  return NEXT_ITEM.test(text) ? NEXT_ITEM.lastIndex : undefined;
}

const OPENING_QUOTE = /(\\*)"|'/y;

/** Numbers of backslashes before the opening quote of a JSON string, a string inside that, and so on. */
const QUOTE_LEVELS = [0, 1, 3, 7];

/** What follows a quote that closes a string, or a second quote. */
const NO_CONTENT = /^(?:[ \t\r\n,:}\]]|\\*["']|$)/;

/** The string that begins at `at`; undefined if none does. */
export function stringAt(text: string, at: number): (Span & { opening: string }) | undefined {
  OPENING_QUOTE.lastIndex = at;
  const [opening, backslashes] = OPENING_QUOTE.exec(text) ?? [];
  if (opening === undefined || !QUOTE_LEVELS.includes(backslashes?.length ?? 0)) return undefined;
  const start = at + opening.length;
  const end =
    backslashes === undefined
      ? endOfSingleQuoted(text, start)
      : endOfQuoted(text, start, backslashes.length);
  return { start, end, opening };
}

function quotedValue(text: string, at: number, named: Named): Value | undefined {
  OPENING_QUOTE.lastIndex = at;
  const [opening, backslashes] = OPENING_QUOTE.exec(text) ?? [];
  if (opening === undefined || !QUOTE_LEVELS.includes(backslashes?.length ?? 0)) return undefined;
  const start = at + opening.length;
  // After a key in such quotes, a quote can only open. Elsewhere it may close the string around the name.
  if (opening !== named.quote && NO_CONTENT.test(text.slice(start, start + 16))) return undefined;
  const { end = start } = stringAt(text, at) ?? {};
  const content = text.slice(start, end);
  const isSecret = content !== '' && !isReference(content) && isSecretInQuotes(content, named);
  return isSecret ? { start, end, isSecret, quote: '' } : undefined;
}

/**
 * Where a string ends whose opening quote has this many backslashes: before the closing quote's own backslashes, before
 * the end of a string around it (the text may be truncated), or at the end of the text.
 */
function endOfQuoted(text: string, start: number, backslashes: number): number {
  const period = 2 * (backslashes + 1);
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    const count = backslashesBefore(text, start, quote);
    if (count % period === backslashes) return quote - backslashes;
    const isContent = count % period === period - 1;
    if (!isContent) return quote - count;
  }
  return text.length;
}

/** Like `endOfQuoted`, but a double quote that ends a JSON string around it, by its backslashes or by what follows, counts. */
function endOfSingleQuoted(text: string, start: number): number {
  const quotes = /["']/g;
  quotes.lastIndex = start;
  for (let match = quotes.exec(text); match !== null; match = quotes.exec(text)) {
    const count = backslashesBefore(text, start, match.index);
    if (match[0] === "'" && count === 0) return match.index;
    const isEnd =
      count % 2 === 0 ||
      /^[ \t\r\n]*[,:}\]]/.test(text.slice(quotes.lastIndex, quotes.lastIndex + 8));
    if (match[0] === '"' && isEnd) return match.index - count;
  }
  return text.length;
}

function backslashesBefore(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charAt(at - 1) === '\\') at -= 1;
  return end - at;
}

function isSecretInQuotes(content: string, { rule, name }: Named): boolean {
  const isPassword = PASSWORD_NAME.test(name);
  // A literal type, such as `limitToken: 'LIMIT'`.
  if (rule.name === 'secret-setting' && !isPassword && /^[A-Z]{1,16}$/.test(content)) return false;
  if (rule.quoted.test(content)) return true;
  if (rule.name !== 'secret-setting' || !isPassword) return false;
  return isPassphrase(content, 3) || isPassphraseWithSigns(content);
}

function bareValue(text: string, at: number, named: Named): Value | undefined {
  const { rule, name, quote } = named;
  const bare = passwordAt(text, at, named) ?? matchAt(rule.bare, text, at);
  if (bare === undefined) return undefined;
  const end = at + bare.length;
  const isCall = text[end] === '(';
  const isName = bare.toLowerCase() === name.toLowerCase();
  const isDirectory = /pwd$/i.test(name) && /^(?:~|\/|[A-Za-z]:[\\/])/.test(bare);
  const isCode = isCall || isName || isDirectory || rule.notBare.test(bare);
  // A number becomes a string, in the same quotes as its key.
  return { start: at, end, isSecret: !isCode && !isReference(bare), quote };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Plain words count only after the name of a password. */
function passwordAt(text: string, at: number, { rule, name }: Named): string | undefined {
  const isSetting = rule.name === 'secret-setting' || rule.name === 'secret-entry';
  if (!(isSetting || rule.name === 'secret-assignment') || !PASSWORD_NAME.test(name))
    return undefined;
  const phrase = matchAt(PASSPHRASE, text, at);
  if (phrase !== undefined && isPassphrase(phrase, isSetting ? 3 : 4)) return phrase;
  if (!isSetting || matchAt(rule.bare, text, at) !== undefined) return undefined;
  const word = matchAt(BARE_PASSWORD, text, at);
  return word === undefined || NO_PASSWORD.test(word) || /^[a-z]+[A-Z]/.test(word)
    ? undefined
    : word;
}

/** Whether a value only refers to a secret, or is redacted already. */
export function isReference(value: string): boolean {
  return (
    /^(?:[\w-]{1,20} )?\[redacted:[a-z0-9-]+\](?:\\+n)?$/.test(value) ||
    /^(?:\$[A-Z_][A-Z0-9_]*$|\$[{(]|\{\{|<[^>]*>$|%\w+%$|[*.]+$|xxx+$)/.test(value) ||
    /^(?:~|\.{1,2}|\/(?:home|Users|root|etc|var|run|tmp|opt|usr|mnt|private|srv|app))\/[\w.]/.test(
      value,
    )
  );
}
