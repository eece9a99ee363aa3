import type { ExportedExecution } from '../domain/exported.ts';
import type { MetricsSnapshot } from './snapshot.ts';

/** One destination of metrics or spans. */
export interface Exporter {
  /** Takes executions that were recorded. Returns at once and never throws; what cannot be passed on is dropped and counted. */
  readonly take: (executions: readonly ExportedExecution[]) => void;
  readonly state: () => ExporterState;
  /** Passes on what it has, as far as that takes no longer than about a second, and leaves nothing open. Never throws. */
  readonly close: () => Promise<void>;
}

/** How an exporter is doing, since it was opened. */
export interface ExporterState {
  /** Where to, for people; without passwords. */
  readonly target: string;
  readonly isWorking: boolean;
  /** The latest, also where all is well again. */
  readonly lastError: string | undefined;
  /** Executions, or of Prometheus: answers. */
  readonly sent: number;
  readonly dropped: number;
  /** Attempts that failed. */
  readonly failures: number;
}

/** What an exporter may use of the world. */
export interface ExporterParts {
  /** All that is served to Prometheus, as it is now. @throws where the database cannot be read */
  readonly snapshot: () => Promise<MetricsSnapshot>;
  /** Somebody was served: the daemon is needed. */
  readonly onServed: () => void;
}

/** Counts for `state`. */
export function createTally(target: string) {
  let lastError: string | undefined;
  let isWorking = true;
  const counts = { sent: 0, dropped: 0, failures: 0 };
  return {
    sent(count: number): void {
      counts.sent += count;
      isWorking = true;
    },
    dropped(count: number): void {
      counts.dropped += count;
    },
    failed(reason: string): void {
      counts.failures += 1;
      lastError = reason.slice(0, 300);
      isWorking = false;
    },
    state: (): ExporterState => ({ target, isWorking, lastError, ...counts }),
  };
}

export type Tally = ReturnType<typeof createTally>;
