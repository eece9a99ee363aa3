import type { Edit } from './redaction-edits.ts';

/** Where in a text each of many literals begins: one pass for all of them, instead of one for each rule. */
export interface Hits {
  /** The literals that are in the text. */
  readonly found: Iterable<string>;
  /** Where these begin, in order. */
  at(literals: readonly string[]): readonly number[];
  /** After edits, in the places of the text before them. */
  move(edits: readonly Edit[]): void;
}

/** Stands for the places where a word of at least 24 letters, digits, `_` and `-` begins. */
export const LONG_WORD = '';

/** @param literals in lower case, at least two characters each */
export function createScanner(literals: Iterable<string>) {
  const all = [...new Set(literals)].filter((literal) => literal !== LONG_WORD);
  const byStart = [2, 3, 4].map((length) =>
    startsOf(
      all.filter((literal) => Math.min(literal.length, 4) === length),
      length,
    ),
  );
  const [pairs, triples, quads] = byStart as [Starts, Starts, Starts];

  return (text: string): Hits => {
    const lower = inLowerCase(text);
    const places = new Map<string, number[]>();
    const note = (literal: string, at: number): void => {
      const known = places.get(literal);
      if (known === undefined) places.set(literal, [at]);
      else known.push(at);
    };
    const noteAll = (starts: Starts, hash: number, at: number): void => {
      for (const literal of starts.literals.get(hash) ?? []) {
        if (lower.startsWith(literal, at)) note(literal, at);
      }
    };
    // The last four characters: a table of bits says for nearly all places that nothing begins there.
    const codeAt = (at: number): number => (at < lower.length ? lower.charCodeAt(at) : 0);
    let [first, second, third] = [codeAt(0), codeAt(1), codeAt(2)];
    for (let at = 0; at < lower.length; at++) {
      const next = codeAt(at + 3);
      const pair = (first * 31 + second) & 0xffff;
      const triple = (pair * 31 + third) & 0xffff;
      const quad = (triple * 31 + next) & 0xffff;
      if (quads.may[quad] === 1) noteAll(quads, quad, at);
      if (triples.may[triple] === 1) noteAll(triples, triple, at);
      if (pairs.may[pair] === 1) noteAll(pairs, pair, at);
      first = second;
      second = third;
      third = next;
    }
    for (const { start } of runsIn(text, WORD, 24)) note(LONG_WORD, start);
    return hitsOf(places);
  };
}

function hitsOf(places: Map<string, number[]>): Hits {
  return {
    found: places.keys(),
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

/** What lies in an edit is gone. */
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

interface Starts {
  readonly may: Uint8Array;
  readonly literals: ReadonlyMap<number, readonly string[]>;
}

function startsOf(list: readonly string[], length: number): Starts {
  const may = new Uint8Array(1 << 16);
  const literals = new Map<number, string[]>();
  for (const literal of list) {
    let hash = 0;
    for (let at = 0; at < length; at++) hash = (hash * 31 + literal.charCodeAt(at)) & 0xffff;
    literals.set(hash, [...(literals.get(hash) ?? []), literal]);
    may[hash] = 1;
  }
  return { may, literals };
}

/** Character by character where some become two of them, so that places stay the same. */
function inLowerCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length
    ? lower
    : text.replace(/[^\0-\x7f]+|[A-Z]+/g, (part) => {
        const low = part.toLowerCase();
        return low.length === part.length ? low : part;
      });
}

/** Which of the first 128 characters belong to a run. */
export type Characters = Uint8Array;

export function charactersOf(pattern: RegExp): Characters {
  return Uint8Array.from({ length: 128 }, (_, code) =>
    pattern.test(String.fromCharCode(code)) ? 1 : 0,
  );
}

const WORD = charactersOf(/[\w-]/);

/** Runs of at least so many of these characters; the letter of an escape such as `\n` in front is no part of one. */
export function runsIn(
  text: string,
  characters: Characters,
  least: number,
): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 128;
    if (code < 128 && characters[code] === 1) continue;
    if (at - start >= least) {
      const from = start + escapeLength(text, start);
      if (at - from >= least) runs.push({ start: from, end: at });
    }
    start = at + 1;
  }
  return runs;
}

const ESCAPE = /^\\(?:u[0-9a-fA-F]{4}|[bfnrt])/;

/** Of an escape's letters that stand at the beginning of a run. */
function escapeLength(text: string, start: number): number {
  if (text[start - 1] !== '\\') return 0;
  const escape = ESCAPE.exec(text.slice(start - 1, start + 5));
  return escape === null ? 0 : escape[0].length - 1;
}
