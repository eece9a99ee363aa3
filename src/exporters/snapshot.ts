import type { Total } from '../domain/totals.ts';

/** What Prometheus is told, and everything that goes into it. */
export interface MetricsSnapshot {
  readonly version: string;
  readonly totals: readonly Total[];
  readonly breakers: readonly {
    readonly hookName: string;
    readonly state: 'closed' | 'half_open' | 'open';
  }[];
  /** Records that wait to be taken into the database. */
  readonly spoolPending: number;
  readonly exporters: readonly {
    readonly name: string;
    readonly sent: number;
    readonly dropped: number;
    readonly failures: number;
  }[];
}
