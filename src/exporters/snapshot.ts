import type { DecisionTotal, Total } from '../domain/totals.ts';
import type { Attributes, OpenAlert } from './exporter.ts';

/** Everything that goes into the metrics for Prometheus. */
export interface MetricsSnapshot {
  readonly version: string;
  /** Who exports; undefined without a database. */
  readonly resource: Attributes | undefined;
  readonly totals: readonly Total[];
  readonly decisions: readonly DecisionTotal[];
  readonly breakers: readonly {
    readonly hookName: string;
    readonly state: 'closed' | 'half_open' | 'open';
  }[];
  readonly alerts: readonly OpenAlert[];
  /** Records that wait to be ingested. */
  readonly spoolPending: number;
  readonly exporters: readonly {
    readonly name: string;
    readonly sent: number;
    readonly dropped: number;
    readonly failures: number;
  }[];
}
