import { ALERT_RULES } from '../../domain/alert.ts';
import { plainName } from '../../domain/exported.ts';
import type { OpenAlert } from '../../exporters/exporter.ts';
import { listAlerts } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import { isOfHook } from '../alerts/evaluate.ts';

/** More series of alerts than this tell nobody more. */
const MAX_ALERTS = 200;

/** The open alerts in the order of their rules, each rule and hook once. */
export function readOpenAlerts(db: Database): OpenAlert[] {
  const open = listAlerts(db, undefined).map(({ rule, subject }) => ({
    rule,
    hook: isOfHook(rule) ? plainName(subject) : '',
  }));
  const worstFirst = ALERT_RULES.flatMap((rule) => open.filter((alert) => alert.rule === rule));
  const each = new Map(worstFirst.map((alert) => [`${alert.rule}\0${alert.hook}`, alert]));
  return [...each.values()].slice(0, MAX_ALERTS);
}
