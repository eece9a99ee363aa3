import { TEXT_EVENTS, waitsForHooks } from '../../../domain/events.ts';
import {
  type CallCost,
  createBlocking,
  longest,
  type SessionCost,
} from '../../../metrics/blocking.ts';
import type { Database } from '../../../store/database.ts';
import type { DayQuestion } from '../../../store/days/by-day.ts';
import {
  type ContextRow,
  eachCostRow,
  readContextRows,
  readTexts,
  type Scope,
  type TextRow,
} from '../../../store/queries/costs.ts';
import { MAX_CHARACTERS } from '../../../store/queries/problems.ts';

/** How many tool calls the report lists; more if it is about one session. */
export const MAX_CALLS = 100;
export const MAX_CALLS_OF_SESSION = 1000;

/** What one hook cost on one event. */
interface HookPart {
  readonly hookName: string;
  readonly eventType: string;
  waitedMs: number;
  criticalCalls: number;
  gainMs: number;
}

/** What the executions of one day or one session cost, as JSON. */
export interface CostPart {
  readonly notWaited: { readonly executions: number; readonly ms: number };
  readonly hooks: readonly HookPart[];
  readonly sessions: readonly SessionCost[];
  readonly callCount: number;
  /** The longest ones. */
  readonly calls: readonly CallCost[];
  readonly context: readonly ContextRow[];
  readonly texts: readonly (readonly [hookName: string, eventType: string, ...TextColumns])[];
}

type TextColumns = [sessionId: string | null, digest: string, times: number, most: number];

export const COSTS_BY_DAY: DayQuestion<CostPart> = {
  kind: 'costs 1',
  read: (db, span) => readCostPart(db, span, MAX_CALLS),
};

/**
 * Streams the executions, so that many need no more memory than a few. What goes over midnight UTC counts in both days.
 */
export function readCostPart(db: Database, scope: Scope, maxCalls: number): CostPart {
  const blocking = createBlocking(maxCalls);
  const hooks = new Map<string, HookPart>();
  const notWaited = { executions: 0, ms: 0 };
  eachCostRow(db, scope, (row) => {
    const tookMs = (row.durationMs ?? 0) + (row.overheadMs ?? 0);
    if (!waitsForHooks(row.eventType)) {
      notWaited.executions += 1;
      notWaited.ms += tookMs;
      return;
    }
    hookIn(hooks, row).waitedMs += tookMs;
    blocking.add({ ...row, startMs: Date.parse(row.createdAt), tookMs });
  });
  const { sessions, calls, callCount, criticalOf } = blocking.end();
  for (const hook of hooks.values()) {
    const critical = criticalOf(hook.hookName, hook.eventType);
    hook.criticalCalls = critical.calls;
    hook.gainMs = critical.gainMs;
  }
  const rules = { textEvents: TEXT_EVENTS, maxCharacters: MAX_CHARACTERS };
  const texts = readTexts(db, scope, rules);
  return {
    notWaited,
    hooks: [...hooks.values()],
    sessions,
    callCount,
    calls,
    context: readContextRows(db, scope, rules),
    texts: texts.map(({ hookName, eventType, sessionId, digest, times, most }) => [
      ...([hookName, eventType, sessionId, digest, times, most] as const),
    ]),
  };
}

interface HookName {
  readonly hookName: string;
  readonly eventType: string;
}

const keyOf = ({ hookName, eventType }: HookName): string => `${hookName}\0${eventType}`;

function hookIn(hooks: Map<string, HookPart>, of: HookName): HookPart {
  const key = keyOf(of);
  let hook = hooks.get(key);
  if (hook === undefined) {
    const { hookName, eventType } = of;
    hook = { hookName, eventType, waitedMs: 0, criticalCalls: 0, gainMs: 0 };
    hooks.set(key, hook);
  }
  return hook;
}

/** How often a hook repeated its output within a session. */
interface Repeated {
  times: number;
  characters: number;
}

/** All parts as one. */
export interface Costs {
  readonly notWaited: CostPart['notWaited'];
  readonly hookOf: (hook: HookName) => HookPart;
  readonly sessions: readonly SessionCost[];
  readonly callCount: number;
  readonly calls: readonly CallCost[];
  readonly context: readonly (ContextRow & { readonly repeated: Repeated })[];
}

/** Adds up parts, which come in the order of their time. */
export function addUpCosts(parts: Iterable<CostPart>, maxCalls: number): Costs {
  const notWaited = { executions: 0, ms: 0 };
  const hooks = new Map<string, HookPart>();
  const sessions = new Map<string | null, SessionCost>();
  const context = new Map<string, ContextRow>();
  const texts = new Map<string, TextRow>();
  let calls: CallCost[] = [];
  let callCount = 0;
  for (const part of parts) {
    notWaited.executions += part.notWaited.executions;
    notWaited.ms += part.notWaited.ms;
    for (const one of part.hooks) {
      const hook = hookIn(hooks, one);
      hook.waitedMs += one.waitedMs;
      hook.criticalCalls += one.criticalCalls;
      hook.gainMs += one.gainMs;
    }
    for (const one of part.sessions)
      sessions.set(one.sessionId, joinSessions(sessions.get(one.sessionId), one));
    for (const one of part.context)
      context.set(keyOf(one), joinContext(context.get(keyOf(one)), one));
    for (const [hookName, eventType, sessionId, digest, times, most] of part.texts) {
      const key = `${hookName}\0${eventType}\0${sessionId}\0${digest}`;
      const text = texts.get(key) ?? { hookName, eventType, sessionId, digest, times: 0, most: 0 };
      const sum = { times: text.times + times, most: Math.max(text.most, most) };
      texts.set(key, { ...text, ...sum });
    }
    calls = longest([...calls, ...part.calls], maxCalls);
    callCount += part.callCount;
  }
  const repeated = repeatedOf(texts.values());
  return {
    notWaited,
    hookOf: (hook) => hookIn(hooks, hook),
    sessions: [...sessions.values()],
    callCount,
    calls,
    context: [...context.values()].map((row) => ({
      ...row,
      repeated: repeated.get(keyOf(row)) ?? { times: 0, characters: 0 },
    })),
  };
}

function joinSessions(before: SessionCost | undefined, one: SessionCost): SessionCost {
  if (before === undefined) return one;
  return {
    sessionId: one.sessionId,
    executions: before.executions + one.executions,
    startMs: Math.min(before.startMs, one.startMs),
    endMs: Math.max(before.endMs, one.endMs),
    blockedMs: before.blockedMs + one.blockedMs,
    hookMs: before.hookMs + one.hookMs,
  };
}

function joinContext(before: ContextRow | undefined, one: ContextRow): ContextRow {
  if (before === undefined) return one;
  return {
    hookName: one.hookName,
    eventType: one.eventType,
    executions: before.executions + one.executions,
    characters: before.characters + one.characters,
    atMost: before.atMost + one.atMost,
    most: Math.max(before.most, one.most),
    cut: before.cut + one.cut,
    old: before.old + one.old,
  };
}

function repeatedOf(texts: Iterable<TextRow>): Map<string, Repeated> {
  const repeated = new Map<string, Repeated>();
  for (const text of texts) {
    if (text.times < 2) continue;
    const sum = repeated.get(keyOf(text)) ?? { times: 0, characters: 0 };
    sum.times += text.times - 1;
    sum.characters += (text.times - 1) * text.most;
    repeated.set(keyOf(text), sum);
  }
  return repeated;
}
