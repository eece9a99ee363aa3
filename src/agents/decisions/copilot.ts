/*
 * Copilot CLI (1.0.102), as it acts: before a tool and for a permission, every exit code but 0 refuses. Events with a capital
 * letter are the same events; before a tool, they also take Claude Code's words.
 */
import type { Answer, Decision, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { charsOf, readStdout, readText, type Said, wordsIn } from './said.ts';
import {
  type Draft,
  named,
  strayField,
  toAnswer,
  toAnswerOf,
  unread,
  type Verdict,
} from './verdict.ts';

const NAME = 'Copilot CLI';

/** 10 KB; for other events no limit is known. */
const MAX_AFTER_TOOL = 10_240;

/** The names with a capital letter that differ in more than that. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['UserPromptSubmit', 'userPromptSubmitted'],
  ['Stop', 'agentStop'],
]);

const KNOWN: ReadonlySet<string> = new Set([
  ...['preToolUse', 'permissionRequest', 'postToolUse', 'postToolUseFailure', 'agentStop'],
  ...['subagentStart', 'subagentStop', 'userPromptSubmitted', 'userPromptTransformed'],
  ...['sessionStart', 'sessionEnd', 'notification', 'preCompact', 'errorOccurred'],
]);

/** Empty if it is not known; then a hook may refuse, by any of the words. */
function eventOf(name: string): string {
  const event = RENAMED.get(name) ?? name.slice(0, 1).toLowerCase() + name.slice(1);
  return KNOWN.has(event) ? event : '';
}

export function readCopilot(output: HookOutput): Answer {
  const { eventType, exitCode } = output;
  const event = eventOf(eventType);
  const said = withoutProgress(readStdout(output));
  const isGate = event === 'preToolUse' || event === 'permissionRequest' || event === '';
  if (exitCode === 0)
    return toAnswerOf(
      said,
      isGate || DECIDED.has(event),
      said.kind === 'object' ? readObject(event, eventType, said) : { warning: unread(said, NAME) },
    );
  if (isGate && exitCode === 2) return toAnswer(readGateRefusal(event, eventType, output, said));
  // A hook that a signal ended may have run out of time, and then the tool runs.
  if (isGate && event !== '' && exitCode !== undefined)
    return toAnswer({ verdicts: [{ decision: 'deny' }] });
  return toAnswer(readFailure(event, exitCode, said));
}

/** Lines by which a hook tells how far it is are no part of its answer. */
function withoutProgress(said: Said): Said {
  if (said.kind === 'nothing' || !said.text.includes('"progress"')) return said;
  const isProgress = (line: string): boolean => readText(line, true).fields['type'] === 'progress';
  const lines = said.text.split('\n').filter((line) => !isProgress(line));
  return readText(lines.join('\n'), !said.isCut);
}

/** The refusal stands whatever the JSON says; its reason is the JSON's. */
function readGateRefusal(event: string, name: string, output: HookOutput, said: Said): Draft {
  const read = said.kind === 'object' ? readObject(event, name, said) : {};
  const denied = read.verdicts?.find(({ decision }) => decision === 'deny');
  const reason = denied?.reason ?? wordsIn(output.stderr);
  return { verdicts: [{ decision: 'deny', reason }] };
}

function readFailure(event: string, exitCode: number | undefined, said: Said): Draft {
  const isContext = event === 'postToolUseFailure' && exitCode === 2;
  const isLost = said.kind === 'object' && strayField(said.fields, ['decision', 'behavior']);
  return {
    contextChars: isContext ? Math.min(said.text.length, MAX_AFTER_TOOL) : 0,
    warning:
      isLost === undefined || isLost === false
        ? undefined
        : `${NAME} reads JSON on this event at exit code 0 only`,
  };
}

function readObject(event: string, name: string, said: Said): Draft {
  const inner = said.fields['hookSpecificOutput'];
  const isPascal = /^[A-Z]/.test(name);
  const fields =
    event === 'preToolUse' && isPascal && isFields(inner)
      ? { ...said.fields, ...inner }
      : said.fields;
  const verdicts = verdictsIn(event, fields);
  const isDenied = verdicts.some(({ decision }) => decision === 'deny');
  return {
    verdicts,
    changesInput: !isDenied && changesInput(event, fields),
    contextChars: contextChars(event, { ...said.longest, ...(isFields(inner) ? fields : {}) }),
    warning: warningFor(event, fields, isPascal),
  };
}

const PERMISSIONS: ReadonlySet<unknown> = new Set(['allow', 'deny', 'ask']);

/** Events whose `decision` counts. */
const DECIDED: ReadonlySet<string> = new Set([
  ...['agentStop', 'subagentStop', 'userPromptSubmitted', 'postToolUse', ''],
]);

const ENDS: ReadonlySet<string> = new Set(['agentStop', 'subagentStop']);

function verdictsIn(event: string, fields: Fields): Verdict[] {
  const verdicts: Verdict[] = [];
  const permission = fields['permissionDecision'];
  if ((event === 'preToolUse' || event === '') && PERMISSIONS.has(permission))
    verdicts.push({
      decision: permission as Decision,
      reason: wordsIn(fields['permissionDecisionReason']),
    });
  const behavior = fields['behavior'];
  const isRequest = event === 'permissionRequest' || event === '';
  if (isRequest && (behavior === 'allow' || behavior === 'deny'))
    verdicts.push({ decision: behavior, reason: wordsIn(fields['message']) });
  const reason = wordsIn(fields['reason']);
  // The reason is the next prompt, so at an end there is no refusal without one.
  if (DECIDED.has(event) && fields['decision'] === 'block' && (reason || !ENDS.has(event)))
    verdicts.push({ decision: 'deny', reason });
  if (ENDS.has(event) && fields['decision'] === 'allow') verdicts.push({ decision: 'allow' });
  return verdicts;
}

/** The field of an event by which the agent works on with something else. */
const CHANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['preToolUse', ['modifiedArgs', 'updatedInput']],
  ['postToolUse', ['modifiedResult']],
  ['userPromptSubmitted', ['modifiedPrompt']],
  ['userPromptTransformed', ['modifiedTransformedPrompt']],
  ['subagentStop', ['modifiedResponse']],
]);

const changesInput = (event: string, fields: Fields): boolean =>
  (CHANGES.get(event) ?? []).some(
    (name) =>
      isFields(fields[name]) || (event !== 'preToolUse' && wordsIn(fields[name]) !== undefined),
  );

const ADDS_CONTEXT: ReadonlySet<string> = new Set([
  ...['preToolUse', 'postToolUse', 'postToolUseFailure', 'userPromptSubmitted'],
  ...['sessionStart', 'subagentStart', 'notification'],
]);

function contextChars(event: string, fields: Fields): number {
  if (!ADDS_CONTEXT.has(event)) return 0;
  const limit = event.startsWith('postToolUse') ? MAX_AFTER_TOOL : Number.POSITIVE_INFINITY;
  return charsOf(fields['additionalContext'], limit);
}

function warningFor(event: string, fields: Fields, isPascal: boolean): string | undefined {
  const permission = fields['permissionDecision'];
  if (event === 'preToolUse' && permission !== undefined && !PERMISSIONS.has(permission))
    return `${named('permissionDecision', permission)} is not allow, deny or ask`;
  if (ENDS.has(event) && fields['decision'] === 'block')
    return 'decision "block" has no reason, so the agent stops';
  if (event !== 'preToolUse' && isFields(fields['hookSpecificOutput']))
    return `${NAME} does not read hookSpecificOutput on ${event || 'this event'}`;
  if (!isPascal && isFields(fields['hookSpecificOutput']))
    return `${NAME} reads hookSpecificOutput only if the settings name the event with a capital letter`;
  const stray = strayField(fields, [
    ...['decision', 'permissionDecision', 'behavior', 'permission'],
    ...(fields['continue'] === false ? ['continue'] : []),
  ]);
  return stray === undefined
    ? undefined
    : `${NAME} does not read ${stray} on ${event || 'this event'}`;
}
