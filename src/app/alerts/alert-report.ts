import type { Alert } from '../../domain/alert.ts';
import type { AlertsConfig } from './rule.ts';
import { RULES } from './rules/index.ts';

/** An alert in JSON; docs/json.md describes each field. */
export interface AlertReport {
  readonly alert_id: string;
  readonly rule: Alert['rule'];
  readonly subject: string;
  readonly state: Alert['state'];
  /** What happened, in a sentence. */
  readonly text: string;
  readonly value: number;
  readonly threshold: number | null;
  readonly runs: number | null;
  readonly reason: string | null;
  readonly opened_at: string;
  readonly cleared_at: string | null;
}

/** The alert as it may leave the machine: without what a hook wrote. */
export function withoutQuotes(report: AlertReport, config: AlertsConfig): AlertReport {
  const rule = RULES.find(({ name }) => name === report.rule);
  if (rule?.quotesHook !== true) return report;
  const unquoted = { ...report, reason: null };
  return { ...unquoted, text: rule.text(unquoted, config, report.state === 'cleared') };
}

/** @param isPast its numbers are those of the time when it opened, and not of now */
export function reportAlert(
  alert: Alert,
  config: AlertsConfig,
  isPast = alert.state === 'cleared',
): AlertReport {
  const rule = RULES.find(({ name }) => name === alert.rule);
  return {
    alert_id: alert.alertId,
    rule: alert.rule,
    subject: alert.subject,
    state: alert.state,
    // A newer version may have stored a rule that this one does not know.
    text: rule?.text(alert, config, isPast) ?? alert.rule,
    value: alert.value,
    threshold: alert.threshold,
    runs: alert.runs,
    reason: alert.reason,
    opened_at: alert.openedAt,
    cleared_at: alert.clearedAt,
  };
}
