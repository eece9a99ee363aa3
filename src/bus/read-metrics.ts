import { createMetrics, type MetricsReport } from '../metrics/report.ts';
import type { Database } from '../store/database.ts';
import { eachSample } from '../store/queries-overview.ts';

const HOUR_MS = 3_600_000;

/** The metrics of the last so many hours, from every row of them. */
export function readMetrics(db: Database, windowHours: number, nowMs: number): MetricsReport {
  const metrics = createMetrics();
  eachSample(db, new Date(nowMs - windowHours * HOUR_MS).toISOString(), metrics.add);
  return metrics.report(windowHours);
}
