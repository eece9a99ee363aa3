/*
 * Output is a refusal if the agent takes it for one. When in doubt it is none: no duplicate shares it, and the hook runs.
 * fixtures/vectors/refusal.json has cases.
 */

import { canBlock } from '../events.ts';
import { type Fields, isFields } from './fields.ts';

/** Whether the agent stops what it was about to do when a hook on this event ends like this. */
export function isRefusal(eventType: string, exitCode: number | null, stdout: Uint8Array): boolean {
  if (exitCode !== 0 && exitCode !== 2) return false;
  // For a permission request, only JSON decides.
  if (exitCode === 2 && canBlock(eventType) && eventType !== 'PermissionRequest') return true;
  const said = parse(stdout);
  const words = said === undefined ? [] : wordsOf(eventType, said);
  return words.length > 0 && words.every((word) => word === REFUSES);
}

const REFUSES = 'refuses';
const DOUBT = 'doubt';

/** What each decision field amounts to; absent fields give nothing. */
function wordsOf(eventType: string, said: Fields): string[] {
  const specific = said['hookSpecificOutput'] ?? undefined;
  const isRequest = eventType === 'PermissionRequest';
  return [
    ...(isRequest ? [] : generalWords(eventType, said)),
    ...(specific === undefined ? [] : specificWords(eventType, isRequest, specific)),
  ];
}

/** Cursor and Copilot begin event names with a small letter, or send none, and use different fields. */
const hasSmallLetter = (eventType: string): boolean => !/^[A-Z]/.test(eventType);

/** Gemini's events. */
const saysDeny = (eventType: string): boolean => /^(?:Before|After)/.test(eventType);

function generalWords(eventType: string, said: Fields): string[] {
  const isSmall = hasSmallLetter(eventType);
  const decisions = isSmall || saysDeny(eventType) ? ['block', 'deny'] : ['block'];
  return [
    ...word(said['decision'], decisions),
    ...(isSmall ? SMALL_FIELDS.flatMap((name) => word(said[name], ['deny'])) : []),
    ...(said['continue'] === false ? [REFUSES] : []),
    ...([true, false, undefined, null].includes(said['continue'] as null) ? [] : [DOUBT]),
  ];
}

const SMALL_FIELDS = ['permission', 'permissionDecision', 'behavior'];

/** An agent ignores output that names another event. */
function specificWords(eventType: string, isRequest: boolean, specific: unknown): string[] {
  if (!isFields(specific) || specific['hookEventName'] !== eventType) return [DOUBT];
  if (!isRequest) return word(specific['permissionDecision'], ['deny']);
  const decision = specific['decision'] ?? undefined;
  if (decision === undefined) return [];
  return isFields(decision) ? word(decision['behavior'], ['deny']) : [DOUBT];
}

function word(value: unknown, refusing: readonly string[]): string[] {
  if (value === undefined || value === null) return [];
  return [typeof value === 'string' && refusing.includes(value) ? REFUSES : DOUBT];
}

/** Undefined if stdout is not exactly one JSON object. */
function parse(stdout: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(stdout).toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
