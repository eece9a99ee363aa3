import { getNodeValue, type Node } from 'jsonc-parser';
import { textOf } from '../../agents/settings/read-settings-text.ts';
import type { Fields } from './hook-case.ts';

/** Something is wrong with a case; the node says where. */
export class ReadError extends Error {
  readonly node: Node;

  constructor(node: Node, message: string) {
    super(message);
    this.node = node;
  }
}

/** The members of an object, by name. */
export type Members = ReadonlyMap<string, Node>;

/** @throws ReadError if it is no object, or has a member that nobody would read */
export function membersOf(node: Node, what: string, known: readonly string[]): Members {
  if (node.type !== 'object') throw new ReadError(node, `${what} must be an object`);
  const members = new Map<string, Node>();
  for (const { children = [] } of node.children ?? []) {
    const [key, value] = children;
    const name = textOf(key) ?? '';
    if (key === undefined || value === undefined) continue;
    if (!known.includes(name)) {
      throw new ReadError(key, `unknown field ${JSON.stringify(name)}; known: ${known.join(', ')}`);
    }
    if (members.has(name)) throw new ReadError(key, `${JSON.stringify(name)} is there twice`);
    members.set(name, value);
  }
  return members;
}

/** Reads members by name; undefined if one is missing. @throws ReadError if it is of another type */
export const read = {
  text(members: Members, name: string): string | undefined {
    const node = members.get(name);
    if (node === undefined || node.type === 'string') return textOf(node);
    throw new ReadError(node, `"${name}" must be a text`);
  },

  word(members: Members, name: string, words: readonly string[]): string | undefined {
    const node = members.get(name);
    const word = textOf(node);
    if (node === undefined || (word !== undefined && words.includes(word))) return word;
    throw new ReadError(node, `"${name}" must be one of: ${words.join(', ')}`);
  },

  whole(members: Members, name: string, max: number): number | undefined {
    const node = members.get(name);
    const value: unknown = node?.value;
    if (node === undefined) return undefined;
    if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max) return Number(value);
    throw new ReadError(node, `"${name}" must be a whole number from 0 to ${max}`);
  },

  /** A text, or a list of texts. */
  list(members: Members, name: string): readonly string[] | undefined {
    const node = members.get(name);
    if (node === undefined) return undefined;
    const items = node.type === 'array' ? (node.children ?? []) : [node];
    if (items.every(({ type }) => type === 'string'))
      return items.map(({ value }) => String(value));
    throw new ReadError(node, `"${name}" must be a text or a list of texts`);
  },

  fields(members: Members, name: string): Fields | undefined {
    const node = members.get(name);
    if (node === undefined) return undefined;
    if (node.type === 'object') return getNodeValue(node) as Fields;
    throw new ReadError(node, `"${name}" must be an object`);
  },

  /** An object whose members are texts. */
  texts(members: Members, name: string): Readonly<Record<string, string>> | undefined {
    const node = members.get(name);
    const fields = read.fields(members, name);
    if (node === undefined || fields === undefined) return undefined;
    if (Object.values(fields).every((value) => typeof value === 'string')) {
      return fields as Readonly<Record<string, string>>;
    }
    throw new ReadError(node, `"${name}" must be an object of texts`);
  },

  value(members: Members, name: string): unknown {
    const node = members.get(name);
    return node === undefined ? undefined : (getNodeValue(node) as unknown);
  },
};
