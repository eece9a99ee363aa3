/*
 * Factory Droid (read in 0.225.2): an object counts at every exit code, whatever hookEventName says. Exit code 2 refuses and
 * 3 ends the turn, beside any JSON.
 */
import type { Answer, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, fieldsOf } from '../../domain/answer/fields.ts';
import { readLikeClaude } from './like-claude.ts';
import { isMarked, readStdout, type Said, wordsIn } from './said.ts';
import {
  type Draft,
  exitOneWarning,
  named,
  strayField,
  toAnswer,
  toAnswerOf,
  unread,
  type Verdict,
} from './verdict.ts';

const NAME = 'Factory Droid';

/** Events on which exit code 2 refuses. */
const REFUSABLE: ReadonlySet<string> = new Set([
  ...['PreToolUse', 'UserPromptSubmit', 'Stop', 'PreCompact'],
]);

/** Events on which nothing can be refused. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['SessionStart', 'SessionEnd', 'Notification', 'SubagentStop'],
]);

export function readDroid(output: HookOutput): Answer {
  const { eventType, stdout } = output;
  const isKnown = REFUSABLE.has(eventType) || OTHERS.has(eventType) || eventType === 'PostToolUse';
  // On an event that is not known, or none, a hook may refuse.
  if (!isKnown) return readLikeClaude(output);
  if (OTHERS.has(eventType)) return toAnswer(readOther(output));
  const said = readStdout(output);
  if (said.kind !== 'text' && isMarked(stdout))
    return toAnswer({
      verdicts: codeVerdicts(output, {}),
      warning: `stdout begins with a byte order mark, so ${NAME} does not read it`,
    });
  return toAnswerOf(said, true, readDecided(output, said));
}

function readOther(output: HookOutput): Draft {
  const { eventType } = output;
  const said = readStdout(output);
  const refusal = strayField(said.fields, ['decision']) ?? (isStop(said.fields) && 'continue');
  return {
    contextChars: eventType === 'SessionStart' ? contextChars(output, said) : 0,
    warning: refusal ? `${NAME} does not act on ${refusal} on ${eventType}` : undefined,
  };
}

const isStop = (fields: Fields): boolean => fields['continue'] === false;

function readDecided(output: HookOutput, said: Said): Draft {
  const { eventType, exitCode } = output;
  const { fields } = said;
  const specific = fieldsOf(fields['hookSpecificOutput']);
  const verdicts = [
    ...codeVerdicts(output, fields),
    ...(isStop(fields) && eventType !== 'PreCompact'
      ? [{ decision: 'stop' as const, reason: wordsIn(fields['stopReason']) }]
      : []),
    ...(eventType === 'PreToolUse' ? permissionVerdicts(specific) : []),
    ...(eventType === 'Stop' && fields['decision'] === 'block' && fields['reason']
      ? [{ decision: 'deny' as const, reason: wordsIn(fields['reason']) }]
      : []),
  ];
  const isKept = verdicts.some(({ decision }) => decision !== 'allow');
  const codeWarning =
    exitCode === 1 && REFUSABLE.has(eventType) && said.kind !== 'object'
      ? exitOneWarning(NAME)
      : undefined;
  return {
    verdicts,
    changesInput: !isKept && changesInput(eventType, specific),
    contextChars: contextChars(output, said),
    warning: unread(said, NAME) ?? warningFor(eventType, fields, specific) ?? codeWarning,
  };
}

function codeVerdicts({ eventType, exitCode, stderr }: HookOutput, fields: Fields): Verdict[] {
  const reason = wordsIn(stderr);
  if (exitCode === 3) return [{ decision: eventType === 'PreCompact' ? 'deny' : 'stop', reason }];
  // A block at the end counts before the exit code, even one that has no reason and does nothing.
  const isTaken = eventType === 'Stop' && fields['decision'] === 'block';
  return exitCode === 2 && REFUSABLE.has(eventType) && !isTaken
    ? [{ decision: 'deny', reason }]
    : [];
}

function permissionVerdicts(specific: Fields): Verdict[] {
  const permission = specific['permissionDecision'];
  const reason = wordsIn(specific['permissionDecisionReason']);
  return permission === 'deny' || permission === 'allow' ? [{ decision: permission, reason }] : [];
}

/** Beside a permission that is no allow, changed input does not count. */
function changesInput(eventType: string, specific: Fields): boolean {
  const updated = specific['updatedInput'];
  if (eventType === 'UserPromptSubmit') return typeof fieldsOf(updated)['prompt'] === 'string';
  const permission = specific['permissionDecision'];
  return eventType === 'PreToolUse' && Boolean(updated) && (!permission || permission === 'allow');
}

/** An object with one of these is no context. */
const ANSWER = [
  ...['continue', 'stopReason', 'suppressOutput', 'systemMessage', 'decision', 'reason'],
  'hookSpecificOutput',
];

function contextChars({ eventType, exitCode }: HookOutput, said: Said): number {
  if (isStop(said.fields) || eventType === 'Stop' || eventType === 'PreCompact') return 0;
  const context = fieldsOf(said.longest['hookSpecificOutput'])['additionalContext'];
  if (eventType === 'PostToolUse') return typeof context === 'string' ? context.length : 0;
  if (exitCode !== 0 || eventType === 'PreToolUse') return 0;
  if (typeof context === 'string' && context !== '') return context.length;
  const isAnswer = said.kind === 'object' && ANSWER.some((name) => name in said.fields);
  return isAnswer ? 0 : said.text.length;
}

function warningFor(eventType: string, fields: Fields, specific: Fields): string | undefined {
  const permission = specific['permissionDecision'];
  if (eventType === 'PreToolUse' && permission !== undefined && permission !== null)
    return `${named('permissionDecision', permission)} is not allow or deny, the two that ${NAME} acts on`;
  if (eventType === 'Stop' && fields['decision'] === 'block')
    return 'decision "block" has no reason, so the agent stops';
  const stray = strayField({ ...specific, ...fields }, [
    ...['decision', 'permissionDecision', 'permission', 'behavior'],
    ...(isStop(fields) ? ['continue'] : []),
  ]);
  return stray === undefined ? undefined : `${NAME} does not read ${stray} on ${eventType}`;
}
