/**
 * What a secret looks like: formats that their issuers publish and that secret scanners look for.
 *
 * A pattern must take linear time on any input: it begins with something literal, and what follows cannot fail, is bounded,
 * or is tried once per word; and it must not run out of stack. It may take a backslash only together with what that escapes, so that JSON stays JSON.
 * White space is spelled out, since `\s` would split the UTF-8 that `redactBytes` passes in as Latin-1.
 */
export interface RedactionRule {
  /** Stands in `[redacted:<name>]`. */
  readonly name: string;
  /** In lower case: what matches begins with one of these, or, where the pattern is global, has one in it. */
  readonly hints: readonly string[];
  /** What it begins with, where that says it all. */
  readonly prefixes?: readonly string[];
  /** Sticky, or global. Its first group, if it has one, is what stays in front of the secret. */
  readonly pattern: RegExp;
}

/** Not inside a word, where a JSON escape such as `\n` is no part of the word behind it. */
export const START = String.raw`(?:(?<![\w-])|(?<=\\(?:[bfnrt]|u[0-9a-fA-F]{4})))`;

/** Not `{min,}`, for which V8 keeps a stack that tens of megabytes overflow. */
const atLeast = (min: number, characters: string): string => `${characters}{${min}}${characters}*`;

/** At least `min` of these characters; fewer where the text is cut off, as long as they do not look like a mere word. */
export function run(characters: string, min: number): string {
  const cutOff = `(?=[a-z_-]{0,64}[A-Z0-9])${atLeast(10, characters)}$`;
  return `(?:${atLeast(min, characters)}|${cutOff})`;
}

/** One of these prefixes, wherever it stands, and the rest. */
export function token(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return rule(name, lowerCase(prefixes), anyOf(prefixes) + rest, 'y', prefixes);
}

/** Prefixes that words may contain too. */
export function word(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return rule(name, lowerCase(prefixes), START + anyOf(prefixes) + rest, 'y', prefixes);
}

/** A rule whose pattern is compiled when it is needed for the first time, which for most is never. */
export function rule(
  name: string,
  hints: readonly string[],
  source: string,
  flags: string,
  prefixes: readonly string[] = [],
): RedactionRule {
  let compiled: RegExp | undefined;
  return {
    ...{ name, hints, prefixes },
    get pattern() {
      compiled ??= new RegExp(source, flags);
      return compiled;
    },
  };
}

/** As `run`, where a capital or a digit is among them, and not words with signs between them. */
export const digits = (characters: string, min: number): string =>
  `(?=[a-z_.=-]{0,80}[A-Z0-9])(?!(?:[a-z]{2,20}[._-]){2}|[A-Z]{2,20}_[A-Z]{2})${run(characters, min)}`;

const anyOf = (texts: readonly string[]): string =>
  `(?:${texts.join('|').replace(/[.$]/g, String.raw`\$&`)})`;
const lowerCase = (texts: readonly string[]): string[] => texts.map((text) => text.toLowerCase());

export const ALNUM = '[A-Za-z0-9]';
export const URL_SAFE = '[A-Za-z0-9_-]';
export const HEX = '[a-f0-9]';
export const UUID = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
export const NO_MORE = '(?![A-Za-z0-9])';
