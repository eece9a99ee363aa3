/*
 * Gemini CLI (0.61): what it parses is stdout or, if that is empty, stderr. An object decides whatever the exit code is; text
 * refuses at every code but 0 and 1.
 */
import type { Answer, Decision, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { readStdout, readText, type Said, unquoted, wordsIn } from './said.ts';
import {
  type Draft,
  exitOneWarning,
  named,
  strayField,
  strongest,
  toAnswer,
  toAnswerOf,
  unread,
  type Verdict,
} from './verdict.ts';

const NAME = 'Gemini CLI';

export function readGemini(output: HookOutput): Answer {
  const { stdout, isComplete, eventType } = output;
  // The record has no text, but there was some.
  if (stdout.length === 0 && !isComplete) return toAnswer(readPlain(output, UNKNOWN_TEXT, 'text'));
  const out = readStdout(output);
  const said = out.kind === 'nothing' ? readText(output.stderr, true) : out;
  const quoted = unquoted(said);
  const draft =
    quoted.kind === 'object' ? readObject(output, quoted) : readPlain(output, quoted, out.kind);
  return toAnswerOf(quoted, !OTHERS.has(eventType), draft);
}

const UNKNOWN_TEXT: Said = { kind: 'text', text: '', fields: {}, isCut: false, longest: {} };

/** Events on which it acts on a refusal. */
const REFUSABLE: ReadonlySet<string> = new Set([
  ...['BeforeTool', 'AfterTool', 'BeforeAgent', 'AfterAgent', 'BeforeModel', 'AfterModel'],
]);

/** Known events on which nothing can be refused; on an unknown one, a hook may. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['SessionStart', 'SessionEnd', 'Notification', 'PreCompress', 'BeforeToolSelection'],
]);

function readPlain(output: HookOutput, said: Said, out: Said['kind']): Draft {
  const { eventType, exitCode = 0 } = output;
  if (OTHERS.has(eventType)) return {};
  if (exitCode > 1)
    return said.kind === 'nothing'
      ? { warning: `exit code ${exitCode} needs a text on stderr; without one, ${NAME} goes on` }
      : { verdicts: [{ decision: 'deny', reason: wordsIn(said.text) }] };
  const warning = out === 'nothing' ? undefined : unread(said, NAME);
  return { warning: warning ?? (exitCode === 1 ? exitOneWarning(NAME) : undefined) };
}

function readObject({ eventType, exitCode }: HookOutput, { fields, longest }: Said): Draft {
  const isOther = OTHERS.has(eventType);
  const inner = innerOf(fields);
  const verdicts = isOther ? [] : verdictsIn(fields);
  const decision = strongest(verdicts)?.decision;
  const isKept = decision === 'deny' || (decision === 'stop' && eventType.startsWith('Before'));
  return {
    verdicts,
    changesInput: !isKept && changesInput(eventType, inner),
    contextChars: isKept ? 0 : contextChars(eventType, innerOf(longest)),
    warning: warningFor(eventType, exitCode, fields, isOther),
  };
}

function innerOf(fields: Fields): Fields {
  const inner = fields['hookSpecificOutput'];
  return isFields(inner) ? inner : {};
}

const WORDS: ReadonlyMap<unknown, Decision> = new Map<unknown, Decision>([
  ['block', 'deny'],
  ['deny', 'deny'],
  ['ask', 'ask'],
  ['allow', 'allow'],
  ['approve', 'allow'],
]);

function verdictsIn(fields: Fields): Verdict[] {
  const decision = WORDS.get(fields['decision']);
  const reason = wordsIn(fields['reason']);
  return [
    ...(decision === undefined ? [] : [{ decision, reason }]),
    ...(fields['continue'] === false
      ? [{ decision: 'stop' as const, reason: wordsIn(fields['stopReason']) ?? reason }]
      : []),
  ];
}

/** The field of an event by which the agent works on with something else. */
const CHANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['BeforeTool', ['tool_input']],
  ['AfterTool', ['tailToolCallRequest']],
  ['BeforeModel', ['llm_request', 'llm_response']],
  ['AfterModel', ['llm_response']],
  ['BeforeToolSelection', ['toolConfig']],
]);

const changesInput = (eventType: string, inner: Fields): boolean =>
  (CHANGES.get(eventType) ?? []).some((name) => isFields(inner[name]));

const ADDS_CONTEXT: ReadonlySet<string> = new Set(['AfterTool', 'BeforeAgent', 'SessionStart']);

/** It has no limit, and writes `<` and `>` as `&lt;` and `&gt;`. */
function contextChars(eventType: string, inner: Fields): number {
  const context = inner['additionalContext'];
  if (!ADDS_CONTEXT.has(eventType) || typeof context !== 'string') return 0;
  return context.length + 3 * (context.match(/[<>]/g)?.length ?? 0);
}

function warningFor(
  eventType: string,
  exitCode: number | undefined,
  fields: Fields,
  isOther: boolean,
): string | undefined {
  const decision = fields['decision'];
  const isRefusal = WORDS.get(decision) === 'deny' || fields['continue'] === false;
  if (isOther && isRefusal) return `${NAME} does not act on a decision on ${eventType}`;
  if (decision !== undefined && decision !== null && !WORDS.has(decision))
    return `${named('decision', decision)} is not allow, deny, block or ask`;
  const stray = strayField({ ...innerOf(fields), ...fields }, [
    ...['permissionDecision', 'permission', 'behavior'],
  ]);
  if (stray !== undefined) return `${NAME} does not read ${stray}, only decision`;
  const isCode = exitCode !== undefined && exitCode > 1 && REFUSABLE.has(eventType);
  return isCode ? `exit code ${exitCode} does not count beside JSON for ${NAME}` : undefined;
}
