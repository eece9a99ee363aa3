import { type Fields, isFields } from '../../../domain/answer/fields.ts';
import { named } from '../verdict.ts';

type Rule = 'text' | 'yes or no' | 'object' | 'list' | readonly string[];

export type Rules = readonly (readonly [string, Rule])[];

const TOP: Rules = [
  ['continue', 'yes or no'],
  ['suppressOutput', 'yes or no'],
  ['stopReason', 'text'],
  ['decision', ['approve', 'block']],
  ['reason', 'text'],
  ['systemMessage', 'text'],
  ['terminalSequence', 'text'],
];

const REASON = ['permissionDecisionReason', 'text'] as const;
const CONTEXT = ['additionalContext', 'text'] as const;

const PERMISSION: Rules = [
  ['permissionDecision', ['allow', 'deny', 'ask', 'defer']],
  REASON,
  ['updatedInput', 'object'],
];

const PROMPT: Rules = [CONTEXT, ['sessionTitle', 'text'], ['suppressOriginalPrompt', 'yes or no']];
const WATCH: Rules = [['watchPaths', 'list']];

const ELICITATION: Rules = [
  ['action', ['accept', 'decline', 'cancel']],
  ['content', 'object'],
];

/** The events that have an object of their own; any other name in `hookEventName` is wrong. */
const SPECIFIC: ReadonlyMap<string, Rules> = new Map<string, Rules>([
  ['PreToolUse', [...PERMISSION, CONTEXT]],
  ['PreSkillShellCommand', PERMISSION],
  ['PreModelSwitch', [['permissionDecision', ['allow', 'deny', 'ask']], REASON]],
  ['PermissionRequest', [['decision', 'object']]],
  ['Elicitation', ELICITATION],
  ['ElicitationResult', ELICITATION],
  ['UserPromptSubmit', PROMPT],
  ['UserPromptExpansion', PROMPT],
  ['PostToolUse', [CONTEXT, ['classifierContext', 'text']]],
  [
    'SessionStart',
    [CONTEXT, ['initialUserMessage', 'text'], ['reloadSkills', 'yes or no'], ...WATCH],
  ],
  ['PermissionDenied', [['retry', 'yes or no']]],
  ['MessageDisplay', [['displayContent', 'text']]],
  ['WorktreeCreate', [['worktreePath', 'text']]],
  ['CwdChanged', WATCH],
  ['FileChanged', WATCH],
  ...[
    ...['Setup', 'SubagentStart', 'SubagentStop', 'Stop', 'Notification', 'PostToolUseFailure'],
    ...['PostToolBatch', 'PostModelSwitch'],
  ].map((event) => [event, [CONTEXT]] as const),
]);

const REQUEST: Rules = [
  ['behavior', ['allow', 'deny']],
  ['message', 'text'],
  ['interrupt', 'yes or no'],
  ['updatedInput', 'object'],
];

/** Why the client ignores an object: what it finds wrong first. Unknown fields are fine. */
export function schemaProblem(fields: Fields): string | undefined {
  const outer = problemIn(fields, TOP);
  const specific = fields['hookSpecificOutput'];
  if (outer !== undefined || specific === undefined) return outer;
  if (!isFields(specific)) return 'hookSpecificOutput is no object';
  return specificProblem(specific);
}

function specificProblem(specific: Fields): string | undefined {
  const event = specific['hookEventName'];
  if (event === undefined) return 'hookEventName is missing in hookSpecificOutput';
  const rules = SPECIFIC.get(event as string);
  if (rules === undefined)
    return `${named('hookEventName', event)} is not an event that has hookSpecificOutput`;
  const problem = problemIn(specific, rules);
  if (problem !== undefined || event !== 'PermissionRequest') return problem;
  const decision = specific['decision'];
  if (!isFields(decision)) return 'decision is missing in hookSpecificOutput';
  return decision['behavior'] === undefined
    ? 'behavior is missing in decision'
    : problemIn(decision, REQUEST);
}

/** What is wrong first in an object; unknown fields are fine. */
export function problemIn(fields: Fields, rules: Rules): string | undefined {
  for (const [name, rule] of rules) {
    const value = fields[name];
    if (value !== undefined && !isAsRuled(value, rule))
      return typeof rule === 'string'
        ? `${name} is no ${rule}`
        : `${named(name, value)} is not ${listed(rule)}`;
  }
  return undefined;
}

function isAsRuled(value: unknown, rule: Rule): boolean {
  if (rule === 'text') return typeof value === 'string';
  if (rule === 'yes or no') return typeof value === 'boolean';
  if (rule === 'object') return isFields(value);
  if (rule === 'list') return Array.isArray(value);
  return typeof value === 'string' && rule.includes(value);
}

const listed = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');
