/** One execution that an agent waited for. */
export interface Waited {
  readonly hookName: string;
  readonly eventType: string;
  readonly sessionId: string | null;
  readonly toolUseId: string | null;
  readonly toolName: string | null;
  /** Unix ms. */
  readonly startMs: number;
  /** How long it took, including HookBus's overhead. */
  readonly tookMs: number;
}

/** What hooks cost in one session. */
export interface SessionCost {
  readonly sessionId: string | null;
  readonly executions: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Executions at the same time count once. */
  readonly blockedMs: number;
  /** The sum over all executions. */
  readonly hookMs: number;
}

/** The hooks of one event of one tool call. */
export interface CallCost {
  readonly sessionId: string | null;
  readonly toolUseId: string;
  readonly eventType: string;
  readonly toolName: string | null;
  readonly executions: number;
  readonly startMs: number;
  readonly blockedMs: number;
  /** The hook that ended last. */
  readonly criticalHook: string;
  readonly criticalMs: number;
  /** How much sooner the agent would have continued without it. */
  readonly gainMs: number;
}

/** How often a hook was the last of a tool call, and how much time that cost. */
interface CriticalCost {
  calls: number;
  gainMs: number;
}

/** Executions of one tool call start together; one that starts this much later, in ms, belongs to another call. */
const SAME_CALL_MS = 60_000;

/** Maximum number of keys that are kept for closed calls. */
const MAX_COUNTED = 10_000;

interface Span {
  blockedMs: number;
  untilMs: number;
}

interface OpenSession extends Span {
  executions: number;
  readonly startMs: number;
  hookMs: number;
}

interface OpenCall extends Span {
  readonly first: Waited;
  readonly toolUseId: string;
  executions: number;
  last: Waited;
  /** The latest end of all executions except the last. */
  secondEndMs: number;
}

/**
 * Sums up what agents waited for. Callers add executions in the order of their start, so that an open session or tool call
 * needs only a few numbers, however many executions it has.
 * @param maxCalls how many of the longest tool calls to report individually
 */
export function createBlocking(maxCalls: number) {
  const sessions = createSessions();
  const calls = createCalls(maxCalls);
  return {
    add(waited: Waited): void {
      sessions.add(waited);
      calls.add(waited);
    },
    /** Call this once, after the last execution. */
    end: () => ({ sessions: sessions.end(), ...calls.end() }),
  };
}

function createSessions() {
  const sessions = new Map<string | null, OpenSession>();
  return {
    add({ sessionId, startMs, tookMs }: Waited): void {
      let session = sessions.get(sessionId);
      if (session === undefined) {
        session = { executions: 0, startMs, hookMs: 0, blockedMs: 0, untilMs: startMs };
        sessions.set(sessionId, session);
      }
      session.executions += 1;
      session.hookMs += tookMs;
      addSpan(session, startMs, startMs + tookMs);
    },
    end: (): SessionCost[] =>
      [...sessions].map(([sessionId, { untilMs: endMs, ...session }]) => ({
        sessionId,
        endMs,
        ...session,
      })),
  };
}

function createCalls(maxCalls: number) {
  const open = new Map<string, OpenCall>();
  /** Their keys in order of their start. A `Map` is slow at finding its first entry after many deletions. */
  let order: string[] = [];
  let counted = 0;
  const critical = new Map<string, CriticalCost>();
  let slowest: CallCost[] = [];
  let callCount = 0;

  function countClosed(isOver: (call: OpenCall) => boolean): void {
    for (; counted < order.length; counted += 1) {
      const key = order[counted] ?? '';
      const call = open.get(key);
      if (call === undefined) continue;
      if (!isOver(call)) break;
      open.delete(key);
      const cost = costOf(call);
      callCount += 1;
      slowest.push(cost);
      if (slowest.length >= 2 * maxCalls + 100) slowest = longest(slowest, maxCalls);
      const name = hookKey(cost.criticalHook, cost.eventType);
      const sum = critical.get(name) ?? { calls: 0, gainMs: 0 };
      critical.set(name, { calls: sum.calls + 1, gainMs: sum.gainMs + cost.gainMs });
    }
    if (counted > MAX_COUNTED) {
      order = order.slice(counted);
      counted = 0;
    }
  }

  return {
    add(waited: Waited): void {
      const { startMs, sessionId, toolUseId, eventType } = waited;
      countClosed((call) => startMs - call.first.startMs > SAME_CALL_MS);
      if (toolUseId === null) return;
      const key = `${sessionId}\0${toolUseId}\0${eventType}`;
      const call = open.get(key);
      if (call !== undefined) {
        addTo(call, waited);
        return;
      }
      open.set(key, openCall(waited, toolUseId));
      order.push(key);
    },
    end() {
      countClosed(() => true);
      return {
        calls: longest(slowest, maxCalls),
        callCount,
        criticalOf: (hookName: string, eventType: string): CriticalCost =>
          critical.get(hookKey(hookName, eventType)) ?? { calls: 0, gainMs: 0 },
      };
    },
  };
}

function openCall(first: Waited, toolUseId: string): OpenCall {
  const { startMs, tookMs } = first;
  return {
    first,
    toolUseId,
    executions: 1,
    blockedMs: tookMs,
    untilMs: startMs + tookMs,
    last: first,
    secondEndMs: startMs,
  };
}

function addTo(call: OpenCall, waited: Waited): void {
  call.executions += 1;
  const lastEndMs = endOf(call.last);
  if (endOf(waited) > lastEndMs) {
    call.secondEndMs = lastEndMs;
    call.last = waited;
  } else call.secondEndMs = Math.max(call.secondEndMs, endOf(waited));
  addSpan(call, waited.startMs, endOf(waited));
}

const hookKey = (hookName: string, eventType: string): string => `${hookName}\0${eventType}`;

const endOf = ({ startMs, tookMs }: Waited): number => startMs + tookMs;

/** Adds a period that begins no earlier than those before; an overlap counts once. */
function addSpan(sum: Span, startMs: number, endMs: number): void {
  if (endMs <= sum.untilMs) return;
  sum.blockedMs += endMs - Math.max(startMs, sum.untilMs);
  sum.untilMs = endMs;
}

function costOf({
  first,
  toolUseId,
  executions,
  blockedMs,
  last,
  secondEndMs,
}: OpenCall): CallCost {
  return {
    sessionId: first.sessionId,
    toolUseId,
    eventType: first.eventType,
    toolName: first.toolName,
    executions,
    startMs: first.startMs,
    blockedMs,
    criticalHook: last.hookName,
    criticalMs: last.tookMs,
    gainMs: endOf(last) - Math.max(secondEndMs, last.startMs),
  };
}

/** The longest of these calls, at most `max`. */
export function longest(calls: readonly CallCost[], max: number): CallCost[] {
  return [...calls]
    .sort((a, b) => b.blockedMs - a.blockedMs || a.startMs - b.startMs)
    .slice(0, max);
}
