import { type AlertRow, windowRows } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import { windowStart } from './evaluate.ts';
import type { AlertsConfig } from './rule.ts';
import { RULES } from './rules/index.ts';

/**
 * An open alert about executions with what they say now; the daemon stores what they said when it opened. If they say
 * nothing any more, it is about to clear, and keeps its numbers.
 */
export function withNumbersOfNow(
  db: Database,
  row: AlertRow,
  config: AlertsConfig,
  nowMs: number,
): AlertRow {
  const rule = RULES.find(({ name }) => name === row.rule);
  if (row.state !== 'open' || rule === undefined || rule.of === 'state') return row;
  const since = windowStart(config, nowMs);
  const hookName = rule.of === 'hook' ? row.subject : undefined;
  const rows = windowRows(db, hookName, rule.hasMemory === true ? '' : since);
  const { value, threshold, runs, reason } = rule.assess(rows, config, since);
  return value === 0 ? row : { ...row, value, threshold, runs, reason: reason ?? null };
}
