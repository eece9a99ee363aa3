import { HookbusError } from '../../domain/errors.ts';
import { TEXT_EVENTS, takesText, waitsForHooks } from '../../domain/events.ts';
import { HOUR_MS, isoOf } from '../../domain/time.ts';
import { type CallCost, createBlocking, type SessionCost } from '../../metrics/blocking.ts';
import { compare, createMetrics, type HookMetrics } from '../../metrics/report.ts';
import { suggestTimeout } from '../../metrics/suggest-timeout.ts';
import { toMicroseconds } from '../../metrics/tallies.ts';
import type { Database } from '../../store/database.ts';
import {
  type CostRow,
  eachCostRow,
  findSessions,
  hasMoreCostRows,
  readContextRows,
  repeatedTexts,
  type Scope,
} from '../../store/queries/costs.ts';
import { MAX_CHARACTERS } from '../../store/queries/problems.ts';
import type { ContextCost, CostReport, HookCost } from './cost-report.ts';
import { MAX_EXACT_ROWS } from './read-metrics.ts';

/** How many tool calls and sessions the report lists; more calls if it is about one session. */
const MAX_CALLS = 100;
const MAX_CALLS_OF_SESSION = 1000;
const MAX_SESSIONS = 100;

/** What the report covers. */
export type Asked = { readonly session: string } | { readonly hours: number };

/** Computes what hooks cost. Streams the executions, so that a million need no more memory than a few. */
export function readCosts(db: Database, asked: Asked, nowMs: number): CostReport {
  const sessionId = 'session' in asked ? findSession(db, asked.session) : undefined;
  const hours = 'hours' in asked ? asked.hours : undefined;
  const scope: Scope =
    sessionId === undefined
      ? { from: isoOf(nowMs - (hours ?? 0) * HOUR_MS), until: undefined }
      : { sessionId };
  const metrics = createMetrics(!hasMoreCostRows(db, scope, MAX_EXACT_ROWS));
  const blocking = createBlocking(sessionId === undefined ? MAX_CALLS : MAX_CALLS_OF_SESSION);
  const waited = new Map<string, number>();
  const notWaited = { executions: 0, ms: 0 };
  eachCostRow(db, scope, (row) => {
    metrics.add(row);
    const tookMs = (row.durationMs ?? 0) + (row.overheadMs ?? 0);
    if (!waitsForHooks(row.eventType)) {
      notWaited.executions += 1;
      notWaited.ms += tookMs;
      return;
    }
    waited.set(keyOf(row), (waited.get(keyOf(row)) ?? 0) + tookMs);
    blocking.add({ ...row, startMs: Date.parse(row.createdAt), tookMs });
  });
  const { executions, denied, relative_error, hooks } = metrics.report(hours ?? 0);
  const costs = blocking.end();
  const { context, isExact } = readContext(db, scope);
  return {
    window_hours: hours ?? null,
    session_id: sessionId ?? null,
    executions,
    denied,
    relative_error,
    blocked_ms: sumOf(costs.sessions, ({ blockedMs }) => blockedMs),
    hook_ms: sumOf(costs.sessions, ({ hookMs }) => hookMs),
    not_waited_for: { executions: notWaited.executions, total_ms: toMicroseconds(notWaited.ms) },
    session_count: costs.sessions.length,
    sessions: [...costs.sessions]
      .sort((a, b) => b.blockedMs - a.blockedMs)
      .slice(0, MAX_SESSIONS)
      .map(sessionReport),
    hooks: hooks
      .map((hook) => hookCost(hook, waited, costs.criticalOf(hook.hook_name, hook.event_type)))
      .sort((a, b) => b.waited_ms - a.waited_ms || compare(a.hook_name, b.hook_name)),
    call_count: costs.callCount,
    calls: costs.calls.map(callReport),
    context,
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

const keyOf = ({ hookName, eventType }: Pick<CostRow, 'hookName' | 'eventType'>): string =>
  JSON.stringify([hookName, eventType]);

function hookCost(
  hook: HookMetrics,
  waited: ReadonlyMap<string, number>,
  critical: { readonly calls: number; readonly gainMs: number },
): HookCost {
  const { hook_name, event_type, runs, denied, deduped, timeout, p50_ms, p95_ms, p99_ms, max_ms } =
    hook;
  return {
    hook_name,
    event_type,
    runs,
    denied,
    deduped,
    timeouts: timeout,
    waited_ms: toMicroseconds(
      waited.get(keyOf({ hookName: hook_name, eventType: event_type })) ?? 0,
    ),
    p50_ms,
    p95_ms,
    p99_ms,
    max_ms,
    critical_calls: critical.calls,
    critical_ms: toMicroseconds(critical.gainMs),
    suggested_timeout_seconds: p99_ms === null ? null : suggestTimeout(p99_ms),
  };
}

/** What hooks added to the context, and whether that is known of every execution. */
function readContext(db: Database, scope: Scope): { context: ContextCost[]; isExact: boolean } {
  const rules = { textEvents: TEXT_EVENTS, maxCharacters: MAX_CHARACTERS };
  const rows = readContextRows(db, scope, rules);
  const repeated = new Map(repeatedTexts(db, scope, rules).map((row) => [keyOf(row), row]));
  const context = rows
    .map((row): ContextCost => {
      const again = repeated.get(keyOf(row));
      return {
        hook_name: row.hookName,
        event_type: row.eventType,
        executions: row.executions,
        characters: row.characters,
        characters_at_most: row.atMost,
        most_characters: row.most,
        cut: row.cut,
        repeated: again?.times ?? 0,
        repeated_characters: again?.characters ?? 0,
      };
    })
    .filter((cost) => cost.characters_at_most > 0 || takesText(cost.event_type))
    .sort((a, b) => b.characters_at_most - a.characters_at_most);
  return { context, isExact: rows.every(({ old }) => old === 0) };
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
