import type { SaidRow } from '../../store/queries/costs.ts';
import { MAX_CHARACTERS } from '../../store/queries/problems.ts';
import { inflate } from './find-execution.ts';

/** How many characters one execution added to its agent's context. */
export interface ContextCharacters {
  /** The known number; for plain text that is not stored, its bytes. */
  readonly known: number;
  readonly atMost: number;
  /** The agent truncated it. */
  readonly isCut: boolean;
}

/** Exact if the complete payload is stored. Else plain text counts by its bytes, and JSON has only an upper bound. */
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
    return inflate(body).toString();
  } catch {
    return undefined;
  }
}

/** The field that an agent adds to its context; empty if absent, undefined if the text is not JSON. */
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
