/*
 * Codex (0.171): JSON counts at exit code 0 alone, an unknown field or a wrong type voids all of it, and a refusal without a
 * reason is none.
 */
import type { Answer, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { readLikeClaude } from './like-claude.ts';
import { charsOf, depthOf, isMarked, readStdout, type Said, wordsIn } from './said.ts';
import { codexProblem, isKnown, readsDecision } from './schemas/codex-schema.ts';
import { type Draft, exitOneWarning, strayField, toAnswer, toAnswerOf, unread } from './verdict.ts';

const NAME = 'Codex';

/** 2,500 tokens of four bytes each; of a longer text the model gets the two ends. */
const MAX_CONTEXT = 10_000;

export function readCodex(output: HookOutput): Answer {
  const { eventType, exitCode } = output;
  // On an event that is not known, or none, a hook may refuse.
  if (!isKnown(eventType)) return readLikeClaude(output);
  const said = readStdout(output);
  if (exitCode === 0)
    return toAnswerOf(said, readsDecision(eventType), readGood(eventType, said, output.stdout));
  if (exitCode === 2 && readsDecision(eventType)) return toAnswer(readRefusal(output));
  if (said.kind === 'object' && hasDecision(said.fields))
    return toAnswer({ warning: `${NAME} reads JSON at exit code 0 only` });
  return toAnswer({
    warning: exitCode === 1 && readsDecision(eventType) ? exitOneWarning(NAME) : undefined,
  });
}

function readRefusal({ stderr }: HookOutput): Draft {
  const reason = wordsIn(stderr);
  return reason === undefined
    ? { warning: `exit code 2 needs a reason on stderr; without one, ${NAME} goes on` }
    : { verdicts: [{ decision: 'deny', reason }] };
}

const hasDecision = (fields: Fields): boolean =>
  strayField(fields, ['decision', 'hookSpecificOutput', 'continue']) !== undefined;

function readGood(eventType: string, said: Said, stdout: Uint8Array): Draft {
  if (said.kind === 'nothing') return {};
  // Unlike others, it does not skip a byte order mark.
  if (isMarked(stdout) && said.kind !== 'text')
    return { warning: `stdout begins with a byte order mark, so ${NAME} does not read it` };
  if (said.kind !== 'object') return readPlain(eventType, said);
  const problem = parserProblem(said) ?? codexProblem(eventType, said.fields);
  if (problem !== undefined) return { warning: `${problem}, so ${NAME} ignores the JSON` };
  return readObject(eventType, said);
}

const MAX_DEPTH = 127;

/** What its parser rejects, unlike that of JavaScript. */
function parserProblem({ text, isCut }: Said): string | undefined {
  if (depthOf(text) > MAX_DEPTH) return 'the JSON is nested too deep';
  if (isCut || !text.includes('\\u')) return undefined;
  let isLone = false;
  JSON.parse(text, (_key, value: unknown) => {
    isLone ||= typeof value === 'string' && /\p{Surrogate}/u.test(value);
    return value;
  });
  return isLone ? 'a text has half of a character' : undefined;
}

const TEXT_EVENTS: ReadonlySet<string> = new Set(['SessionStart', 'UserPromptSubmit']);

function readPlain(eventType: string, said: Said): Draft {
  const isContext =
    said.kind === 'text' && TEXT_EVENTS.has(eventType) && !said.text.startsWith('[');
  const isStop = eventType === 'Stop' || eventType === 'SubagentStop';
  return {
    contextChars: isContext ? Math.min(said.text.length, MAX_CONTEXT) : 0,
    warning: unread(said, NAME) ?? (isStop ? `${NAME} takes only JSON on ${eventType}` : undefined),
  };
}

function innerOf(fields: Fields): Fields {
  const inner = fields['hookSpecificOutput'];
  return isFields(inner) ? inner : {};
}

function readObject(eventType: string, { fields, longest }: Said): Draft {
  const specific = innerOf(fields);
  const contextChars = charsOf(innerOf(longest)['additionalContext'], MAX_CONTEXT);
  const reason = wordsIn(fields['reason']);
  if (fields['continue'] === false && STOPS.has(eventType))
    return {
      verdicts: [{ decision: 'stop', reason: wordsIn(fields['stopReason']) ?? reason }],
      contextChars,
    };
  if (eventType === 'PermissionRequest') return requestDraft(specific['decision']);
  const isBlock = fields['decision'] === 'block';
  if (eventType === 'PreToolUse') {
    const permission = permissionDraft(specific);
    if (permission !== undefined) return { ...permission, contextChars };
  }
  return { verdicts: isBlock ? [{ decision: 'deny', reason }] : [], contextChars };
}

const STOPS: ReadonlySet<string> = new Set([
  ...['PostToolUse', 'UserPromptSubmit', 'SessionStart', 'SubagentStart', 'Stop', 'SubagentStop'],
  'PreCompact',
]);

function permissionDraft(specific: Fields): Draft | undefined {
  const decision = specific['permissionDecision'];
  const reason = wordsIn(specific['permissionDecisionReason']);
  if (decision === 'deny') return { verdicts: [{ decision, reason }] };
  return decision === 'allow'
    ? { verdicts: [{ decision, reason }], changesInput: isGiven(specific['updatedInput']) }
    : undefined;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function requestDraft(decision: unknown): Draft {
  if (!isFields(decision)) return {};
  const isAllowed = decision['behavior'] === 'allow';
  return {
    verdicts: isAllowed
      ? [{ decision: 'allow' }]
      : [{ decision: 'deny', reason: wordsIn(decision['message']) }],
  };
}
