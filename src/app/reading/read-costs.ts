import { HookbusError } from '../../domain/errors.ts';
import { takesText } from '../../domain/events.ts';
import { HOUR_MS, isoOf } from '../../domain/time.ts';
import type { CallCost, SessionCost } from '../../metrics/blocking.ts';
import {
  compare,
  createMetrics,
  type HookMetrics,
  type MetricsReport,
} from '../../metrics/report.ts';
import { suggestTimeout } from '../../metrics/suggest-timeout.ts';
import { toMicroseconds } from '../../metrics/tallies.ts';
import type { Database } from '../../store/database.ts';
import { eachDay, type OnDay } from '../../store/days/by-day.ts';
import { eachSampleOf, findSessions, hasMoreOf } from '../../store/queries/costs.ts';
import type { ContextCost, CostReport, HookCost } from './cost-report.ts';
import { MAX_EXACT_ROWS, readLoggedMetrics } from './read-metrics.ts';
import {
  addUpCosts,
  COSTS_BY_DAY,
  type Costs,
  MAX_CALLS,
  MAX_CALLS_OF_SESSION,
  readCostPart,
} from './report/add-up-costs.ts';

const MAX_SESSIONS = 100;

/** What the report covers. */
export type Asked = { readonly session: string } | { readonly hours: number };

/** Computes what hooks cost. */
export function readCosts(db: Database, asked: Asked, nowMs: number, onDay?: OnDay): CostReport {
  if ('session' in asked) {
    const sessionId = findSession(db, asked.session);
    const part = readCostPart(db, { sessionId }, MAX_CALLS_OF_SESSION);
    const costs = addUpCosts([part], MAX_CALLS_OF_SESSION);
    return costReport({ sessionId, metrics: sessionMetrics(db, sessionId), costs });
  }
  const { hours } = asked;
  const span = { from: isoOf(nowMs - hours * HOUR_MS), until: undefined };
  const costs = addUpCosts(eachDay(db, span, COSTS_BY_DAY, onDay), MAX_CALLS);
  return costReport({ hours, metrics: readLoggedMetrics(db, span, hours), costs });
}

function sessionMetrics(db: Database, sessionId: string): MetricsReport {
  const metrics = createMetrics(!hasMoreOf(db, sessionId, MAX_EXACT_ROWS));
  eachSampleOf(db, sessionId, (row) => metrics.add(row));
  return metrics.report(0);
}

function costReport({
  hours,
  sessionId,
  metrics: { executions, denied, relative_error, hooks },
  costs,
}: {
  readonly hours?: number;
  readonly sessionId?: string;
  readonly metrics: MetricsReport;
  readonly costs: Costs;
}): CostReport {
  const isExact = costs.context.every(({ old }) => old === 0);
  return {
    window_hours: hours ?? null,
    session_id: sessionId ?? null,
    executions,
    denied,
    relative_error,
    blocked_ms: sumOf(costs.sessions, ({ blockedMs }) => blockedMs),
    hook_ms: sumOf(costs.sessions, ({ hookMs }) => hookMs),
    not_waited_for: {
      executions: costs.notWaited.executions,
      total_ms: toMicroseconds(costs.notWaited.ms),
    },
    session_count: costs.sessions.length,
    sessions: [...costs.sessions]
      .sort((a, b) => b.blockedMs - a.blockedMs)
      .slice(0, MAX_SESSIONS)
      .map(sessionReport),
    hooks: hooks
      .map((hook) => hookCost(hook, costs))
      .sort((a, b) => b.waited_ms - a.waited_ms || compare(a.hook_name, b.hook_name)),
    call_count: costs.callCount,
    calls: costs.calls.map(callReport),
    context: contextCosts(costs),
    assumptions: isExact ? ASSUMPTIONS : [...ASSUMPTIONS, OLD_ROWS],
  };
}

const sumOf = <T>(all: readonly T[], of: (one: T) => number): number =>
  toMicroseconds(all.reduce((total, one) => total + of(one), 0));

const sessionReport = (session: SessionCost): CostReport['sessions'][number] => ({
  session_id: session.sessionId,
  executions: session.executions,
  began_at: isoOf(session.startMs),
  ended_at: isoOf(session.endMs),
  blocked_ms: toMicroseconds(session.blockedMs),
  hook_ms: toMicroseconds(session.hookMs),
});

const callReport = (call: CallCost): CostReport['calls'][number] => ({
  session_id: call.sessionId,
  tool_use_id: call.toolUseId,
  event_type: call.eventType,
  tool_name: call.toolName,
  began_at: isoOf(call.startMs),
  executions: call.executions,
  blocked_ms: toMicroseconds(call.blockedMs),
  critical_hook: call.criticalHook,
  critical_ms: toMicroseconds(call.criticalMs),
  gain_ms: toMicroseconds(call.gainMs),
});

/** The report of an empty database. @throws HookbusError `E_NOT_FOUND` for a session */
export function noCosts(asked: Asked): CostReport {
  if ('session' in asked) throw unknownSession(asked.session);
  return {
    window_hours: asked.hours,
    session_id: null,
    executions: 0,
    denied: 0,
    relative_error: null,
    blocked_ms: 0,
    hook_ms: 0,
    not_waited_for: { executions: 0, total_ms: 0 },
    session_count: 0,
    sessions: [],
    hooks: [],
    call_count: 0,
    calls: [],
    context: [],
    assumptions: ASSUMPTIONS,
  };
}

const ASSUMPTIONS = [
  'The agent waits for the hooks of every event but SessionEnd and DirectoryAdded. Hooks that its settings call async count as waited for, because HookBus cannot tell them apart.',
  'Executions of one session that ran at the same time count once; sessions are added up.',
  'An execution that was skipped as a duplicate counts with the time that it waited.',
];

const OLD_ROWS =
  'Executions from before HookBus recorded the characters of the context count with the bytes of their text; for JSON, only an upper bound is known.';

function hookCost(hook: HookMetrics, costs: Costs): HookCost {
  const { hook_name, event_type, runs, denied, deduped, timeout, p50_ms, p95_ms, p99_ms, max_ms } =
    hook;
  const cost = costs.hookOf({ hookName: hook_name, eventType: event_type });
  return {
    hook_name,
    event_type,
    runs,
    denied,
    deduped,
    timeouts: timeout,
    waited_ms: toMicroseconds(cost.waitedMs),
    p50_ms,
    p95_ms,
    p99_ms,
    max_ms,
    critical_calls: cost.criticalCalls,
    critical_ms: toMicroseconds(cost.gainMs),
    suggested_timeout_seconds: p99_ms === null ? null : suggestTimeout(p99_ms),
  };
}

/** What hooks added to the context. */
function contextCosts({ context }: Costs): ContextCost[] {
  return context
    .map(
      (row): ContextCost => ({
        hook_name: row.hookName,
        event_type: row.eventType,
        executions: row.executions,
        characters: row.characters,
        characters_at_most: row.atMost,
        most_characters: row.most,
        cut: row.cut,
        repeated: row.repeated.times,
        repeated_characters: row.repeated.characters,
      }),
    )
    .filter((cost) => cost.characters_at_most > 0 || takesText(cost.event_type))
    .sort((a, b) => b.characters_at_most - a.characters_at_most);
}

function findSession(db: Database, beginning: string): string {
  const [found, other] = findSessions(db, beginning, 2);
  if (found === undefined) throw unknownSession(beginning);
  if (other === undefined || found === beginning) return found;
  throw new HookbusError(
    'E_AMBIGUOUS',
    `several sessions start with ${beginning}, such as ${found} and ${other}`,
    'Type more of the id',
  );
}

function unknownSession(beginning: string): HookbusError {
  return new HookbusError(
    'E_NOT_FOUND',
    `no recorded execution belongs to a session that starts with ${beginning}`,
    '`hookbus sessions` lists them',
  );
}
