import { DAY_MS, isoOf } from '../../domain/time.ts';
import { type AlertRow, windowRows } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { AlertReport } from './alert-report.ts';
import { reportAlert } from './alert-report.ts';
import { windowStart } from './evaluate.ts';
import type { AlertsConfig } from './rule.ts';
import { RULES } from './rules/index.ts';

/** As many as `doctor` counts of a busy hook. */
const MAX_ROWS = 2000;

/**
 * An open alert about executions with what they say now; the daemon stores what they said when it opened. A rule that
 * looks at executions of any age counts those of the last 24 hours, as doctor does. If executions say nothing any more,
 * the alert is about to clear, and its text says that its numbers are from before.
 */
export function reportNow(
  db: Database,
  row: AlertRow,
  config: AlertsConfig,
  nowMs: number,
): AlertReport {
  const rule = RULES.find(({ name }) => name === row.rule);
  if (row.state !== 'open' || rule === undefined || rule.of === 'state') {
    return reportAlert(row, config);
  }
  const since = windowStart(config, nowMs);
  const hookName = rule.of === 'hook' ? row.subject : undefined;
  const starts = rule.hasMemory === true ? [isoOf(nowMs - DAY_MS), ''] : [since];
  for (const start of starts) {
    const rows = windowRows(db, hookName, start, MAX_ROWS);
    const { value, threshold, runs, reason } = rule.assess(rows, config, since);
    if (value > 0) {
      return reportAlert({ ...row, value, threshold, runs, reason: reason ?? null }, config);
    }
  }
  return reportAlert(row, config, true);
}
