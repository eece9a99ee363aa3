import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { reasonOf } from '../../domain/errors.ts';
import type { JsonProblem } from '../settings/read-settings-text.ts';
import { asJson, type Located, type SettingsText } from './located.ts';

/** Aliases can turn a small file into billions of values. */
const MAX_VALUES = 20_000;

/** The YAML at the start of a Markdown file, if it has hooks; undefined if it has none. */
export function parseFrontmatter(
  text: string,
): SettingsText | { readonly problem: JsonProblem } | undefined {
  const [, front] = /^\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*$/ms.exec(text) ?? [];
  if (front === undefined || !/^(?:hooks|"hooks"|'hooks')[ \t]*:/m.test(front)) return undefined;
  const counter = new LineCounter();
  // The line of the first mark comes before the YAML.
  const lineAt = (offset: number): number => counter.linePos(offset).line + 1;
  try {
    const read = (yaml: string, lineCounter?: LineCounter) =>
      parseDocument(yaml, { prettyErrors: false, ...(lineCounter && { lineCounter }) });
    const isBroken = read(front).errors.length > 0;
    const document = read(isBroken ? withQuotes(front) : front, counter);
    const [error] = document.errors;
    if (error !== undefined) {
      return { problem: { line: lineAt(error.pos[0]), column: 1, reason: error.message } };
    }
    let left = MAX_VALUES;
    const locate = (node: unknown, line: number): Located => {
      left -= 1;
      if (left < 0) throw new Error('it has too many values');
      const source = isAlias(node) ? node.resolve(document) : (node as Node | null);
      const own = isAlias(node) || !source?.range ? line : lineAt(source.range[0]);
      if (isMap(source)) {
        const members = source.items.map(({ key, value }): [string, Located] => [
          String(isScalar(key) ? key.value : key),
          locate(value, isScalar(key) && key.range ? lineAt(key.range[0]) : own),
        ]);
        return { line: own, value: new Map(members) };
      }
      if (isSeq(source)) return { line: own, value: source.items.map((item) => locate(item, own)) };
      return { line: own, value: isScalar(source) ? plain(source.value) : null };
    };
    return asJson(locate(document.contents, 1));
  } catch (error) {
    return { problem: { line: 1, column: 1, reason: reasonOf(error) } };
  }
}

/** What Claude Code reads where the YAML is broken: values with marks that mean something in YAML are text. */
function withQuotes(front: string): string {
  return front.replace(
    /^([A-Za-z_-]+:[ \t]+)([^\s"'].*?)[ \t]*$/gm,
    (line: string, key: string, value: string) =>
      /[{}[\]*&#!|>%@`]|: /.test(value) ? key + JSON.stringify(value) : line,
  );
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}
