import type { Answer, Decision } from '../../domain/answer/decision.ts';
import { problemOf, type Said } from './said.ts';

/** One thing that a hook asks for. */
export interface Verdict {
  readonly decision: Decision;
  readonly reason?: string | undefined;
}

/** What was read of an answer so far. */
export interface Draft {
  readonly verdicts?: readonly Verdict[];
  readonly changesInput?: boolean;
  readonly contextChars?: number;
  /** Why there is no decision. */
  readonly warning?: string | undefined;
}

/** The first of these that a hook asks for is what it asks for. */
const BY_STRENGTH: readonly Decision[] = ['deny', 'defer', 'ask', 'stop', 'allow'];

export function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  for (const decision of BY_STRENGTH) {
    const found = verdicts.filter((verdict) => verdict.decision === decision);
    if (found.length > 0) return found.find(({ reason }) => reason !== undefined) ?? found[0];
  }
  return undefined;
}

/** A warning says why there is no decision, so there is none beside one. */
export function toAnswer(draft: Draft): Answer {
  const { decision, reason } = strongest(draft.verdicts ?? []) ?? { decision: 'none' as const };
  const answer = {
    decision,
    changesInput: draft.changesInput ?? false,
    contextChars: draft.contextChars ?? 0,
  };
  if (decision === 'none' && draft.warning !== undefined)
    return { ...answer, warning: draft.warning };
  return reason === undefined ? answer : { ...answer, reason };
}

/**
 * An answer of which the end is unknown allows nothing for certain where the rest could refuse. What seems wrong in it may
 * only be missing.
 */
export function toAnswerOf({ isCut }: Said, canRefuse: boolean, draft: Draft): Answer {
  if (!isCut) return toAnswer(draft);
  const found = strongest(draft.verdicts ?? [])?.decision;
  const isKnown = found !== undefined && found !== 'allow';
  if (isKnown || !canRefuse) return toAnswer({ ...draft, warning: undefined });
  const warning = 'the JSON is too long for HookBus to read all of it';
  return toAnswer({ ...draft, verdicts: [], warning });
}

/** A value in a warning: only a short word is shown. */
export const named = (field: string, value: unknown): string =>
  typeof value === 'string' && /^[\w-]{1,20}$/.test(value) ? `${field} "${value}"` : field;

/** What is wrong with stdout that is no JSON object, for this agent. */
export function unread(said: Said, agent: string): string | undefined {
  const problem = problemOf(said);
  return problem === undefined ? undefined : `${problem}, so ${agent} does not read it`;
}

export const exitOneWarning = (agent: string): string =>
  `exit code 1 does not refuse: for ${agent}, only exit code 2 or JSON does`;

/** Fields of other agents, or in the wrong place, which this agent does not read. */
export function strayField(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  return names.find((name) => fields[name] !== undefined && fields[name] !== null);
}
