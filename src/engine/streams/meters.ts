import { createMeter, type Meter } from '../../app/recording/meter.ts';
import { effectiveSettings, type RunOptions } from '../../config/run-options.ts';
import type { Settings } from '../../config/settings.ts';
import type { Capture } from '../../domain/record.ts';
import { MAX_RESULT_BYTES } from '../../gates/dedupe.ts';

export interface Meters {
  readonly stdin: Meter;
  readonly stdout: Meter;
  readonly stderr: Meter;
  /** Most of each output that a duplicate may get, in bytes. */
  readonly mostShared: number;
  /** What is to be stored: nothing unless that was asked for. */
  readonly captures: () => readonly Capture[];
}

/** Kept of a payload that may say late what it is about, and of what may refuse when time runs out. As src/launcher/stream.h. */
const LATE_BYTES = 256 * 1024;
const REFUSAL_BYTES = 64 * 1024;

/** The outputs are kept where they are stored, and where a duplicate may want them. */
export function createMeters(options: RunOptions, settings: Settings): Meters {
  const { storeRaw, maxBytes } = effectiveSettings(options, settings);
  const stored = storeRaw ? maxBytes : 0;
  const mostShared = Math.min(maxBytes, MAX_RESULT_BYTES);
  const shared = options.dedupe ? mostShared : 0;
  const refusal = options.timeoutSeconds === undefined ? 0 : REFUSAL_BYTES;
  const stdin = createMeter('stdin', Math.max(stored, LATE_BYTES));
  const stdout = createMeter('stdout', Math.max(stored, shared, refusal));
  const stderr = createMeter('stderr', Math.max(stored, shared));
  return {
    stdin,
    stdout,
    stderr,
    mostShared,
    captures: () =>
      storeRaw ? [stdin, stdout, stderr].map(({ capture }) => atMost(capture(), stored)) : [],
  };
}

function atMost({ bytes, truncated, ...capture }: Capture, most: number): Capture {
  const isMore = bytes.length > most;
  return { ...capture, bytes: bytes.subarray(0, most), truncated: truncated || isMore };
}
