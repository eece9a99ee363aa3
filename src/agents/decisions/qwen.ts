/*
 * Qwen Code (read in 0.24.4): at exit code 2 it reads stderr alone, at others stdout or, if that is empty, stderr. An object
 * decides whatever the exit code is; text refuses at exit code 2 alone.
 */
import type { Answer, Decision, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, fieldsOf, isFields } from '../../domain/answer/fields.ts';
import { canBlock, EVENT_NAMES, takesText } from '../../domain/events.ts';
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

const NAME = 'Qwen Code';

/** It has no limit for other events, and writes `<` and `>` as `&lt;` and `&gt;`. */
const MAX_EXPANSION_CONTEXT = 10_000;

export function readQwen(output: HookOutput): Answer {
  const { eventType, exitCode, stdout, isComplete, stderr } = output;
  if (exitCode === 2) return toAnswer(readRefusal(output));
  // The record has no text, but there was some.
  if (stdout.length === 0 && !isComplete) return toAnswer({});
  const out = readStdout(output);
  const said = unquoted(out.kind === 'nothing' ? readText(stderr, true) : out);
  if (said.kind === 'object') return toAnswerOf(said, true, readObject(eventType, said));
  const isContext = out.kind === 'text' && exitCode === 0 && takesText(eventType);
  const isRefusable = canBlock(eventType) && eventType !== 'PermissionRequest';
  const isOne = exitCode === 1 && isRefusable;
  return toAnswer({
    contextChars: isContext ? out.text.length : 0,
    warning: unread(out, NAME) ?? (isOne ? exitOneWarning(NAME) : undefined),
  });
}

function readRefusal(output: HookOutput): Draft {
  const { eventType, stderr } = output;
  const said = readText(stderr, true);
  const inner = unquoted(said);
  if (inner.kind === 'object') return readObject(eventType, inner);
  if (!canBlock(eventType)) return {};
  if (eventType === 'PermissionRequest')
    return {
      warning: `exit code 2 does not refuse on PermissionRequest: for ${NAME}, only JSON does`,
    };
  if (said.kind !== 'nothing') return { verdicts: [{ decision: 'deny', reason: said.text }] };
  const isLost = readStdout(output).kind === 'object';
  return {
    warning: isLost
      ? `at exit code 2, ${NAME} does not read stdout, and stderr is empty`
      : `exit code 2 needs a text on stderr; without one, ${NAME} goes on`,
  };
}

function readObject(eventType: string, { fields, longest }: Said): Draft {
  const specific = fieldsOf(fields['hookSpecificOutput']);
  const verdicts = [
    ...decisionVerdicts(eventType, fields, specific),
    ...(eventType === 'PermissionRequest' ? [] : stopVerdicts(fields)),
  ];
  const decision = strongest(verdicts)?.decision ?? 'allow';
  const isKept = decision !== 'allow' && !eventType.startsWith('PostTool');
  return {
    verdicts,
    changesInput: !isKept && isFields(fieldsOf(specific['decision'])['updatedInput']),
    contextChars: isKept ? 0 : contextChars(eventType, longest),
    warning: warningFor(eventType, fields, specific),
  };
}

const WORDS: ReadonlyMap<unknown, Decision> = new Map<unknown, Decision>([
  ['block', 'deny'],
  ['deny', 'deny'],
  ['ask', 'ask'],
  ['allow', 'allow'],
  ['approve', 'allow'],
]);

/** On an event that is not known, or none, any of the words may count. */
const readsPermission = (eventType: string): boolean =>
  eventType === 'PreToolUse' || !EVENT_NAMES.includes(eventType);

const PERMISSIONS: ReadonlySet<unknown> = new Set(['allow', 'deny', 'ask']);

function decisionVerdicts(eventType: string, fields: Fields, specific: Fields): Verdict[] {
  if (eventType === 'PermissionRequest') return requestVerdicts(specific['decision']);
  const reason = wordsIn(fields['reason']);
  const permission = specific['permissionDecision'];
  // Before a tool, the permission counts and not the decision beside it.
  if (readsPermission(eventType) && PERMISSIONS.has(permission)) {
    const own = wordsIn(specific['permissionDecisionReason']);
    return [{ decision: permission as Decision, reason: own ?? reason }];
  }
  const decision = WORDS.get(fields['decision']);
  const isRead = readsPermission(eventType) || decision === 'deny';
  return decision !== undefined && isRead && canBlock(eventType) ? [{ decision, reason }] : [];
}

/** What is no allow is a refusal. */
function requestVerdicts(given: unknown): Verdict[] {
  if (!isFields(given)) return [];
  if (given['behavior'] === 'allow') return [{ decision: 'allow' }];
  return [{ decision: 'deny', reason: wordsIn(given['message']) }];
}

const stopVerdicts = (fields: Fields): Verdict[] =>
  fields['continue'] === false
    ? [{ decision: 'stop', reason: wordsIn(fields['stopReason']) ?? wordsIn(fields['reason']) }]
    : [];

function contextChars(eventType: string, longest: Fields): number {
  const context = fieldsOf(longest['hookSpecificOutput'])['additionalContext'];
  if (typeof context !== 'string') return 0;
  const length = context.length + 3 * (context.match(/[<>]/g)?.length ?? 0);
  return eventType === 'UserPromptExpansion' ? Math.min(length, MAX_EXPANSION_CONTEXT) : length;
}

function warningFor(eventType: string, fields: Fields, specific: Fields): string | undefined {
  const permission = specific['permissionDecision'];
  if (readsPermission(eventType) && permission !== undefined && !PERMISSIONS.has(permission))
    return `${named('permissionDecision', permission)} is not allow, deny or ask`;
  const decision = fields['decision'];
  if (decision !== undefined && decision !== null && !WORDS.has(decision))
    return `${named('decision', decision)} is not allow, deny, block or ask`;
  if (WORDS.get(decision) === 'deny') return `decision has no effect on ${eventType}`;
  const stray = strayField({ ...specific, ...fields }, [
    ...['permissionDecision', 'permission', 'behavior'],
    ...(eventType === 'PreToolUse' ? ['updatedInput'] : []),
  ]);
  return stray === undefined ? undefined : `${NAME} does not read ${stray} on ${eventType}`;
}
