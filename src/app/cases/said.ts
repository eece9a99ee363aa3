import { readText } from '../../agents/decisions/said.ts';
import type { Answer } from '../../domain/answer/decision.ts';
import { isFields } from '../../domain/answer/fields.ts';
import type { Fields } from './hook-case.ts';

/** The texts and values of an answer that a case may ask for. */
export interface Said {
  /** What goes into the agent's context. */
  readonly context: string;
  /** The changed input of the tool, or its changed output. */
  readonly input: Fields | undefined;
  readonly output: unknown;
}

/** The fields that agents read: in the object itself, in `hookSpecificOutput`, or in a `decision` there. */
const CONTEXT = ['additionalContext', 'additional_context'];
const INPUT = ['updatedInput', 'updated_input', 'modifiedArgs', 'tool_input', 'content'];
const OUTPUT = [
  ...['updatedToolOutput', 'updatedMCPToolOutput', 'updated_mcp_tool_output', 'modifiedResult'],
];

/** What an answer says, as far as its agent takes notice of it. */
export function readSaid(stdout: Uint8Array, { contextChars, changesInput }: Answer): Said {
  const { kind, text, fields } = readText(Buffer.from(stdout).toString(), true);
  const specific = fields['hookSpecificOutput'];
  const inner = isFields(specific) ? [specific['decision'], specific] : [];
  const find = (names: readonly string[]): unknown =>
    [...inner, fields]
      .filter(isFields)
      .flatMap((part) => names.map((name) => part[name]))
      .find((value) => value !== undefined && value !== null);
  const context = kind === 'object' ? String(find(CONTEXT) ?? '') : text;
  const input = changesInput ? find(INPUT) : undefined;
  return {
    context: contextChars > 0 ? context : '',
    input: isFields(input) ? input : undefined,
    output: changesInput ? find(OUTPUT) : undefined,
  };
}
