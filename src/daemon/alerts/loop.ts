import { actionsOf } from '../../app/alerts/actions.ts';
import { type AlertReport, reportAlert } from '../../app/alerts/alert-report.ts';
import type { Config } from '../../config/file/config-file.ts';
import type { AlertAction } from '../../domain/alert.ts';
import type { Network } from '../../network/network.ts';
import { type AlertRow, alertKey, clearOwed, saveAlerts } from '../../store/alerts.ts';
import type { Log } from '../log.ts';
import { createAttempt } from '../loops/attempt.ts';
import { createLoop } from '../loops/loop.ts';
import { createEvaluator, type EvaluatorParts } from './evaluator.ts';
import { createNotifier } from './notifier.ts';

/** How often rules are evaluated without a notification. */
const EVERY_MS = 1000;

/** Minimum time between two evaluations, because executions arrive in bursts. */
const MIN_MS = 250;
/**
 * An evaluation reads the last executions of each hook that ran since, which may be thousands: the next one, unless it is
 * time for it anyway, comes only after this many times as long as that took.
 */
const REST = 10;

export interface AlertLoopParts extends EvaluatorParts {
  readonly config: () => Config;
  readonly log: Log;
  readonly network: () => Network;
}

/** Opens and clears alerts, and notifies about them. */
export function createAlertLoop(parts: AlertLoopParts) {
  const { config, log } = parts;
  const alertStore = createAlertStore(parts);
  const notifier = createNotifier({ log, network: parts.network }, alertStore.markDone);
  const evaluate = createEvaluator(parts);

  function step(): number {
    const { alerts } = config();
    const evaluated = evaluate(alerts, actionsOf(alerts), alertStore.unsaved);
    for (const row of evaluated.news) log(`alert_${row.state}`, figuresOf(row));
    alertStore.save(evaluated.changed);
    for (const row of evaluated.current) {
      if (row.owed.length > 0) notifier.deliver(reportAlert(row, alerts), row.owed, alerts);
    }
    return EVERY_MS;
  }

  const loop = createLoop({
    log,
    failure: 'alerts_failed',
    firstMs: MIN_MS,
    retryMs: EVERY_MS,
    minMs: MIN_MS,
    rest: REST,
    step,
  });
  return {
    start: loop.start,
    /** Call this when executions were stored. */
    notify: (): void => loop.within(),
    stop(): void {
      loop.stop();
      notifier.stop();
    },
  };
}

/** Saves alerts. Keeps those that it cannot save in memory: they may be about the database itself. */
function createAlertStore({ store, now, log }: Pick<AlertLoopParts, 'store' | 'now' | 'log'>) {
  const unsaved = new Map<string, AlertRow>();
  const attempt = createAttempt(log, 'alerts_unsaved');

  return {
    unsaved: unsaved as ReadonlyMap<string, AlertRow>,
    save(rows: readonly AlertRow[]): void {
      for (const row of rows) unsaved.set(alertKey(row.rule, row.subject), row);
      if (unsaved.size === 0) return;
      attempt(() => {
        store.use(({ db }) => saveAlerts(db, [...unsaved.values()]));
        unsaved.clear();
      });
    },
    /** Removes an action from `owed` after it was done or given up. Repeating it is harmless. */
    markDone({ alert_id: alertId, state, rule, subject }: AlertReport, action: AlertAction): void {
      const key = alertKey(rule, subject);
      const row = unsaved.get(key);
      const at = new Date(now()).toISOString();
      if (row?.alertId !== alertId || row.state !== state) {
        attempt(() => store.use(({ db }) => clearOwed(db, { alertId, state }, action, at)));
        return;
      }
      const owed = row.owed.filter((word) => word !== action);
      unsaved.set(key, { ...row, owed, lastNotified: at });
    },
  };
}

const figuresOf = ({ rule, subject, value, threshold, runs, reason }: AlertRow) => ({
  rule,
  subject,
  value,
  threshold: threshold ?? undefined,
  runs: runs ?? undefined,
  reason: reason ?? undefined,
});
