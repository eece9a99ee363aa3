import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { Answer } from '../../domain/answer/decision.ts';
import { takesText } from '../../domain/events.ts';
import type { Fields } from './hook-case.ts';

/** The texts and values of an answer that a case may ask for. */
export interface Said {
  /** What goes into the agent's context. */
  readonly context: string;
  /** The changed input of the tool, or its changed output. */
  readonly input: Fields | undefined;
  readonly output: unknown;
}

/** The fields that agents read: in the object itself, or in `hookSpecificOutput`. */
const CONTEXT = ['additionalContext', 'additional_context'];
const INPUT = ['updatedInput', 'updated_input', 'modifiedArgs', 'tool_input'];
const OUTPUT = [
  'updatedToolOutput',
  'updatedMCPToolOutput',
  'updated_mcp_tool_output',
  'modifiedResult',
];

/** What an answer says, as far as its agent takes notice of it. */
export function readSaid(
  agent: AgentName,
  event: string,
  stdout: Uint8Array,
  answer: Answer,
): Said {
  const text = Buffer.from(stdout).toString('utf8');
  const object = objectIn(text);
  const find = (names: readonly string[]): unknown =>
    [object?.['hookSpecificOutput'], object]
      .filter(isFields)
      .flatMap((fields) => names.map((name) => fields[name]))
      .find((value) => value !== undefined && value !== null);
  const isPlain = object === undefined && agent === 'claude' && takesText(event);
  const context = isPlain ? text : String(find(CONTEXT) ?? '');
  const input = answer.changesInput ? find(INPUT) : undefined;
  return {
    context: answer.contextChars > 0 ? context : '',
    input: isFields(input) ? input : undefined,
    output: answer.changesInput ? find(OUTPUT) : undefined,
  };
}

function objectIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
