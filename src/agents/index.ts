import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { cursor } from './cursor.ts';
import { gemini } from './gemini.ts';
import type { PayloadFact, PayloadFields } from './payload-fields.ts';

const AGENTS: readonly PayloadFields[] = [claude, codex, gemini, cursor, copilot];

function namesOf(fact: PayloadFact): readonly string[] {
  return AGENTS.flatMap((fields) => fields[fact] ?? []);
}

/** The names of each fact, in order of precedence for a payload with several. The launcher has the same list. */
export const PAYLOAD_NAMES: Readonly<Record<PayloadFact, readonly string[]>> = {
  eventType: namesOf('eventType'),
  toolName: namesOf('toolName'),
  sessionId: namesOf('sessionId'),
  toolUseId: namesOf('toolUseId'),
  promptId: namesOf('promptId'),
  subagent: namesOf('subagent'),
};
