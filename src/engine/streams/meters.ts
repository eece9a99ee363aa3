import { createMeter, type Meter } from '../../app/recording/meter.ts';
import { effectiveSettings, type RunOptions } from '../../config/run-options.ts';
import type { Settings } from '../../config/settings.ts';
import type { Capture } from '../../domain/record.ts';
import { MAX_RESULT_BYTES } from '../../gates/dedupe.ts';

export interface Meters {
  readonly stdin: Meter;
  readonly stdout: Meter;
  readonly stderr: Meter;
  /** How much of each output a duplicate may get. */
  readonly maxSharedBytes: number;
  /** What to store; empty unless that is enabled. */
  readonly captures: () => readonly Capture[];
}

/**
 * How much is kept of a payload whose ids arrive late, and of output that may refuse at a timeout. As in
 * src/launcher/stream.h.
 */
const LATE_BYTES = 256 * 1024;
const REFUSAL_BYTES = 64 * 1024;

/** Outputs are kept if they are stored or a duplicate may need them. */
export function createMeters(options: RunOptions, settings: Settings): Meters {
  const { storeRaw, maxBytes } = effectiveSettings(options, settings);
  const stored = storeRaw ? maxBytes : 0;
  const maxSharedBytes = Math.min(maxBytes, MAX_RESULT_BYTES);
  const shared = options.dedupe ? maxSharedBytes : 0;
  const refusal = options.timeoutSeconds === undefined ? 0 : REFUSAL_BYTES;
  const stdin = createMeter('stdin', Math.max(stored, LATE_BYTES));
  const stdout = createMeter('stdout', Math.max(stored, shared, refusal));
  const stderr = createMeter('stderr', Math.max(stored, shared));
  return {
    stdin,
    stdout,
    stderr,
    maxSharedBytes,
    captures: () =>
      storeRaw ? [stdin, stdout, stderr].map(({ capture }) => atMost(capture(), stored)) : [],
  };
}

function atMost({ bytes, truncated, ...capture }: Capture, max: number): Capture {
  const isMore = bytes.length > max;
  return { ...capture, bytes: bytes.subarray(0, max), truncated: truncated || isMore };
}
