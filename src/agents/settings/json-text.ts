import type { Edit } from 'jsonc-parser';
import type { Wrapping } from '../../domain/hook/wrapping.ts';

/** Applies all edits in one pass; they must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { offset, length, content } of [...edits].sort((a, b) => a.offset - b.offset)) {
    pieces.push(text.slice(at, offset), content);
    at = offset + length;
  }
  return pieces.join('') + text.slice(at);
}

/** One UTF-16 unit of a JSON string, as written and as meant. */
interface Unit {
  readonly spelling: string;
  readonly means: string;
}

/** @param token a JSON string with its quotes */
function unitsOf(token: string): Unit[] {
  const spellings = token.slice(1, -1).match(/\\u[\da-fA-F]{4}|\\[\s\S]|[\s\S]/g) ?? [];
  return spellings.map((spelling) => ({
    spelling,
    means: spelling.length === 1 ? spelling : (JSON.parse(`"${spelling}"`) as string),
  }));
}

/** The text as written between the quotes of a JSON string. */
const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);

const spelled = (units: readonly Unit[]): string => units.map(({ spelling }) => spelling).join('');

/** Wraps the line in a JSON string; each of its characters keeps its spelling. */
export function wrapToken(token: string, { before, quote }: Wrapping): string {
  const units = unitsOf(token);
  if (quote === 'none') return `"${escaped(before)}${spelled(units)}"`;
  if (quote === 'double') return `"${escaped(`${before}"`)}${spelled(units)}${escaped('"')}"`;
  const quoted = units.map(({ spelling, means }) =>
    means === "'" ? `${spelling}${escaped('\\')}${spelling}${spelling}` : spelling,
  );
  return `"${escaped(`${before}'`)}${quoted.join('')}'"`;
}

/** Removes what `wrapToken` added, however it is spelled now. */
export function unwrapToken(token: string, { before, quote }: Wrapping): string {
  const rest = unitsOf(token).slice(before.length);
  if (quote === 'none') return `"${spelled(rest)}"`;
  const inner = rest.slice(1, -1);
  if (quote === 'double') return `"${spelled(inner)}"`;
  const kept: Unit[] = [];
  for (let at = 0; at < inner.length; at += 1) {
    const unit = inner[at];
    if (unit === undefined) break;
    kept.push(unit);
    // A quote within quotes takes four characters; the first is enough.
    if (unit.means === "'") at += 3;
  }
  return `"${spelled(kept)}"`;
}
