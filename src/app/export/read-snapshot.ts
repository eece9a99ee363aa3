import type { Config } from '../../config/file/config-file.ts';
import type { MetricNames } from '../../domain/exported.ts';
import { VERSION } from '../../domain/version.ts';
import type { MetricsSnapshot } from '../../exporters/snapshot.ts';
import type { Database } from '../../store/database.ts';
import { readDecisionTotals } from '../../store/decision-totals.ts';
import { readDatabaseBytes, readExportedBreakers } from '../../store/queries/export.ts';
import { countNext, readTotals } from '../../store/totals.ts';
import { readIdentity } from './identity.ts';
import { readOpenAlerts } from './open-alerts.ts';

export interface SnapshotParts {
  readonly use: <T>(work: (db: Database) => T) => T;
  readonly config: Config['export'];
  /** Counts the records that wait in the spool. */
  readonly countWaiting: () => number;
  readonly now: () => number;
  readonly exporters: MetricsSnapshot['exporters'];
  /** Lets other processes use the database, and this process serve others, for a moment. */
  readonly pause: () => Promise<unknown>;
}

/** Executions counted per transaction, so that it holds the lock for a few ms. */
const TURN_ROWS = 500;

/** Reads the current values of all metrics. @throws if the database cannot be used */
export async function readSnapshot(parts: SnapshotParts): Promise<MetricsSnapshot> {
  const { use, config, countWaiting, now, exporters, pause } = parts;
  while (use((db) => countNext(db, TURN_ROWS)) === TURN_ROWS) await pause();
  const spoolPending = countWaiting();
  return use((db) => {
    const { attributes, projectLabel } = readIdentity(db, config);
    const labelled = <T extends MetricNames>(totals: readonly T[]): T[] =>
      totals.map((total) => ({ ...total, project: projectLabel(total.project) }));
    return {
      version: VERSION,
      resource: attributes,
      totals: labelled(readTotals(db)),
      decisions: labelled(readDecisionTotals(db)),
      breakers: readExportedBreakers(db, new Date(now()).toISOString()),
      alerts: readOpenAlerts(db),
      spoolPending,
      databaseBytes: readDatabaseBytes(db),
      exporters,
    };
  });
}
