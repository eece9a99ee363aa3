import type { StatePaths } from '../../config/home/paths.ts';
import { HOUR_MS, isoOf } from '../../domain/time.ts';
import { VERSION } from '../../domain/version.ts';
import type { MetricsReport } from '../../metrics/report.ts';
import type { Database } from '../../store/database.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { listNotices } from '../../store/queries/overview.ts';
import { rollupMark } from '../../store/rollups.ts';
import type { AlertReport } from '../alerts/alert-report.ts';
import { readAlerts } from '../alerts/read-alerts.ts';
import { type GateState, readGates } from '../breaker/read-gates.ts';
import { type HealthItem, readHealth } from '../health/read-health.ts';
import { readMetricsInDaemon } from './read-metrics.ts';
import { RANGES, type Range } from './read-series.ts';
import { readSkippedGuards, type SkippedGuardReport } from './read-skipped-guards.ts';
import { readWaited } from './read-waited.ts';

/** More than fit on the page. */
const MAX_ALERTS = 50;

/** What the dashboard's overview shows. */
export interface Overview extends Pick<GateState, 'gates' | 'breaker' | 'policy'> {
  readonly version: string;
  readonly range: Range;
  /** The highest execution number ever written, even if that row was deleted; 0 if nothing was ever recorded. */
  readonly last_id: number;
  /** Null while too many rows wait to be rolled up. */
  readonly metrics: MetricsReport | null;
  /** How long agents waited for hooks, in ms; null if there are too many executions to say. */
  readonly waited_ms: number | null;
  /** Rows that are in no rollup yet. */
  readonly behind: number;
  readonly alerts: readonly AlertReport[];
  readonly skipped_guards: readonly SkippedGuardReport[];
  /** What is wrong in the last 24 hours, the worst first. */
  readonly health: readonly HealthItem[];
}

export function readOverview(
  paths: StatePaths,
  db: Database,
  range: Range,
  nowMs: number,
): Overview {
  const hours = RANGES[range].seconds / 3600;
  const last = lastLogId(db);
  const behind = last - rollupMark(db);
  const from = isoOf(nowMs - hours * HOUR_MS);
  const state = readGates(paths, db, nowMs);
  const { gates, breaker, policy } = state;
  const alerts = readAlerts(paths, db, nowMs).open;
  const skipped = readSkippedGuards(db, gates);
  return {
    version: VERSION,
    range,
    last_id: last,
    metrics: readMetricsInDaemon(db, hours, nowMs),
    waited_ms: readWaited(db, from),
    behind,
    gates,
    breaker,
    policy,
    alerts: alerts.slice(0, MAX_ALERTS),
    skipped_guards: skipped,
    health: readHealth({ db, nowMs, gates: state, skipped, alerts, notices: listNotices(db) }),
  };
}
