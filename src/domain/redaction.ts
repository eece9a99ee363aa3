import { applyEdits, createDraft, type Draft, type Edit, placeholder } from './redaction-edits.ts';
import { encodedEdits } from './redaction-encoded.ts';
import type { RedactionRule } from './redaction-forms.ts';
import { keyEdits, withoutKeyAtStart } from './redaction-keys.ts';
import { LISTED_RULES } from './redaction-list.ts';
import { namedEdits } from './redaction-named.ts';
import { NAME_HINTS } from './redaction-names.ts';
import { PREFIXES, REDACTION_RULES } from './redaction-rules.ts';
import { structureEdits } from './redaction-structures.ts';
import { decodedView, editsOfText, unwrappedView } from './redaction-views.ts';

export interface Cut {
  /** The text was longer: what it ends with may be the first characters of a secret. */
  readonly atEnd?: boolean;
}

/**
 * Replaces each secret of a known form by `[redacted:<rule name>]`. JSON stays JSON, what is redacted already stays as it
 * is, and a secret that the end of the text cuts off goes as far as it can be told.
 */
export function redactText(text: string, cut: Cut = {}): string {
  if (isPlain(text)) return text;
  const redacted = redactAt(text, 0);
  return cut.atEnd ? redacted.replace(CUT_PREFIX, placeholder('cut-off')) : redacted;
}

/**
 * As `redactText`, of the end of a text. The line that was cut goes, since nobody can tell whose end it is, and so do
 * lines of base64 that follow: a private key whose beginning was cut off.
 */
export function redactTail(tail: string): string {
  const line = /[\r\n]/.exec(tail.slice(0, -1));
  const rest = line === null ? (/[ \t].*$/.exec(tail)?.[0] ?? '') : tail.slice(line.index + 1);
  return redactText(withoutKeyAtStart(rest.replace(/^[ \t\r\n]+/, '')));
}

/** As `redactText`, on bytes that need not be UTF-8; gives back the same array if nothing is secret. */
export function redactBytes(bytes: Uint8Array, cut: Cut = {}): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const redacted = redactText(text, cut);
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}

function redactAt(original: string, depth: number): string {
  let text = original;
  const decoded = decodedView(text);
  if (decoded !== undefined) {
    const draft = createDraft(decoded.text);
    redactDraft(draft);
    text = applyEdits(text, editsOfText(decoded, draft.edits()));
  }
  const draft = createDraft(text);
  redactDraft(draft);
  draft.apply(encodedEdits(draft.text(), depth, redactAt));
  return draft.text();
}

function redactDraft(draft: Draft): void {
  draft.apply(keyEdits(draft.text()));
  const hints = hintsIn(draft.text());
  if (hints.size > 0) {
    // First what goes over the end of a line, lest its tail stay.
    const unwrapped = unwrappedView(draft.text());
    if (unwrapped !== undefined) {
      const inner = createDraft(unwrapped.text);
      applyRules(inner, WRAPPED_RULES, hintsIn(unwrapped.text));
      draft.apply(editsOfText(unwrapped, inner.edits()));
    }
  }
  applyRules(draft, hints.size > 0 ? RULES : UNHINTED, hints);
  if (!isNamed(hints)) return;
  draft.apply(namedEdits(draft.text()));
  draft.apply(structureEdits(draft.text()));
}

function applyRules(draft: Draft, rules: readonly RedactionRule[], hints: Set<string>): void {
  for (const { name, hints: wanted, pattern } of rules) {
    if (wanted.length > 0 && !wanted.some((hint) => hints.has(hint))) continue;
    draft.apply(matchesOf(draft.text(), name, pattern));
  }
}

function matchesOf(text: string, name: string, pattern: RegExp): Edit[] {
  const edits: Edit[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const start = match.index + (match[1]?.length ?? 0);
    edits.push({ start, end: match.index + match[0].length, text: placeholder(name) });
  }
  return edits;
}

const RULES: readonly RedactionRule[] = [...REDACTION_RULES, ...LISTED_RULES];
/** Those that any text is tried with. */
const UNHINTED = RULES.filter(({ hints }) => hints.length === 0);
/** Those that take nothing but a secret: a group would be what stands in front. */
const WRAPPED_RULES = RULES.filter(
  ({ hints, pattern }) => hints.length > 0 && !/^\((?!\?)/.test(pattern.source),
);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** A prefix of a token at the end of a text, with less behind it than a token has. */
const CUT_PREFIX = new RegExp(
  `(?<![A-Za-z0-9])(?:${PREFIXES.map(escaped).join('|')})[\\w.=+/-]{1,200}$`,
);

/** What is looked for in one pass, which leaves out most rules: a pass for each of them would take many times as long. */
const HINTS = [...new Set([...RULES.flatMap((rule) => rule.hints), ...NAME_HINTS])];
const SHORT_HINTS = HINTS.filter((hint) => hint.length < 3);

/** By the first three characters; no regular expression of hundreds of words, which takes long to compile. */
const hintsByStart = new Map<number, string[]>();
const mayStart = new Uint8Array(1 << 16);
const startOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) & 0xffff;
for (const hint of HINTS.filter(({ length }) => length > 2)) {
  const start = startOf(hint, 0);
  hintsByStart.set(start, [...(hintsByStart.get(start) ?? []), hint]);
  mayStart[start] = 1;
}

function hintsIn(text: string): Set<string> {
  const lower = text.toLowerCase();
  const told = new Set(SHORT_HINTS.filter((hint) => lower.includes(hint)));
  for (let at = 0; at + 2 < lower.length; at++) {
    const start = startOf(lower, at);
    if (mayStart[start] === 0) continue;
    for (const hint of hintsByStart.get(start) ?? []) {
      if (!told.has(hint) && lower.startsWith(hint, at)) told.add(hint);
    }
  }
  return told;
}

const isNamed = (hints: Set<string>): boolean => NAME_HINTS.some((hint) => hints.has(hint));

/** Names, ids, paths and plain commands, of which there are many: no word is long enough, and nothing says password. */
function isPlain(text: string): boolean {
  return (
    text.length < 1000 &&
    (PLAIN_ID.test(text) ||
      (/^(?:[\w./+-]| (?!-))*$/.test(text) && !/[\w.+-]{20}/.test(text) && !NOT_PLAIN.test(text)))
  );
}

const PLAIN_ID =
  /^(?:(?:toolu|srvtoolu|call|msg)[_-]\w{6,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const NOT_PLAIN =
  /pass|pwd|secret|token|cred|key|auth|phrase|cookie|mnemonic|env |configure|login|add_user|set /i;
