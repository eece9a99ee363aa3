import { createMeter, type Meter } from '../bus/meter.ts';
import { effectiveSettings, type RunOptions } from '../config/run-options.ts';
import type { Settings } from '../config/settings.ts';
import type { Capture } from '../domain/record.ts';
import { MOST_RESULT_BYTES } from '../gates/dedupe.ts';

export interface Meters {
  readonly stdin: Meter;
  readonly stdout: Meter;
  readonly stderr: Meter;
  /** What is to be stored: nothing unless that was asked for. */
  readonly captures: () => readonly Capture[];
}

/** The outputs are kept where they are stored, and where a duplicate may want them. */
export function createMeters(options: RunOptions, settings: Settings): Meters {
  const { storeRaw, maxBytes } = effectiveSettings(options, settings);
  const stored = storeRaw ? maxBytes : 0;
  const shared = options.dedupe ? Math.min(maxBytes, MOST_RESULT_BYTES) : 0;
  const stdin = createMeter('stdin', stored);
  const stdout = createMeter('stdout', Math.max(stored, shared));
  const stderr = createMeter('stderr', Math.max(stored, shared));
  return {
    stdin,
    stdout,
    stderr,
    captures: () => (storeRaw ? [stdin.capture(), stdout.capture(), stderr.capture()] : []),
  };
}
