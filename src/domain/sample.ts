import type { Decision } from './answer/decision.ts';
import type { Status } from './execution.ts';

/** The parts of an execution that metrics count. */
export interface Sample {
  readonly hookName: string;
  readonly eventType: string;
  readonly status: Status;
  /** Null if it is not known. */
  readonly decision: Decision | null;
  readonly durationMs: number | null;
  readonly overheadMs: number | null;
}

/** Many executions of one hook on one event. */
export interface Rollup {
  readonly hookName: string;
  readonly eventType: string;
  readonly counts: Readonly<Record<Status, number>>;
  /** How many decided `deny`, whatever their status. */
  readonly denied: number;
  readonly duration: RollupTimes;
  readonly overhead: RollupTimes;
}

interface RollupTimes {
  readonly sumMs: number;
  /** Null if nothing was measured. */
  readonly maxMs: number | null;
  /** Encoded. */
  readonly sketch: Uint8Array | null;
}
