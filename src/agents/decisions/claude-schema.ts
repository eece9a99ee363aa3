import { EVENT_NAMES } from '../../domain/events.ts';
import { type Fields, isFields } from './said.ts';
import { named } from './verdict.ts';

type Rule = 'text' | 'yes or no' | 'object' | readonly string[];

const TOP: readonly (readonly [string, Rule])[] = [
  ['continue', 'yes or no'],
  ['suppressOutput', 'yes or no'],
  ['stopReason', 'text'],
  ['decision', ['approve', 'block']],
  ['reason', 'text'],
  ['systemMessage', 'text'],
  ['terminalSequence', 'text'],
];

const PERMISSION: readonly (readonly [string, Rule])[] = [
  ['permissionDecision', ['allow', 'deny', 'ask', 'defer']],
  ['permissionDecisionReason', 'text'],
  ['updatedInput', 'object'],
];

const ELICITATION: readonly (readonly [string, Rule])[] = [
  ['action', ['accept', 'decline', 'cancel']],
  ['content', 'object'],
];

/** What is checked in the object of an event beside `additionalContext`. */
const SPECIFIC: ReadonlyMap<string, readonly (readonly [string, Rule])[]> = new Map([
  ['PreToolUse', PERMISSION],
  ['PreSkillShellCommand', PERMISSION],
  [
    'PreModelSwitch',
    [
      ['permissionDecision', ['allow', 'deny', 'ask']],
      ['permissionDecisionReason', 'text'],
    ],
  ],
  ['PermissionRequest', [['decision', 'object']]],
  ['Elicitation', ELICITATION],
  ['ElicitationResult', ELICITATION],
]);

const REQUEST: readonly (readonly [string, Rule])[] = [
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
  if (typeof event !== 'string' || !EVENT_NAMES.includes(event))
    return `${named('hookEventName', event)} is no event`;
  const rules = [...(SPECIFIC.get(event) ?? []), ['additionalContext', 'text'] as const];
  const problem = problemIn(specific, rules);
  if (problem !== undefined || event !== 'PermissionRequest') return problem;
  const decision = specific['decision'];
  if (!isFields(decision)) return 'decision is missing in hookSpecificOutput';
  return decision['behavior'] === undefined
    ? 'behavior is missing in decision'
    : problemIn(decision, REQUEST);
}

function problemIn(fields: Fields, rules: readonly (readonly [string, Rule])[]) {
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
  return typeof value === 'string' && rule.includes(value);
}

const listed = (words: readonly string[]): string =>
  `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
