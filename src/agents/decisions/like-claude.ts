/*
 * Agents that copy Claude Code's contract, as far as it is known: they do not check the types of fields they do not need.
 * Where their own words are not known, any agent's word for a refusal counts. What `isRefusal` takes for a refusal is one
 * here.
 */
import type { Answer, Decision, HookOutput } from '../../domain/answer/decision.ts';
import { type Fields, isFields } from '../../domain/answer/fields.ts';
import { canBlock, takesText } from '../../domain/events.ts';
import { charsOf, readStdout, type Said, wordsIn } from './said.ts';
import { type Draft, exitOneWarning, named, toAnswerOf, unread, type Verdict } from './verdict.ts';

const NAME = 'the agent';

const MAX_CONTEXT = 10_000;

export function readLikeClaude(output: HookOutput): Answer {
  const { eventType, exitCode } = output;
  const said = readStdout(output);
  const mayBlock = canBlock(eventType) && eventType !== 'PermissionRequest';
  const json: Draft =
    said.kind === 'object' ? readObject(eventType, said) : readPlain(output, said);
  const byCode: Verdict[] =
    exitCode === 2 && mayBlock ? [{ decision: 'deny', reason: wordsIn(output.stderr) }] : [];
  const codeWarning =
    exitCode === 1 && mayBlock && said.kind !== 'object' ? exitOneWarning(NAME) : undefined;
  return toAnswerOf(said, true, {
    ...json,
    verdicts: [...(json.verdicts ?? []), ...byCode],
    changesInput: json.changesInput === true && byCode.length === 0,
    warning: json.warning ?? codeWarning,
  });
}

function readPlain({ eventType, exitCode }: HookOutput, said: Said): Draft {
  const isContext = said.kind === 'text' && exitCode === 0 && takesText(eventType);
  return {
    contextChars: isContext ? Math.min(said.text.length, MAX_CONTEXT) : 0,
    warning: unread(said, NAME),
  };
}

function readObject(eventType: string, { fields, longest }: Said): Draft {
  const specific = innerOf(fields);
  const isOfEvent = specific['hookEventName'] === eventType;
  const verdicts = [
    ...(eventType === 'PermissionRequest' ? [] : topVerdicts(eventType, fields)),
    ...(isOfEvent ? specificVerdicts(eventType, specific) : []),
  ];
  const isDenied = verdicts.some(({ decision }) => decision === 'deny');
  return {
    verdicts,
    changesInput: isOfEvent && !isDenied && changesInput(specific),
    contextChars: isOfEvent ? charsOf(innerOf(longest)['additionalContext'], MAX_CONTEXT) : 0,
    warning: problem(fields, specific, isOfEvent),
  };
}

function innerOf(fields: Fields): Fields {
  const inner = fields['hookSpecificOutput'];
  return isFields(inner) ? inner : {};
}

/** Events of Cursor, Copilot CLI and Cline begin with a small letter, those of Gemini CLI with Before or After. */
const isForeign = (eventType: string): boolean => !/^(?!Before|After)[A-Z]/.test(eventType);

const isSmall = (eventType: string): boolean => !/^[A-Z]/.test(eventType);

function topVerdicts(eventType: string, fields: Fields): Verdict[] {
  const reason = wordsIn(fields['reason']);
  const decision = decisionOf(fields['decision'], isForeign(eventType));
  return [
    ...(decision === undefined ? [] : [{ decision, reason }]),
    ...(isSmall(eventType) ? smallVerdicts(fields) : []),
    ...(fields['continue'] === false
      ? [{ decision: 'stop' as const, reason: wordsIn(fields['stopReason']) }]
      : []),
  ];
}

function decisionOf(word: unknown, isOther: boolean): Decision | undefined {
  if (word === 'block' || (isOther && word === 'deny')) return 'deny';
  return word === 'approve' || (isOther && word === 'allow') ? 'allow' : undefined;
}

const PERMISSIONS: ReadonlySet<unknown> = new Set(['allow', 'deny', 'ask', 'defer']);

const permissionOf = (word: unknown): Decision | undefined =>
  PERMISSIONS.has(word) ? (word as Decision) : undefined;

function smallVerdicts(fields: Fields): Verdict[] {
  const reason =
    wordsIn(fields['permissionDecisionReason']) ??
    wordsIn(fields['user_message'] ?? fields['userMessage']) ??
    wordsIn(fields['message'] ?? fields['errorMessage']);
  const words = ['permission', 'permissionDecision', 'behavior'].map((name) =>
    permissionOf(fields[name]),
  );
  return [
    ...words.flatMap((decision) => (decision === undefined ? [] : [{ decision, reason }])),
    // Cline's.
    ...(fields['cancel'] === true ? [{ decision: 'deny' as const, reason }] : []),
  ];
}

function specificVerdicts(eventType: string, specific: Fields): Verdict[] {
  const isRequest = eventType === 'PermissionRequest';
  const given = specific['decision'];
  const source = isRequest && isFields(given) ? given : specific;
  const decision = permissionOf(isRequest ? source['behavior'] : source['permissionDecision']);
  const reason = wordsIn(isRequest ? source['message'] : source['permissionDecisionReason']);
  return decision === undefined ? [] : [{ decision, reason }];
}

function changesInput(specific: Fields): boolean {
  const given = specific['decision'];
  return (
    isFields(specific['updatedInput']) ||
    (specific['updatedToolOutput'] ?? undefined) !== undefined ||
    (isFields(given) && isFields(given['updatedInput']))
  );
}

function problem(fields: Fields, specific: Fields, isOfEvent: boolean): string | undefined {
  if (fields['hookSpecificOutput'] !== undefined && !isOfEvent)
    return `${named('hookEventName', specific['hookEventName'])} is not the event, so hookSpecificOutput is ignored`;
  const inner = specific['permissionDecision'];
  if (inner !== undefined && permissionOf(inner) === undefined)
    return `${named('permissionDecision', inner)} is not allow, deny, ask or defer`;
  if (fields['decision'] !== undefined && fields['decision'] !== null)
    return `${named('decision', fields['decision'])} is not approve or block`;
  return fields['permissionDecision'] === undefined
    ? undefined
    : 'permissionDecision is outside of hookSpecificOutput, so it is ignored';
}
