import { type Fields, isFields } from '../../../domain/answer/fields.ts';
import { wordsIn } from '../said.ts';
import { named } from '../verdict.ts';

const ANY_EVENT = ['continue', 'stopReason', 'suppressOutput', 'systemMessage'];
const DECISION = ['decision', 'reason'];

interface Shape {
  /** Fields at the top beside those of any event. */
  readonly top: readonly string[];
  /** Fields of `hookSpecificOutput`; undefined: there is none. */
  readonly inner?: readonly string[];
}

const CONTEXT: Shape = { top: [], inner: ['additionalContext'] };
const STOP: Shape = { top: DECISION };

const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [
    'PreToolUse',
    {
      top: DECISION,
      inner: [
        ...['permissionDecision', 'permissionDecisionReason', 'updatedInput', 'additionalContext'],
      ],
    },
  ],
  ['PermissionRequest', { top: [], inner: ['decision'] }],
  ['PostToolUse', { top: DECISION, inner: ['additionalContext'] }],
  ['UserPromptSubmit', { top: DECISION, inner: ['additionalContext'] }],
  ['SessionStart', CONTEXT],
  ['SubagentStart', CONTEXT],
  ['Stop', STOP],
  ['SubagentStop', STOP],
  ['PreCompact', { top: [] }],
  ['PostCompact', { top: [] }],
]);

const REFUSABLE: ReadonlySet<string> = new Set([
  ...['PreToolUse', 'PermissionRequest', 'PostToolUse', 'UserPromptSubmit'],
  ...['Stop', 'SubagentStop'],
]);

/** Events on which no answer has an effect. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['PreModelRequest', 'PostModelRequest', 'SessionEnd', 'Interrupt', 'StopFailure'],
]);

export const isKnown = (eventType: string): boolean =>
  SHAPES.has(eventType) || WITHOUT_EFFECT.has(eventType);

/** Whether a hook can refuse here. Before and after a request to the model it cannot. */
export const readsDecision = (eventType: string): boolean => REFUSABLE.has(eventType);

/** What the client rejects in an object. Null is as good as absent, except for `continue` and `suppressOutput`. */
export function codexProblem(eventType: string, fields: Fields): string | undefined {
  const shape = SHAPES.get(eventType);
  if (shape === undefined) return effectProblem(eventType, fields);
  return (
    unknownField(fields, [
      ...ANY_EVENT,
      ...shape.top,
      ...(shape.inner === undefined ? [] : ['hookSpecificOutput']),
    ]) ??
    wrongType(fields) ??
    innerProblem(eventType, fields['hookSpecificOutput'], shape.inner ?? []) ??
    (eventType === 'PreToolUse' || eventType === 'PermissionRequest'
      ? unsupported(fields)
      : undefined) ??
    meaningProblem(eventType, fields)
  );
}

function effectProblem(eventType: string, fields: Fields): string | undefined {
  return ['decision', 'hookSpecificOutput'].some((name) => isGiven(fields[name])) ||
    fields['continue'] === false
    ? `no decision has an effect on ${eventType}`
    : undefined;
}

function unknownField(fields: Fields, known: readonly string[]): string | undefined {
  const stray = Object.keys(fields).find((name) => !known.includes(name));
  return stray === undefined ? undefined : `${named('the field', stray)} is unknown here`;
}

function wrongType(fields: Fields): string | undefined {
  for (const name of ['continue', 'suppressOutput'])
    if (fields[name] !== undefined && typeof fields[name] !== 'boolean')
      return `${name} is no yes or no`;
  for (const name of ['stopReason', 'systemMessage', 'reason'])
    if (isGiven(fields[name]) && typeof fields[name] !== 'string') return `${name} is no text`;
  return undefined;
}

const EVENTS: readonly unknown[] = [...SHAPES.keys()];

function innerProblem(eventType: string, inner: unknown, known: readonly string[]) {
  if (!isGiven(inner)) return undefined;
  if (!isFields(inner)) return 'hookSpecificOutput is no object';
  if (inner['hookEventName'] === undefined) return 'hookEventName is missing in hookSpecificOutput';
  // It takes the name of any event.
  if (!EVENTS.includes(inner['hookEventName']))
    return `${named('hookEventName', inner['hookEventName'])} is no event`;
  const stray = unknownField(inner, ['hookEventName', ...known]);
  if (stray !== undefined) return stray;
  for (const name of ['permissionDecisionReason', 'additionalContext'])
    if (isGiven(inner[name]) && typeof inner[name] !== 'string') return `${name} is no text`;
  return eventType === 'PermissionRequest' ? requestProblem(inner['decision']) : undefined;
}

function requestProblem(decision: unknown): string | undefined {
  if (!isGiven(decision)) return undefined;
  if (!isFields(decision)) return 'decision is no object';
  const word = decision['behavior'];
  if (word !== 'allow' && word !== 'deny') return `${named('behavior', word)} is not allow or deny`;
  if (isGiven(decision['updatedInput'])) return 'updatedInput is not supported';
  return decision['interrupt'] === true ? 'interrupt is not supported' : undefined;
}

function unsupported(fields: Fields): string | undefined {
  if (fields['continue'] === false) return 'continue is not supported here';
  if (isGiven(fields['stopReason'])) return 'stopReason is not supported here';
  return fields['suppressOutput'] === true ? 'suppressOutput is not supported here' : undefined;
}

function meaningProblem(eventType: string, fields: Fields): string | undefined {
  const inner = fields['hookSpecificOutput'];
  if (eventType === 'PreToolUse' && isFields(inner)) {
    const names = ['permissionDecision', 'permissionDecisionReason', 'updatedInput'];
    if (names.some((name) => isGiven(inner[name]))) return permissionProblem(inner);
  }
  const decision = fields['decision'];
  if (isGiven(decision) && decision !== 'block')
    return `${named('decision', decision)} is not block`;
  if (decision === 'block' && wordsIn(fields['reason']) === undefined)
    return 'decision "block" has no reason';
  return undefined;
}

function permissionProblem(inner: Fields): string | undefined {
  const decision = inner['permissionDecision'] ?? undefined;
  const hasInput = isGiven(inner['updatedInput']);
  if (hasInput && decision !== 'allow') return 'updatedInput needs permissionDecision "allow"';
  if (decision === 'allow')
    return hasInput
      ? undefined
      : 'permissionDecision "allow" is not supported without updatedInput';
  if (decision !== 'deny') return `${named('permissionDecision', decision)} is not supported`;
  return wordsIn(inner['permissionDecisionReason']) === undefined
    ? 'permissionDecision "deny" has no permissionDecisionReason'
    : undefined;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
