import { parse, TomlError } from 'smol-toml';
import { reasonOf } from '../../domain/errors.ts';
import type { JsonProblem } from '../settings/read-settings-text.ts';
import { asJson, type Located, type SettingsText } from './located.ts';

/** The tables of a TOML file that Codex has for hooks; undefined if there are none. */
export function parseTomlHooks(
  text: string,
): SettingsText | { readonly problem: JsonProblem } | undefined {
  if (!text.includes('hooks')) return undefined;
  try {
    const hooks: unknown = parse(text)['hooks'];
    if (typeof hooks !== 'object' || hooks === null) return undefined;
    const lineOf = findLines(text);
    return asJson({ line: 1, value: new Map([['hooks', locate(hooks, lineOf('hooks'), lineOf)]]) });
  } catch (error) {
    const { line = 1, column = 1 } = error instanceof TomlError ? error : {};
    const reason = reasonOf(error).split('\n')[0] ?? '';
    return { problem: { line, column, reason: reason.replace('Invalid TOML document: ', '') } };
  }
}

function locate(value: unknown, line: number, lineOf: (text: string) => number): Located {
  if (Array.isArray(value)) {
    return { line, value: value.map((item) => locate(item, line, lineOf)) };
  }
  if (typeof value === 'string') return { line: lineOf(value) || line, value };
  if (typeof value === 'number' || typeof value === 'boolean') return { line, value };
  if (typeof value === 'bigint') return { line, value: Number(value) };
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return { line, value: String(value) };
  }
  const members = Object.entries(value).map(([name, member]): [string, Located] => [
    name,
    locate(member, line, lineOf),
  ]);
  return { line, value: new Map(members) };
}

/** The parser keeps no places, so a text is looked for as it may be written, each time behind the last place. */
function findLines(text: string): (value: string) => number {
  const lines = text.split('\n');
  const from = new Map<string, number>();
  return (value) => {
    const [first = ''] = value.split('\n');
    const spellings = [JSON.stringify(first).slice(1, -1), first].filter(Boolean);
    const begin = from.get(value) ?? 0;
    const at = lines.findIndex(
      (line, index) => index >= begin && spellings.some((spelling) => line.includes(spelling)),
    );
    if (at >= 0) from.set(value, at + 1);
    return at + 1;
  };
}
