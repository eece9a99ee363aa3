import { randomBytes } from 'node:crypto';
import { latestAlerts, saveAlerts } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import { lastRow } from '../../store/rollups.ts';
import { listSkippedGuards } from '../../store/skipped-guards.ts';
import { actionsOf } from './actions.ts';
import { evaluateAlerts } from './evaluate.ts';
import type { AlertsConfig } from './rule.ts';
import { guardSkipped } from './rules/guard-skipped.ts';

/** Opens, updates and clears alerts about skipped guards without waiting for a daemon, so that nobody misses one. */
export function reconcileSkippedGuards(db: Database, config: AlertsConfig, nowMs: number): void {
  if (listSkippedGuards(db).length === 0) return;
  // Immediate, so that this cannot undo what a daemon writes meanwhile, and nobody is notified twice.
  db.transaction(() => reconcile(db, config, nowMs)).immediate();
}

function reconcile(db: Database, config: AlertsConfig, nowMs: number): void {
  const spool = { waiting: 0, before: 0 };
  const changed = evaluateAlerts({
    rules: [guardSkipped],
    db,
    config,
    around: {
      nowMs,
      spool,
      failing: [],
      openBreakers: undefined,
      skippedGuards: listSkippedGuards(db),
    },
    latest: latestAlerts(db).filter(({ rule }) => rule === 'guard_skipped'),
    hookNames: [],
    lastLogId: lastRow(db),
    actions: actionsOf(config),
    random: () => randomBytes(16),
  });
  if (changed.length > 0) saveAlerts(db, changed);
}
