import { auggie } from './auggie.ts';
import { claude } from './claude.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { cursor } from './cursor.ts';
import { droid } from './droid.ts';
import { gemini } from './gemini.ts';
import type { CallFact, PayloadFact, PayloadFields } from './payload-fields.ts';
import { qwen } from './qwen.ts';

const AGENTS: readonly PayloadFields[] = [
  claude,
  codex,
  gemini,
  cursor,
  copilot,
  qwen,
  droid,
  auggie,
  cline,
];

const namesOf = (fact: PayloadFact): readonly string[] =>
  unique(AGENTS.flatMap((fields) => fields[fact] ?? []));

const namesInCall = (fact: CallFact): readonly string[] =>
  unique(AGENTS.flatMap(({ call }) => call?.[fact] ?? []));

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** The names of each fact, in order of precedence for a payload with several. The launcher has the same list. */
export const PAYLOAD_NAMES: Readonly<Record<PayloadFact, readonly string[]>> = {
  eventType: namesOf('eventType'),
  toolName: namesOf('toolName'),
  sessionId: namesOf('sessionId'),
  toolUseId: namesOf('toolUseId'),
  promptId: namesOf('promptId'),
  subagent: namesOf('subagent'),
  toolInput: namesOf('toolInput'),
};

/** Members that hold a tool call; the first that a payload has counts. */
export const CALL_MEMBERS: readonly string[] = unique(
  AGENTS.flatMap(({ call }) => call?.members ?? []),
);

/** The same as `PAYLOAD_NAMES`, in such a member. */
export const NAMES_IN_CALL: Readonly<Record<CallFact, readonly string[]>> = {
  toolName: namesInCall('toolName'),
  toolUseId: namesInCall('toolUseId'),
  toolInput: namesInCall('toolInput'),
};
