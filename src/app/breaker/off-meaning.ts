import { canBlock } from '../../domain/events.ts';
import { type HookId, namelessRuns } from '../../domain/hook/hook-id.ts';
import { DAY_MS } from '../../domain/time.ts';
import { formatThings } from '../../format.ts';
import { isProtected } from '../../gates/policy.ts';
import { redactText } from '../../redaction/redaction.ts';
import type { Database } from '../../store/database.ts';
import {
  type HookDecisions,
  readHookDecisions,
} from '../../store/queries/guards/hook-decisions.ts';

/** What it means to switch hooks off, in words that the command and the dashboard share. */
export interface OffMeaning {
  /** Whether it may let through what the hooks would refuse; true if unknown. */
  readonly isGuard: boolean;
  /** Calls that these hooks refused in the last 24 hours. */
  readonly refusedLastDay: number;
  readonly text: string;
  /** What of the hooks runs all the same, a sentence each. */
  readonly exceptions: readonly string[];
}

/** @param db undefined if there is no database that can be used */
export function readOffMeaning(
  db: Database | undefined,
  hookName: string,
  hooks: readonly HookId[],
  nowMs: number,
): OffMeaning {
  const meant = whatIsRefused(db, hookName, hooks, nowMs);
  const isNameless = hooks.some((hook) => namelessRuns(hook).length > 0);
  if (!isNameless || !isProtected(undefined)) return meant;
  const exception =
    'Where it is run without --name it still runs: /etc/hookbus/policy.json protects every such hook.';
  return { ...meant, text: `${meant.text} ${exception}`, exceptions: [exception] };
}

function whatIsRefused(
  db: Database | undefined,
  hookName: string,
  hooks: readonly HookId[],
  nowMs: number,
): OffMeaning {
  const since = new Date(nowMs - DAY_MS).toISOString();
  const found = db === undefined ? [] : readHookDecisions(db, hookName, since);
  const recorded = new Set(hooks.map(({ command }) => redactText(command)));
  const known = found.filter(({ command }) => recorded.has(command));
  // If one of the hooks never ran, the answer is unknown.
  if (known.length < recorded.size || known.length === 0) {
    return meaning(unknownWords(hookName), true, 0);
  }
  const sum = (count: (of: HookDecisions) => number): number =>
    known.reduce((total, one) => total + count(one), 0);
  const refusedLastDay = sum((one) => one.refusedSince);
  const reason = reasonOf({
    hookName,
    refusedLastDay,
    refused: sum((one) => one.refused),
    answered: sum((one) => one.answered),
    events: [...new Set(known.flatMap(guardedEvents))],
  });
  if (reason === undefined) return meaning(`While ${hookName} is off, it does not run.`, false, 0);
  return meaning(`${reason}; while it is off, it refuses nothing.`, true, refusedLastDay);
}

const guardedEvents = ({ events, isOfCline }: HookDecisions): string[] =>
  events.filter((event) => isOfCline || canBlock(event));

const meaning = (text: string, isGuard: boolean, refusedLastDay: number): OffMeaning => ({
  isGuard,
  refusedLastDay,
  text,
  exceptions: [],
});

const unknownWords = (hookName: string): string =>
  `No recent execution of this command of ${hookName} is recorded, so HookBus cannot tell what it refuses; while it is off, it refuses nothing.`;

interface Reasons {
  readonly hookName: string;
  readonly refused: number;
  readonly refusedLastDay: number;
  readonly answered: number;
  readonly events: readonly string[];
}

function reasonOf({ hookName, refused, refusedLastDay, answered, events }: Reasons) {
  if (refusedLastDay > 0)
    return `${hookName} refused ${formatThings(refusedLastDay, 'call')} in the last 24 h`;
  if (refused > 0)
    return `${hookName} refused ${formatThings(refused, 'call')} before the last 24 h`;
  const named = events.filter((event) => event !== '');
  if (named.length > 0) return `${hookName} runs on ${named.join(', ')}, where a hook can refuse`;
  if (events.length > 0) return `${hookName} runs on an unknown event, so it may refuse`;
  if (answered === 0) return undefined;
  return `${hookName} answered ${formatThings(answered, 'call')} with JSON, which may have been refusals`;
}
