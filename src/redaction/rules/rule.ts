/**
 * What a secret looks like: formats that issuers publish and that secret scanners search for.
 *
 * A pattern must take linear time on any input: it begins with something literal, and the rest cannot fail, is bounded,
 * or is tried once per word. It must not exhaust the stack. It may match a backslash only together with the character
 * that it escapes, so that JSON stays JSON. It spells out white space, since `\s` would split the UTF-8 that
 * `redactBytes` passes as Latin-1.
 */
export interface RedactionRule {
  /** Appears in `[redacted:<name>]`. */
  readonly name: string;
  /** In lower case: each match begins with one of these or, if the pattern is global, contains one. */
  readonly hints: readonly string[];
  /** What each match begins with, if that is enough to recognise it. */
  readonly prefixes?: readonly string[];
  /** Sticky or global. Its first group, if any, is what stays in front of the secret. */
  readonly pattern: RegExp;
}

/** Not inside a word; a JSON escape such as `\n` is not part of the word after it. */
export const START = String.raw`(?:(?<![\w-])|(?<=\\(?:[bfnrt]|u[0-9a-fA-F]{4})))`;

/** Instead of `{min,}`, for which V8 keeps a stack that tens of megabytes overflow. */
const atLeast = (min: number, characters: string): string => `${characters}{${min}}${characters}*`;

/** At least `min` of these characters; fewer at the end of the text, unless they look like a plain word. */
export function run(characters: string, min: number): string {
  const atEnd = `(?=[a-z_-]{0,64}[A-Z0-9])${atLeast(10, characters)}$`;
  return `(?:${atLeast(min, characters)}|${atEnd})`;
}

/** Any of these prefixes, wherever it stands, and the rest. */
export function token(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return rule(name, lowerCase(prefixes), anyOf(prefixes) + rest, 'y', prefixes);
}

/** Like `token`, for prefixes that may also occur inside words. */
export function word(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return rule(name, lowerCase(prefixes), START + anyOf(prefixes) + rest, 'y', prefixes);
}

/** A rule that compiles its pattern on first use; most rules are never used. */
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

/** Like `run`, but with a capital or a digit, and not words joined by signs. */
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
