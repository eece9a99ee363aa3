import type { Node } from 'jsonc-parser';

/** A value of a file that is not JSON, with its line in that file, counted from 1. */
export interface Located {
  readonly line: number;
  readonly value:
    | string
    | number
    | boolean
    | null
    | readonly Located[]
    | ReadonlyMap<string, Located>;
}

/** JSON text, and where its parts stand in the file that it comes from. */
export interface SettingsText {
  readonly text: string;
  readonly root: Node;
  readonly lineOf: (node: Node) => number;
}

type Draft = { -readonly [Field in keyof Node]: Node[Field] };

/** The value as JSON with its syntax tree, so that hooks are found in it as in any settings file. */
export function asJson(located: Located): SettingsText {
  const pieces: string[] = [];
  const lines = new Map<Node, number>();
  let length = 0;
  const write = (piece: string): void => {
    pieces.push(piece);
    length += piece.length;
  };
  const add = ({ line, value }: Located, parent?: Node): Node => {
    const node: Draft = { type: typeOf(value), offset: length, length: 0 };
    if (parent !== undefined) node.parent = parent;
    lines.set(node, line);
    if (value instanceof Map) {
      write('{');
      node.children = [...value].map(([name, member], at) => {
        if (at > 0) write(',');
        const property: Draft = { type: 'property', offset: length, length: 0, parent: node };
        const key = add({ line: member.line, value: name }, property);
        write(':');
        property.children = [key, add(member, property)];
        property.length = length - property.offset;
        return property;
      });
      write('}');
    } else if (Array.isArray(value)) {
      write('[');
      node.children = value.map((item, at) => {
        if (at > 0) write(',');
        return add(item, node);
      });
      write(']');
    } else {
      write(JSON.stringify(value) ?? 'null');
      node.value = value;
    }
    node.length = length - node.offset;
    return node;
  };
  const root = add(located);
  return { text: pieces.join(''), root, lineOf: (node) => lines.get(node) ?? located.line };
}

function typeOf(value: Located['value']): Node['type'] {
  if (value instanceof Map) return 'object';
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value as 'string' | 'number' | 'boolean';
}
