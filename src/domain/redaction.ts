import { applyEdits, createDraft, type Draft, type Edit, placeholder } from './redaction-edits.ts';
import { encodedEdits } from './redaction-encoded.ts';
import type { RedactionRule } from './redaction-forms.ts';
import { keyEdits, withoutKeyAtStart } from './redaction-keys.ts';
import { LISTED_RULES } from './redaction-list.ts';
import { namedEdits } from './redaction-named.ts';
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
  const redacted = redactAt(text, 0);
  return cut.atEnd ? redacted.replace(CUT_PREFIX, placeholder('cut-off')) : redacted;
}

/**
 * As `redactText`, of the end of a text. The line that was cut goes, since nobody can tell whose end it is, and so do
 * lines of base64 that follow: a private key whose beginning was cut off.
 */
export function redactTail(tail: string): string {
  const line = /[\r\n]/.exec(tail.slice(0, -1));
  const rest = line === null ? (/[ \t][^]*/.exec(tail)?.[0] ?? '') : tail.slice(line.index + 1);
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
const WRAPPED_RULES = RULES.filter(({ hints, pattern }) => hints.length > 0 && !/^\((?!\?)/.test(pattern.source));

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** A prefix of a token at the end of a text, with less behind it than a token has. */
const CUT_PREFIX = new RegExp(
  `(?<![A-Za-z0-9])(?:${PREFIXES.map(escaped).join('|')})[\\w.=+/-]{1,200}$`,
);

/** Longest first, since only one is told at each place; it stands for those that it begins with. */
const HINTS = [...new Set(RULES.flatMap((rule) => rule.hints))].sort((a, b) => b.length - a.length);
const ANY_HINT = new RegExp(triePattern(HINTS), 'g');

/** One pattern for all, by their common beginnings: an alternation of hundreds would try each at every place. */
function triePattern(words: readonly string[]): string {
  const byFirst = new Map<string, string[]>();
  let isEnd = false;
  for (const word of words) {
    if (word === '') isEnd = true;
    else byFirst.set(word[0] ?? '', [...(byFirst.get(word[0] ?? '') ?? []), word.slice(1)]);
  }
  const branches = [...byFirst].map(([first, rests]) => escaped(first) + triePattern(rests));
  if (branches.length === 0) return '';
  const pattern = branches.length === 1 && !isEnd ? branches[0] : `(?:${branches.join('|')})`;
  return `${pattern}${isEnd ? '?' : ''}`;
}

/** One pass that leaves out most rules: a pass for each of them would take many times as long. */
function hintsIn(text: string): Set<string> {
  const lower = text.toLowerCase();
  const told = new Set<string>();
  ANY_HINT.lastIndex = 0;
  for (let match = ANY_HINT.exec(lower); match !== null; match = ANY_HINT.exec(lower)) {
    told.add(match[0]);
    ANY_HINT.lastIndex = match.index + 1; // a hint may begin inside another
  }
  if (told.size === 0) return told;
  return new Set(HINTS.filter((hint) => [...told].some((longer) => longer.startsWith(hint))));
}
