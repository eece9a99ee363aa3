/*
 * Cursor, as its documentation says: exit code 2 refuses, JSON counts at exit code 0, and each event has its own words. Hooks
 * that it takes from Claude Code's files have Claude Code's events and words.
 */
import type { Answer, Decision, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { readLikeClaude } from './like-claude.ts';
import { charsOf, readStdout, type Said, wordsIn } from './said.ts';
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

const NAME = 'Cursor';

/** Events after which there is nothing left to refuse. */
const CANNOT_REFUSE: ReadonlySet<string> = new Set([
  ...['afterShellExecution', 'afterMCPExecution', 'afterFileEdit', 'afterTabFileEdit'],
  ...['afterAgentResponse', 'afterAgentThought', 'postToolUse', 'postToolUseFailure'],
  ...['sessionStart', 'sessionEnd', 'preCompact', 'workspaceOpen'],
]);

const ENDS: ReadonlySet<string> = new Set(['stop', 'subagentStop']);

export function readCursor(output: HookOutput): Answer {
  const { eventType, exitCode, stderr } = output;
  if (/^[A-Z]/.test(eventType)) return readLikeClaude(output);
  const said = readStdout(output);
  const canRefuse = !CANNOT_REFUSE.has(eventType) && !ENDS.has(eventType);
  if (exitCode === 0)
    return toAnswerOf(said, !CANNOT_REFUSE.has(eventType), readGood(eventType, said, canRefuse));
  if (exitCode === 2 && canRefuse)
    return toAnswer({
      verdicts: [{ decision: 'deny', reason: reasonIn(said.fields) ?? wordsIn(stderr) }],
    });
  if (said.kind === 'object' && strayField(said.fields, WORDS) !== undefined)
    return toAnswer({ warning: `${NAME} reads JSON at exit code 0 only` });
  return toAnswer({ warning: exitCode === 1 && canRefuse ? exitOneWarning(NAME) : undefined });
}

const WORDS = ['permission', 'continue', 'followup_message', 'updated_input'];

function reasonIn(fields: Fields): string | undefined {
  const names = ['user_message', 'userMessage', 'agent_message', 'agentMessage'];
  return names.map((name) => wordsIn(fields[name])).find((words) => words !== undefined);
}

function readGood(eventType: string, said: Said, canRefuse: boolean): Draft {
  if (said.kind !== 'object') return { warning: unread(said, NAME) };
  const { fields, longest } = said;
  const verdicts = canRefuse ? gateVerdicts(eventType, fields) : endVerdicts(eventType, fields);
  const isDenied = verdicts.some(({ decision }) => decision === 'deny');
  return {
    verdicts,
    changesInput: !isDenied && changesInput(eventType, fields),
    contextChars: ADDS_CONTEXT.has(eventType)
      ? charsOf(longest['additional_context'], Number.POSITIVE_INFINITY)
      : 0,
    warning: warningFor(eventType, fields, canRefuse),
  };
}

const ADDS_CONTEXT: ReadonlySet<string> = new Set(['sessionStart', 'postToolUse']);

const PERMISSIONS: ReadonlySet<unknown> = new Set(['allow', 'deny', 'ask']);

/** Before a prompt, `continue` is the permission. */
function gateVerdicts(eventType: string, fields: Fields): Verdict[] {
  const permission = fields['permission'];
  const reason = reasonIn(fields);
  if (eventType === 'beforeSubmitPrompt') {
    if (fields['continue'] === false) return [{ decision: 'deny', reason }];
    return fields['continue'] === true ? [{ decision: 'allow', reason }] : [];
  }
  if (PERMISSIONS.has(permission)) return [{ decision: permission as Decision, reason }];
  return fields['continue'] === false ? [{ decision: 'stop', reason }] : [];
}

/** At the end, a message has the agent go on. */
function endVerdicts(eventType: string, fields: Fields): Verdict[] {
  const message = wordsIn(fields['followup_message']);
  return ENDS.has(eventType) && message !== undefined
    ? [{ decision: 'deny', reason: message }]
    : [];
}

const changesInput = (eventType: string, fields: Fields): boolean =>
  (eventType === 'preToolUse' && isFields(fields['updated_input'])) ||
  (eventType === 'postToolUse' && (fields['updated_mcp_tool_output'] ?? undefined) !== undefined);

function warningFor(eventType: string, fields: Fields, canRefuse: boolean): string | undefined {
  const permission = fields['permission'];
  if (!canRefuse && permission === 'deny') return `permission has no effect on ${eventType}`;
  if (permission !== undefined && !PERMISSIONS.has(permission))
    return `${named('permission', permission)} is not allow, deny or ask`;
  if (eventType === 'beforeSubmitPrompt' && permission !== undefined)
    return 'permission has no effect on beforeSubmitPrompt: continue has';
  const stray = strayField(fields, ['decision', 'permissionDecision', 'hookSpecificOutput']);
  return stray === undefined ? undefined : `${NAME} does not read ${stray} on ${eventType}`;
}
