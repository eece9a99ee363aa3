/*
 * What a hook said is a refusal where the agent takes it for one. On doubt it is none: nobody shares it, and the hook runs.
 * fixtures/vectors/refusal.json has cases.
 */
import { canBlock } from '../events.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Whether the agent stops what it was about to do when a hook on this event ends so. */
export function isRefusal(eventType: string, exitCode: number | null, stdout: Uint8Array): boolean {
  if (exitCode !== 0 && exitCode !== 2) return false;
  // Of a permission request only JSON decides.
  if (exitCode === 2 && canBlock(eventType) && eventType !== 'PermissionRequest') return true;
  const said = parse(stdout);
  const words = said === undefined ? [] : wordsOf(eventType, said);
  return words.length > 0 && words.every((word) => word === REFUSES);
}

const REFUSES = 'refuses';
const DOUBT = 'doubt';

/** What each field by which a hook decides comes to; nothing of one that is absent. */
function wordsOf(eventType: string, said: Fields): string[] {
  const specific = said['hookSpecificOutput'] ?? undefined;
  const isRequest = eventType === 'PermissionRequest';
  return [
    ...(isRequest ? [] : generalWords(eventType, said)),
    ...(specific === undefined ? [] : specificWords(eventType, isRequest, specific)),
  ];
}

/** Cursor and Copilot write their events with a small letter, or not at all, and have fields of their own. */
const hasSmallLetter = (eventType: string): boolean => !/^[A-Z]/.test(eventType);

/** Gemini's. */
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

/** Of another event than the one it is on, an agent takes nothing. */
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

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for what is no JSON object and nothing else. */
function parse(stdout: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(stdout).toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
