import type { ExportedExecution } from '../domain/exported.ts';
import type { Network } from '../network/network.ts';
import type { MetricsSnapshot } from './snapshot.ts';

/** One destination of metrics or spans. */
export interface Exporter {
  /** Takes executions that were recorded. Returns at once and never throws; what cannot be passed on is dropped and counted. */
  readonly take: (executions: readonly ExportedExecution[]) => void;
  /** Executions that it takes now without dropping any; without end where waiting for room would not help. */
  readonly room: () => number;
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
  /** When the last one did, by `performance.now()`. */
  readonly failedAtMs: number;
  /** What could not be passed on waits for another try, which comes by itself. */
  readonly isRetrying: boolean;
}

/** A failure of so long ago, in ms, says nothing of now, where nothing was tried since. */
const QUIET_MS = 50_000;

/** What is wrong with an exporter now; undefined where it works, or nobody can tell. */
export function failureOf(state: ExporterState, nowMs = performance.now()): string | undefined {
  const isQuiet = !state.isRetrying && nowMs - state.failedAtMs > QUIET_MS;
  return state.isWorking || isQuiet ? undefined : (state.lastError ?? 'it does not work');
}

/** What an exporter may use of the world. */
export interface ExporterParts {
  /** All that is served to Prometheus, as it is now. @throws where the database cannot be read */
  readonly snapshot: () => Promise<MetricsSnapshot>;
  /** Somebody was served: the daemon is needed. */
  readonly onServed: () => void;
  /** As it is now. */
  readonly network: () => Network;
}

/** Counts for `state`. */
export function createTally(target: string) {
  let lastError: string | undefined;
  let isWorking = true;
  let failedAtMs = Number.NEGATIVE_INFINITY;
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
      failedAtMs = performance.now();
    },
    /** Worth telling, and no failure. */
    noted(warning: string): void {
      lastError = warning.slice(0, 300);
    },
    state: (): ExporterState => ({
      ...{ target, isWorking, lastError, failedAtMs, isRetrying: false },
      ...counts,
    }),
  };
}

export type Tally = ReturnType<typeof createTally>;
