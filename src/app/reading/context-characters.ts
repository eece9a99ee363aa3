import { inflateSync } from 'node:zlib';
import type { SaidRow } from '../../store/queries/costs.ts';
import { MAX_CHARACTERS } from '../../store/queries/problems.ts';

/** What one execution put into the context of its agent, in characters. */
export interface ContextCharacters {
  /** It is known to be so many, or for plain text as many bytes. */
  readonly known: number;
  readonly atMost: number;
  /** The agent cut it off. */
  readonly isCut: boolean;
}

/** Most that a stored payload may unfold to, in bytes: the largest cap there is. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Exact where the payload is stored whole; else plain text counts by its bytes, and of JSON only the most is known. */
export function contextCharacters(row: SaidRow): ContextCharacters {
  const text = storedText(row);
  if (row.kind === 'text') return counted(text?.length ?? row.bytes);
  const said = text === undefined ? undefined : additionalContext(text);
  if (said !== undefined) return counted(said.length);
  return { known: 0, atMost: Math.min(row.bytes, MAX_CHARACTERS), isCut: false };
}

function counted(characters: number): ContextCharacters {
  const taken = Math.min(characters, MAX_CHARACTERS);
  return { known: taken, atMost: taken, isCut: characters > MAX_CHARACTERS };
}

function storedText({ encoding, truncated, body }: SaidRow): string | undefined {
  if (body === null || truncated !== 0) return undefined;
  if (encoding === 'identity') return body.toString();
  try {
    return inflateSync(body, { maxOutputLength: MAX_BYTES }).toString();
  } catch {
    return undefined;
  }
}

/** The field that an agent takes into its context; empty where there is none, undefined where it is no JSON. */
function additionalContext(text: string): string | undefined {
  try {
    const found = JSON.parse(text) as {
      readonly hookSpecificOutput?: { readonly additionalContext?: unknown } | null;
    } | null;
    const said = found?.hookSpecificOutput?.additionalContext;
    return typeof said === 'string' ? said : '';
  } catch {
    return undefined;
  }
}
