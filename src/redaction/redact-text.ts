import { applyEdits, createDraft, type Draft, type Edit, placeholder } from './edits.ts';
import { encodedEdits } from './encoded.ts';
import { keyEdits, withoutKeyAtStart } from './rules/keys.ts';
import { LISTED_RULES } from './rules/list.ts';
import { namedEdits } from './rules/named.ts';
import { NAME_STARTS } from './rules/names.ts';
import type { RedactionRule } from './rules/rule.ts';
import { PREFIXES, REDACTION_RULES } from './rules/rules.ts';
import { createScanner, escaped, type Hits } from './scan.ts';
import { COLUMN_WORDS, CONTAINER_WORDS, structureEdits } from './structures.ts';
import { decodedView, editsAround, unwrappedView } from './views.ts';

export interface Cut {
  /** The text was truncated, so that it may end with the first characters of a secret. */
  readonly atEnd?: boolean;
}

/** What `redactText` in redaction.ts does, for any text. */
export function redactByRules(text: string, { atEnd }: Cut): string {
  const redacted = redactAt(text, 0);
  return atEnd === true ? withoutCutPrefix(redacted) : redacted;
}

/** Removes leading lines of base64, which may be a private key whose first part is missing. */
export const withoutCutKey = (text: string): string => withoutKeyAtStart(text, scan(text).base64);

function redactAt(original: string, depth: number): string {
  let text = original;
  const decoded = decodedView(text);
  if (decoded !== undefined) {
    const edits = editsAround(decoded, (part) => {
      const draft = createDraft(part);
      redactDraft(draft);
      return draft.edits();
    });
    text = applyEdits(text, edits);
  }
  const draft = createDraft(text);
  const hits = redactDraft(draft);
  draft.apply(encodedEdits(draft.text(), hits.words, depth, redactAt));
  return draft.text();
}

/** @returns what the scanner found, at current positions */
function redactDraft(draft: Draft): Hits {
  const hits = scan(draft.text());
  const apply = (edits: readonly Edit[]): void => hits.move(draft.apply(edits));
  apply(keyEdits(draft.text(), hits.base64));
  // Secrets that span a line break come first, lest their second half stay.
  const unwrapped = unwrappedView(draft.text());
  if (unwrapped !== undefined) apply(editsAround(unwrapped, wrappedEdits));
  applyRules(draft, hits);
  apply(namedEdits(draft.text(), hits.at(NAME_STARTS)));
  apply(structureEdits(draft.text(), hits));
  return hits;
}

function wrappedEdits(part: string): readonly Edit[] {
  const draft = createDraft(part);
  applyRules(draft, scan(part), takesAllOf);
  return draft.edits();
}

function applyRules(draft: Draft, hits: Hits, isWanted = (_: RedactionRule) => true): void {
  for (const rule of rulesFor(hits)) {
    if (isWanted(rule)) hits.move(draft.apply(matchesOf(draft.text(), rule, hits)));
  }
}

function matchesOf(text: string, { name, hints, pattern }: RedactionRule, hits: Hits): Edit[] {
  const edits: Edit[] = [];
  let done = 0;
  const note = (match: RegExpExecArray): void => {
    const start = match.index + (match[1]?.length ?? 0);
    done = match.index + match[0].length;
    edits.push({ start, end: done, text: placeholder(name) });
  };
  if (pattern.global) {
    for (const match of text.matchAll(pattern)) note(match as RegExpExecArray);
    return edits;
  }
  for (const place of hits.at(hints)) {
    if (place < done) continue;
    pattern.lastIndex = place;
    const match = pattern.exec(text);
    if (match !== null) note(match);
  }
  return edits;
}

const RULES: readonly RedactionRule[] = [...REDACTION_RULES, ...LISTED_RULES];
const rulesByHint = new Map<string, number[]>();
for (const [index, { hints }] of RULES.entries()) {
  for (const hint of hints) {
    const known = rulesByHint.get(hint);
    if (known === undefined) rulesByHint.set(hint, [index]);
    else known.push(index);
  }
}

/** The rules that may match, in their order. */
function rulesFor({ found }: Hits): RedactionRule[] {
  const due = new Set<number>();
  for (const hint of found) for (const index of rulesByHint.get(hint) ?? []) due.add(index);
  return [...due].sort((a, b) => a - b).flatMap((index) => RULES[index] ?? []);
}

/** Whether a rule matches nothing but the secret. A leading group would match what stands before it. */
const takesAllOf = ({ pattern }: RedactionRule): boolean => !/^\((?!\?)/.test(pattern.source);

const scan = createScanner([
  ...rulesByHint.keys(),
  ...NAME_STARTS,
  ...CONTAINER_WORDS,
  ...COLUMN_WORDS,
]);

let cutPrefix: RegExp | undefined;

/** Replaces a token's prefix at the end of a text if less follows than a token has. */
function withoutCutPrefix(text: string): string {
  cutPrefix ??= new RegExp(
    `(?<![A-Za-z0-9])(?:${PREFIXES.map(escaped).join('|')})[\\w.=+/-]{1,200}$`,
  );
  const at = Math.max(0, text.length - 300);
  return text.slice(0, at) + text.slice(at).replace(cutPrefix, placeholder('cut-off'));
}
