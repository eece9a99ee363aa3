/*
 * Claude Code, as it acts (measured: 2.1.330, test/e2e/decisions.test.ts) and as its types say. It reads an object at every
 * exit code and checks it first: one field of the wrong type, and it ignores all of them.
 */
import type { Answer, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { blocksByExitCode, EVENT_NAMES, takesText } from '../../domain/events.ts';
import { readLikeClaude } from './like-claude.ts';
import { charsOf, readStdout, type Said, wordsIn } from './said.ts';
import { schemaProblem } from './schemas/claude-schema.ts';
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

const NAME = 'Claude Code';

/** More characters go to a file, of which the model gets the start. */
const MAX_CONTEXT = 10_000;

export function readClaude(output: HookOutput): Answer {
  const { eventType, exitCode } = output;
  // On an event that it does not know, or none, a hook may refuse.
  if (!EVENT_NAMES.includes(eventType)) return readLikeClaude(output);
  if (eventType === 'WorktreeCreate') return readWorktree(output);
  const said = readStdout(output);
  const json = said.kind === 'object' ? readObject(eventType, said) : readPlain(output, said);
  const byCode: Verdict[] =
    exitCode === 2 && blocksByExitCode(eventType)
      ? [{ decision: 'deny', reason: wordsIn(output.stderr) }]
      : [];
  return withoutEffects(eventType, said, {
    ...json,
    verdicts: [...(json.verdicts ?? []), ...byCode],
    warning: json.warning ?? codeWarning(output, said),
  });
}

/** Any failure keeps the worktree from being created; on success stdout has its path. */
function readWorktree({ exitCode, stderr }: HookOutput): Answer {
  if (exitCode === 0 || exitCode === undefined) return toAnswer({});
  return toAnswer({ verdicts: [{ decision: 'deny', reason: wordsIn(stderr) }] });
}

/** A refusal leaves no changed input, and a refused prompt no context. */
function withoutEffects(eventType: string, said: Said, draft: Draft): Answer {
  const decision = strongest(draft.verdicts ?? [])?.decision;
  const isRefused = decision === 'deny' || decision === 'stop';
  const isKept = PROMPTS.has(eventType) && isRefused;
  return toAnswerOf(said, readsDecision(eventType), {
    ...draft,
    contextChars: isKept ? 0 : (draft.contextChars ?? 0),
    changesInput:
      draft.changesInput === true &&
      (eventType === 'PostToolUse' || (decision !== 'deny' && decision !== 'defer')),
  });
}

const PROMPTS: ReadonlySet<string> = new Set(['UserPromptSubmit', 'UserPromptExpansion']);

function codeWarning({ eventType, exitCode }: HookOutput, { kind }: Said): string | undefined {
  if (exitCode === 1 && kind !== 'object' && blocksByExitCode(eventType))
    return exitOneWarning(NAME);
  return exitCode === 2 && eventType === 'PermissionRequest'
    ? `exit code 2 does not refuse on PermissionRequest: for ${NAME}, only JSON does`
    : undefined;
}

/** Text that is no object: on some events it is context, also if it is broken JSON. */
function readPlain({ eventType, exitCode }: HookOutput, said: Said): Draft {
  const isContext = exitCode === 0 && takesText(eventType);
  const warning = unread(said, NAME);
  return {
    contextChars: isContext ? Math.min(said.text.length, MAX_CONTEXT) : 0,
    warning: isContext && warning !== undefined ? `${warning}; it is context` : warning,
  };
}

function readObject(eventType: string, said: Said): Draft {
  const { fields } = said;
  if (fields['async'] === true)
    return {
      warning: strayField(fields, ['decision', 'hookSpecificOutput', 'continue'])
        ? `async is true, so ${NAME} does not wait for the decision`
        : undefined,
    };
  const problem = schemaProblem(fields);
  if (problem !== undefined) return { warning: `${problem}, so ${NAME} ignores the JSON` };
  const specific = specificOf(eventType, fields);
  return {
    verdicts: [...topVerdicts(eventType, fields), ...specificVerdicts(eventType, specific)],
    changesInput: changesInput(eventType, specific),
    contextChars: ADDS_CONTEXT.has(eventType)
      ? charsOf(specificOf(eventType, said.longest)['additionalContext'], MAX_CONTEXT)
      : 0,
    warning: misplaced(eventType, fields, specific),
  };
}

/** An object for another event is ignored. */
function specificOf(eventType: string, fields: Fields): Fields {
  const specific = fields['hookSpecificOutput'];
  return isFields(specific) && specific['hookEventName'] === eventType ? specific : {};
}

function topVerdicts(eventType: string, fields: Fields): Verdict[] {
  const decision = fields['decision'];
  const reason = wordsIn(fields['reason']);
  return [
    ...(decision === 'block' && readsBlock(eventType)
      ? [{ decision: 'deny' as const, reason }]
      : []),
    ...(decision === 'approve' && eventType === 'PreToolUse'
      ? [{ decision: 'allow' as const, reason }]
      : []),
    ...(fields['continue'] === false && STOPS.has(eventType)
      ? [{ decision: 'stop' as const, reason: wordsIn(fields['stopReason']) }]
      : []),
  ];
}

const readsDecision = (eventType: string): boolean =>
  blocksByExitCode(eventType) || readsBlock(eventType) || eventType === 'PermissionRequest';

/** Events after which `continue: false` ends the turn. */
const STOPS: ReadonlySet<string> = new Set([
  ...['PreToolUse', 'PostToolUse', 'PostToolBatch', 'UserPromptSubmit', 'UserPromptExpansion'],
  ...['Stop', 'SubagentStop', 'TeammateIdle', 'TaskCreated', 'TaskCompleted'],
]);

/** After a tool, a block gives the reason to the model. */
const readsBlock = (eventType: string): boolean =>
  (blocksByExitCode(eventType) && !eventType.startsWith('Elicitation')) ||
  eventType === 'PostToolUse' ||
  eventType === 'PostToolUseFailure';

const PERMISSION_EVENTS: ReadonlySet<string> = new Set([
  'PreToolUse',
  'PreModelSwitch',
  'PreSkillShellCommand',
]);

function specificVerdicts(eventType: string, specific: Fields): Verdict[] {
  if (eventType === 'PermissionRequest') return requestVerdicts(specific['decision']);
  if (eventType.startsWith('Elicitation')) {
    const action = specific['action'];
    if (action === undefined) return [];
    return [{ decision: action === 'accept' ? 'allow' : 'deny' }];
  }
  if (!PERMISSION_EVENTS.has(eventType)) return [];
  const decision = specific['permissionDecision'] as Verdict['decision'] | undefined;
  const reason = wordsIn(specific['permissionDecisionReason']);
  // Input of such a command is never changed; the try keeps it from running.
  const isKept = eventType === 'PreSkillShellCommand' && specific['updatedInput'] !== undefined;
  return [
    ...(decision === undefined ? [] : [{ decision, reason }]),
    ...(isKept ? [{ decision: 'deny' as const, reason }] : []),
  ];
}

function requestVerdicts(decision: unknown): Verdict[] {
  if (!isFields(decision)) return [];
  return decision['behavior'] === 'deny'
    ? [{ decision: 'deny', reason: wordsIn(decision['message']) }]
    : [{ decision: 'allow' }];
}

function changesInput(eventType: string, specific: Fields): boolean {
  const decision = specific['decision'];
  if (eventType === 'PreToolUse') return specific['updatedInput'] !== undefined;
  if (eventType === 'PermissionRequest')
    return isFields(decision) && decision['updatedInput'] !== undefined;
  if (eventType.startsWith('Elicitation'))
    return specific['action'] === 'accept' && specific['content'] !== undefined;
  return (
    eventType === 'PostToolUse' &&
    (specific['updatedToolOutput'] !== undefined || specific['updatedMCPToolOutput'] !== undefined)
  );
}

const ADDS_CONTEXT: ReadonlySet<string> = new Set([
  ...['PreToolUse', 'PostToolUse', 'PostToolUseFailure', 'PostToolBatch', 'PostModelSwitch'],
  ...['UserPromptSubmit', 'UserPromptExpansion', 'SessionStart', 'Setup', 'Notification'],
  ...['SubagentStart', 'SubagentStop', 'Stop'],
]);

/** What a hook said that its agent does not read. */
function misplaced(eventType: string, fields: Fields, specific: Fields): string | undefined {
  const outer = strayField(fields, [
    ...['permissionDecision', 'permissionDecisionReason', 'updatedInput', 'additionalContext'],
    ...['updatedToolOutput', 'behavior', 'permission'],
  ]);
  if (outer !== undefined)
    return `${outer} is outside of hookSpecificOutput, so ${NAME} ignores it`;
  const inner = fields['hookSpecificOutput'];
  if (isFields(inner) && inner['hookEventName'] !== eventType)
    return `${named('hookEventName', inner['hookEventName'])} is another event, so ${NAME} ignores hookSpecificOutput`;
  if (fields['decision'] === 'block') return `decision has no effect on ${eventType}`;
  if (fields['continue'] === false) return `continue has no effect on ${eventType}`;
  const stray = PERMISSION_EVENTS.has(eventType) ? 'decision' : 'permissionDecision';
  return specific[stray] === undefined ? undefined : `${stray} has no effect on ${eventType}`;
}
