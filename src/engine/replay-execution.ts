import { randomBytes } from 'node:crypto';
import { type Replayable, type Replayed, toReplayed } from '../app/replay/replayable.ts';
import type { Environment } from '../config/settings.ts';
import { traceIdOf } from '../domain/identifiers.ts';
import { replayHook } from './replay-hook.ts';

/** How much of a new output to keep for comparison, beyond the size of the recorded one. */
const KEPT_BYTES = 256 * 1024;

export interface ReplaySurroundings {
  readonly env: Environment;
  readonly now: () => number;
  readonly timeoutSeconds: number;
  /** As in `ReplayParts`. */
  readonly inBackground?: boolean;
  /** Ends the hook early, as if its time had run out. */
  readonly abort?: AbortSignal;
}

/** Runs a recorded call again, and compares. The caller stores the row. */
export async function replayExecution(
  prepared: Replayable,
  { now, ...surroundings }: ReplaySurroundings,
): Promise<Replayed> {
  const { row, recorded } = prepared;
  const span = { spanId: traceIdOf(randomBytes(8)), createdAtMs: now() };
  const end = await replayHook({
    ...prepared,
    ...surroundings,
    eventType: row.event_type,
    correlationId: row.correlation_id,
    spanId: span.spanId,
    keepBytes:
      KEPT_BYTES + 2 * Math.max(recorded.stdout?.length ?? 0, recorded.stderr?.length ?? 0),
  });
  return toReplayed(prepared, end, span);
}
