/*
 * Auggie (read in 0.36.0): JSON counts at exit codes 0 and 2, and one field of the wrong type voids all of it. Only before a
 * tool does exit code 2 refuse. Most of what it reads after a tool and at the end, this version does not act on.
 */
import type { Answer, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, fieldsOf, isFields } from '../../domain/answer/fields.ts';
import { readLikeClaude } from './like-claude.ts';
import { charsOf, readStdout, type Said, wordsIn } from './said.ts';
import { problemIn, type Rules } from './schemas/claude-schema.ts';
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

const NAME = 'Auggie';

const DECIDED: ReadonlySet<string> = new Set(['PreToolUse', 'PostToolUse', 'Stop']);

/** Events on which nothing can be refused. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['SessionStart', 'SessionEnd', 'Notification', 'PromptSubmit'],
]);

export function readAuggie(output: HookOutput): Answer {
  const { eventType, exitCode = 0 } = output;
  // On an event that is not known, or none, a hook may refuse.
  if (!DECIDED.has(eventType) && !OTHERS.has(eventType)) return readLikeClaude(output);
  const said = readStdout(output);
  if (exitCode !== 0 && exitCode !== 2) return toAnswer(readFailure(eventType, exitCode, said));
  const read =
    said.kind === 'object' ? readObject(eventType, said) : { warning: unread(said, NAME) };
  const draft = exitCode === 2 ? withRefusal(output, said, read) : read;
  return toAnswerOf(said, DECIDED.has(eventType), draft);
}

function readFailure(eventType: string, exitCode: number, { fields }: Said): Draft {
  if (OTHERS.has(eventType)) return {};
  const stray = strayField(fields, ['hookSpecificOutput', 'continue', 'decision']);
  if (stray !== undefined) return { warning: `${NAME} reads JSON at exit codes 0 and 2 only` };
  const isOne = exitCode === 1 && eventType === 'PreToolUse';
  return { warning: isOne ? exitOneWarning(NAME) : undefined };
}

/** Exit code 2 beside this draft. `continue: true` takes the refusal back. */
function withRefusal({ eventType, stderr }: HookOutput, said: Said, draft: Draft): Draft {
  if (eventType !== 'PreToolUse') {
    const warning = `for ${NAME}, exit code 2 refuses on PreToolUse only`;
    const isWarned = eventType === 'Stop' || eventType === 'PromptSubmit';
    return { ...draft, contextChars: 0, warning: isWarned ? warning : draft.warning };
  }
  if (said.fields['continue'] === true && isRead(said))
    return { ...draft, warning: `continue: true takes back exit code 2 for ${NAME}` };
  const refusal = { decision: 'deny' as const, reason: wordsIn(stderr) };
  return { ...draft, verdicts: [refusal, ...(draft.verdicts ?? [])], changesInput: false };
}

const TOP: Rules = [
  ['continue', 'yes or no'],
  ['stopReason', 'text'],
  ['suppressOutput', 'yes or no'],
  ['systemMessage', 'text'],
  ['additionalContext', 'text'],
];

const BLOCK: Rules = [
  ['decision', ['block']],
  ['reason', 'text'],
];

/** The events that have an object of their own; any other name voids the JSON. */
const SPECIFIC: ReadonlyMap<unknown, Rules> = new Map<unknown, Rules>([
  [
    'PreToolUse',
    [
      ['permissionDecision', ['allow', 'deny', 'ask']],
      ['permissionDecisionReason', 'text'],
      ['updatedInput', 'object'],
    ],
  ],
  ['PostToolUse', [...BLOCK, ['additionalContext', 'text']]],
  ['Stop', BLOCK],
  ['SessionStart', [['additionalContext', 'text']]],
  ['SessionEnd', []],
  ['Notification', []],
]);

function schemaProblem(fields: Fields): string | undefined {
  const outer = problemIn(fields, TOP);
  const specific = fields['hookSpecificOutput'];
  if (outer !== undefined || specific === undefined) return outer;
  if (!isFields(specific)) return 'hookSpecificOutput is no object';
  const rules = SPECIFIC.get(specific['hookEventName']);
  return rules === undefined
    ? `${named('hookEventName', specific['hookEventName'])} is not an event that has hookSpecificOutput`
    : problemIn(specific, rules);
}

const isRead = ({ kind, fields, isCut }: Said): boolean =>
  kind === 'object' && !isCut && schemaProblem(fields) === undefined;

function readObject(eventType: string, said: Said): Draft {
  const { fields, longest } = said;
  const problem = schemaProblem(fields);
  if (problem !== undefined) return { warning: `${problem}, so ${NAME} ignores the JSON` };
  const specific = fieldsOf(fields['hookSpecificOutput']);
  if (OTHERS.has(eventType)) return { warning: unused(eventType, fields, specific) };
  const verdicts = [
    ...specificVerdicts(eventType, specific),
    ...(fields['continue'] === false
      ? [{ decision: 'stop' as const, reason: wordsIn(fields['stopReason']) }]
      : []),
  ];
  const isKept = verdicts.some(({ decision }) => decision === 'deny' || decision === 'stop');
  return {
    verdicts,
    changesInput: eventType === 'PreToolUse' && !isKept && isFields(specific['updatedInput']),
    contextChars: eventType === 'PostToolUse' ? contextChars(longest) : 0,
    warning: warningFor(fields, specific),
  };
}

/** What the object says by the name in it, whatever the event is. Only a block after a tool has to be there. */
function specificVerdicts(eventType: string, specific: Fields): Verdict[] {
  const name = specific['hookEventName'];
  if (name === 'PreToolUse') {
    const decision = specific['permissionDecision'] as Verdict['decision'] | undefined;
    const reason = wordsIn(specific['permissionDecisionReason']);
    return decision === undefined ? [] : [{ decision, reason }];
  }
  const isRefusal = specific['decision'] === 'block' && (name === 'Stop' || name === eventType);
  return isRefusal ? [{ decision: 'deny', reason: wordsIn(specific['reason']) }] : [];
}

function contextChars(longest: Fields): number {
  const specific = fieldsOf(longest['hookSpecificOutput']);
  const isOwn = specific['hookEventName'] === 'PostToolUse' && specific['additionalContext'];
  return charsOf((isOwn ? specific : longest)['additionalContext'], Number.POSITIVE_INFINITY);
}

function unused(eventType: string, fields: Fields, specific: Fields): string | undefined {
  const stray = strayField({ ...fields, ...specific }, [
    ...['permissionDecision', 'decision'],
    ...(fields['continue'] === false ? ['continue'] : []),
  ]);
  return stray === undefined ? undefined : `${NAME} does not act on ${stray} on ${eventType}`;
}

function warningFor(fields: Fields, specific: Fields): string | undefined {
  const outer = strayField(fields, [
    ...['decision', 'permissionDecision', 'permission', 'behavior', 'updatedInput'],
  ]);
  if (outer !== undefined)
    return `${outer} is outside of hookSpecificOutput, so ${NAME} ignores it`;
  return specific['decision'] === 'block'
    ? `a block of ${String(specific['hookEventName'])} has no effect on this event`
    : undefined;
}
