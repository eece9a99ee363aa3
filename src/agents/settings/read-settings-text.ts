import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { reasonOf } from '../../domain/errors.ts';

/** Why and where a text is not JSON; lines and columns count from 1. */
export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** Parses a settings file, or says what is wrong with it. A byte order mark at the start is ignored. */
export function parseSettings(
  text: string,
  allowsComments: boolean,
): { readonly root: Node } | { readonly problem: JsonProblem } {
  const parsed = parseJson(text, allowsComments);
  if ('problem' in parsed || parsed.root.type === 'object') return parsed;
  return { problem: problemAt(text, parsed.root.offset, 'expected an object') };
}

/** The same for any JSON value. */
export function parseJson(
  text: string,
  allowsComments: boolean,
): { readonly root: Node } | { readonly problem: JsonProblem } {
  const errors: ParseError[] = [];
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  // A blank in place of the mark keeps every offset.
  const body = mark === 1 ? ` ${text.slice(1)}` : text;
  let root: Node | undefined;
  try {
    root = parseTree(body, errors, { disallowComments: !allowsComments });
  } catch {
    return { problem: problemAt(body, 0, 'it is nested too deeply') };
  }
  const [first] = errors;
  if (first !== undefined) return { problem: problemAt(body, first.offset, describe(first)) };
  if (root === undefined) return { problem: problemAt(body, 0, 'the file is empty') };
  if (!allowsComments) {
    // The tolerant parser accepts some things that agents reject.
    const strict = strictProblem(body);
    if (strict !== undefined) return { problem: strict };
  }
  return { root };
}

/** What can be recognized in a text that is not JSON; undefined if that is no object. */
export function parseTolerantly(text: string): Node | undefined {
  try {
    const root = parseTree(text.replace(/^\ufeff/, ' '), [], { allowTrailingComma: true });
    return root?.type === 'object' ? root : undefined;
  } catch {
    // It is nested too deeply.
    return undefined;
  }
}

function strictProblem(body: string): JsonProblem | undefined {
  try {
    JSON.parse(body);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    const at = Number(/at position (\d+)/.exec(reason)?.[1] ?? 0);
    return problemAt(body, at, reason.replace(/ (?:in JSON )?at position.*/s, ''));
  }
}

const WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'unknown word',
  InvalidNumberFormat: 'not a number',
  PropertyNameExpected: 'expected a name in quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected a colon',
  CommaExpected: 'expected a comma',
  CloseBraceExpected: 'expected a closing brace',
  CloseBracketExpected: 'expected a closing bracket',
  EndOfFileExpected: 'expected the end of the file',
  InvalidCommentToken: 'a comment, which JSON does not have',
  UnexpectedEndOfComment: 'the comment has no end',
  UnexpectedEndOfString: 'the string has no end',
  UnexpectedEndOfNumber: 'the number has no end',
  InvalidUnicode: 'invalid \\u escape',
  InvalidEscapeCharacter: 'invalid escape',
  InvalidCharacter: 'control character in a string',
};

function describe({ error }: ParseError): string {
  return WORDS[printParseErrorCode(error)] ?? 'not JSON';
}

function problemAt(text: string, offset: number, reason: string): JsonProblem {
  return { ...placeAt(text, offset), reason };
}

/** The line and column of an offset, from 1. */
export function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The property with this name; the last one if there are several, as JSON readers choose. */
export function propertyOf(object: Node | undefined, name: string): Node | undefined {
  if (object?.type !== 'object') return undefined;
  return object.children?.findLast((property) => property.children?.[0]?.value === name);
}

/** The value of a property. */
export function memberOf(object: Node | undefined, name: string): Node | undefined {
  return propertyOf(object, name)?.children?.[1];
}

export function textOf(node: Node | undefined): string | undefined {
  return node?.type === 'string' ? (node.value as string) : undefined;
}

/** The node as written in the text. */
export function sourceOf(text: string, node: Node): string {
  return text.slice(node.offset, node.offset + node.length);
}
