import type { Edit } from './edits.ts';

export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Where in a text the literals of all rules begin: one pass for all instead of one for each rule. */
export interface Hits {
  /** The literals that occur in the text. */
  readonly found: Iterable<string>;
  /** Where these begin, in order. */
  at(literals: readonly string[]): readonly number[];
  /** Runs of at least 16 characters of base64. */
  readonly base64: readonly Run[];
  /** Where words of at least 24 letters, digits and `+/_-` begin. */
  readonly words: readonly number[];
  /** Updates the positions after edits, which have positions in the text before them; `base64` stays unchanged. */
  move(edits: readonly Edit[]): void;
}

/** Stands for the positions where at least 24 letters, digits, `_` and `-` begin. */
export const LONG_WORD = '';
/** The same for the characters of base64, as used in URLs and elsewhere. */
const ENCODED_WORD = ' ';

/** @param literals in lower case, at least two characters each */
export function createScanner(literals: Iterable<string>) {
  const all = [...new Set(literals)].filter((literal) => literal !== LONG_WORD);
  let findInLong: Find | undefined;

  return (text: string): Hits => {
    const lower = inLowerCase(text);
    const places = new Map<string, number[]>();
    if (lower.length <= SHORT) findEach(all, lower, places);
    else {
      findInLong ??= createFind(all);
      findInLong(lower, places);
    }
    return hitsOf(places, noteRuns(text, places));
  };
}

/** In texts up to this length, one search for each literal takes less time than compiling one search for all. */
const SHORT = 4096;

type Find = (lower: string, places: Map<string, number[]>) => void;

function findEach(literals: readonly string[], lower: string, places: Map<string, number[]>): void {
  for (const literal of literals) {
    for (let at = lower.indexOf(literal); at !== -1; at = lower.indexOf(literal, at + 1)) {
      note(places, literal, at);
    }
  }
}

/**
 * Finds the beginnings of literals by a regular expression. V8 compiles that at once, but would interpret a loop over the
 * characters for the whole of a first text.
 */
function createFind(literals: readonly string[]): Find {
  const byStart = new Map<string, string[]>();
  for (const literal of literals) {
    const start = literal.slice(0, MAX_START);
    const known = byStart.get(start);
    if (known === undefined) byStart.set(start, [literal]);
    else known.push(literal);
  }
  const starts = new RegExp(`(?=${trieOf([...byStart.keys()])})`, 'g');
  return (lower, places) => {
    for (const { index } of lower.matchAll(starts)) {
      for (let length = 2; length <= MAX_START; length++) {
        for (const literal of byStart.get(lower.slice(index, index + length)) ?? []) {
          if (lower.startsWith(literal, index)) note(places, literal, index);
        }
      }
    }
  };
}

/** Number of characters of a beginning; longer ones are no faster. */
const MAX_START = 4;

/** The source of a regular expression that matches any of these texts; of two with the same beginning, the shorter. */
function trieOf(texts: readonly string[]): string {
  const rests = new Map<string, string[]>();
  for (const [first = '', ...rest] of texts) {
    if (first === '') return '';
    rests.set(first, [...(rests.get(first) ?? []), rest.join('')]);
  }
  const firsts = new Map<string, string[]>(); // first characters by what follows them
  for (const [first, rest] of rests) {
    const next = trieOf(rest);
    firsts.set(next, [...(firsts.get(next) ?? []), escaped(first)]);
  }
  const parts = [...firsts].map(
    ([rest, all]) => (all.length > 1 ? `[${all.join('')}]` : all[0]) + rest,
  );
  return parts.length === 1 ? (parts[0] ?? '') : `(?:${parts.join('|')})`;
}

export const escaped = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);

const note = (places: Map<string, number[]>, literal: string, at: number): void => {
  const known = places.get(literal);
  if (known === undefined) places.set(literal, [at]);
  else known.push(at);
};

/** Matches whatever may hold one of the runs below, so that most of a text is scanned only once. */
const ANY_RUN = /(?<![\w+/=-])[\w+/=-]{16}[\w+/=-]*/g;
const BASE64 = /[A-Za-z0-9+/=]{16}[A-Za-z0-9+/=]*/g;
const WORD = /[\w-]{24}[\w-]*/g;
const ENCODED = /[\w+/-]{24}[\w+/-]*/g;

/** @returns the runs of base64 */
function noteRuns(text: string, places: Map<string, number[]>): Run[] {
  const base64: Run[] = [];
  for (const { index: at, 0: all } of text.matchAll(ANY_RUN)) {
    const start = at + escapeLength(text, at);
    const run = text.slice(start, at + all.length);
    for (const { index, 0: found } of run.matchAll(BASE64)) {
      base64.push({ start: start + index, end: start + index + found.length });
    }
    if (run.length < 24) continue;
    for (const { index } of run.matchAll(WORD)) note(places, LONG_WORD, start + index);
    for (const { index } of run.matchAll(ENCODED)) note(places, ENCODED_WORD, start + index);
  }
  return base64;
}

/** The letter of an escape such as `\n` in front is not part of a run. */
const ESCAPE = /^\\(?:u[0-9a-fA-F]{4}|[bfnrt])/;

function escapeLength(text: string, start: number): number {
  if (text[start - 1] !== '\\') return 0;
  return (ESCAPE.exec(text.slice(start - 1, start + 5))?.[0].length ?? 1) - 1;
}

function hitsOf(places: Map<string, number[]>, base64: readonly Run[]): Hits {
  return {
    found: places.keys(),
    base64,
    get words() {
      return places.get(ENCODED_WORD) ?? [];
    },
    at(literals) {
      const lists = literals.flatMap((literal) => places.get(literal) ?? []);
      return literals.length === 1 ? lists : lists.sort((a, b) => a - b);
    },
    move(edits) {
      if (edits.length === 0) return;
      for (const [literal, list] of places) places.set(literal, moved(list, edits));
    },
  };
}

/** Drops positions inside an edit. */
function moved(places: readonly number[], edits: readonly Edit[]): number[] {
  const kept: number[] = [];
  let next = 0;
  let shift = 0;
  for (const place of places) {
    for (let edit = edits[next]; edit !== undefined && edit.end <= place; edit = edits[++next]) {
      shift += edit.text.length - (edit.end - edit.start);
    }
    const edit = edits[next];
    if (edit === undefined || place < edit.start) kept.push(place + shift);
  }
  return kept;
}

/** Keeps a character whose lower case is longer, so that positions stay the same. */
function inLowerCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length
    ? lower
    : text.replace(/[^\0-\x7f]+|[A-Z]+/g, (part) => {
        const low = part.toLowerCase();
        return low.length === part.length ? low : part;
      });
}
