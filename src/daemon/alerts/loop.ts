import { actionsOf } from '../../app/alerts/actions.ts';
import { type AlertReport, reportAlert } from '../../app/alerts/alert-report.ts';
import { createConfigWatch } from '../../config/file/config-watch.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { AlertAction } from '../../domain/alert.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { Network } from '../../network/network.ts';
import { type AlertRow, alertKey, clearOwed, saveAlerts } from '../../store/alerts.ts';
import type { Log } from '../log.ts';
import { createEvaluator, type EvaluatorParts } from './evaluator.ts';
import { createNotifier } from './notifier.ts';

/** How often rules are evaluated without a notification. */
const EVERY_MS = 1000;

/** Minimum time between two evaluations, because executions arrive in bursts. */
const MIN_MS = 250;

export interface AlertLoopParts extends EvaluatorParts {
  readonly paths: StatePaths;
  readonly log: Log;
  readonly network: () => Network;
}

/** Opens and clears alerts, and notifies about them. */
export function createAlertLoop(parts: AlertLoopParts) {
  const { log } = parts;
  const alertStore = createAlertStore(parts);
  const notifier = createNotifier({ log, network: parts.network }, alertStore.markDone);
  const config = createConfigWatch(parts.paths.config, () => undefined);
  const evaluate = createEvaluator(parts);
  let timer: NodeJS.Timeout | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastFailure: string | undefined;

  function work(): void {
    const { alerts } = config.current();
    const evaluated = evaluate(alerts, actionsOf(alerts), alertStore.unsaved);
    for (const row of evaluated.news) log(`alert_${row.state}`, figuresOf(row));
    alertStore.save(evaluated.changed);
    for (const row of evaluated.current) {
      if (row.owed.length > 0) notifier.deliver(reportAlert(row, alerts), row.owed, alerts);
    }
  }

  function step(): void {
    lastMs = performance.now();
    timer = setTimeout(step, EVERY_MS);
    try {
      work();
      lastFailure = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastFailure) log('alerts_failed', { reason });
      lastFailure = reason;
    }
  }

  return {
    start(): void {
      // Read config.json now, so that there is a valid configuration if it breaks later.
      config.current();
      timer = setTimeout(step, MIN_MS);
    },
    /** Call this when executions were stored. */
    notify(): void {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(step, Math.max(lastMs + MIN_MS - performance.now(), 0));
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
      notifier.stop();
    },
  };
}

/** Saves alerts. Keeps those that it cannot save in memory: they may be about the database itself. */
function createAlertStore({ store, now, log }: Pick<AlertLoopParts, 'store' | 'now' | 'log'>) {
  const unsaved = new Map<string, AlertRow>();
  let isFailing = false;

  function attempt(write: () => void): boolean {
    try {
      write();
      isFailing = false;
      return true;
    } catch (error) {
      if (!isFailing) log('alerts_unsaved', { reason: reasonOf(error) });
      isFailing = true;
      return false;
    }
  }

  return {
    unsaved: unsaved as ReadonlyMap<string, AlertRow>,
    save(rows: readonly AlertRow[]): void {
      for (const row of rows) unsaved.set(alertKey(row.rule, row.subject), row);
      if (unsaved.size === 0) return;
      if (attempt(() => store.use(({ db }) => saveAlerts(db, [...unsaved.values()])))) {
        unsaved.clear();
      }
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
