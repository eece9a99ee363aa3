import type { ExportedExecution, LoggedExecution } from '../domain/exported.ts';
import type { Network } from '../network/network.ts';
import type { MetricsSnapshot } from './snapshot.ts';

/** OpenTelemetry's attributes of the resource, by name: which machine and whose HookBus this is. */
export type Attributes = Readonly<Record<string, string>>;

/** An alert that is open now. */
export interface OpenAlert {
  readonly rule: string;
  /** Empty if the alert is not about a hook. */
  readonly hook: string;
}

/** One destination of metrics or spans. */
export interface Exporter {
  /** Accepts recorded executions. Returns at once and never throws; drops and counts those that it cannot send. */
  readonly take: (executions: readonly ExportedExecution[]) => void;
  /** How many executions it can accept now without dropping any; infinite if waiting for room would not help. */
  readonly room: () => number;
  readonly state: () => ExporterState;
  /** Sends what is left, for about a second at most, and leaves nothing open. Never throws. */
  readonly close: () => Promise<void>;
}

/** The state of an exporter since it was opened. */
export interface ExporterState {
  /** The destination, for people; without passwords. */
  readonly target: string;
  readonly isWorking: boolean;
  /** The latest error or warning, even if all is well again. */
  readonly lastError: string | undefined;
  /** Executions; for Prometheus, responses. */
  readonly sent: number;
  readonly dropped: number;
  /** Failed attempts. */
  readonly failures: number;
  /** Time of the last failure, by `performance.now()`. */
  readonly failedAtMs: number;
  /** Something could not be sent and will be tried again on its own. */
  readonly isRetrying: boolean;
}

/** A failure older than this, in ms, says nothing about now, if nothing was tried since. */
const QUIET_MS = 50_000;

/** What is wrong with an exporter now; undefined if it works, or if nobody knows. */
export function failureOf(state: ExporterState, nowMs = performance.now()): string | undefined {
  const isQuiet = !state.isRetrying && nowMs - state.failedAtMs > QUIET_MS;
  return state.isWorking || isQuiet ? undefined : (state.lastError ?? 'unknown error');
}

/** The executions whose log records were not sent yet, in order. */
export interface LogFeed {
  /** At most `limit` of them; fewer, or none, if some are too old. @throws if the database cannot be used */
  readonly next: (limit: number) => {
    readonly executions: readonly LoggedExecution[];
    /** Tells whether there was anything, since it grows then. */
    readonly lastId: number;
  };
  /** All up to this one are done. @throws if the database cannot be written; `next` then tries again */
  readonly sent: (lastId: number) => void;
}

/** What an exporter needs from the daemon. */
export interface ExporterParts {
  /** Everything that Prometheus gets, as of now. @throws if the database cannot be read */
  readonly snapshot: () => Promise<MetricsSnapshot>;
  /** Who exports, as of now. @throws if the database cannot be read */
  readonly resource: () => Attributes;
  /** The worst first. @throws if the database cannot be read */
  readonly alerts: () => readonly OpenAlert[];
  /** Starts where the last one ended. */
  readonly logs: () => LogFeed;
  /** Somebody was served, so the daemon is in use. */
  readonly onServed: () => void;
  /** The current network settings. */
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
    /** Worth showing, but not a failure. */
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
