import type { Report } from '../app/store/debug-log.ts';
import type { RunOptions } from '../config/run-options.ts';
import type { Settings } from '../config/settings.ts';
import type { KeyedEnd, KeyResult } from '../domain/key/dedupe-key.ts';
import type { Begin, Capture } from '../domain/record.ts';
import type { Meters } from './streams/meters.ts';
import { writeAll } from './streams/output.ts';

/** Whether the hook may run; once it has, `finish` tells those who wait. */
export type Claim =
  | {
      readonly kind: 'run';
      readonly key?: string;
      readonly finish: (end: KeyedEnd | undefined) => void;
    }
  | {
      readonly kind: 'duplicate';
      readonly key: string;
      readonly of: string;
      /** Absent where nothing is to be said again. */
      readonly result?: KeyResult;
    };

export interface ClaimParts {
  readonly begin: Begin;
  readonly options: RunOptions;
  readonly settings: Settings;
  /** All of it. */
  readonly payload: Uint8Array;
  readonly report: Report;
}

/** A run that nobody waits for. */
export const UNKEYED: Claim = { kind: 'run', finish: () => undefined };

/** The hook does not run: what the first one said is said once more, or nothing. */
export async function answerDuplicate(
  { result }: Claim & { kind: 'duplicate' },
  meters: Meters,
): Promise<void> {
  if (result === undefined) return;
  meters.stdout.push(result.stdout);
  meters.stderr.push(result.stderr);
  await writeAll(1, result.stdout);
  await writeAll(2, result.stderr);
}

/** Tells what duplicates may share of an end, if anything. */
export function finishClaim(claim: Claim, exitCode: number | undefined, meters: Meters): void {
  if (claim.kind !== 'run' || claim.key === undefined) return;
  const stdout = meters.stdout.capture();
  const stderr = meters.stderr.capture();
  // More may be kept than duplicates may get.
  const isAllKept = ({ truncated, bytes }: Capture): boolean =>
    !truncated && bytes.length <= meters.mostShared;
  const isShared = exitCode !== undefined && isAllKept(stdout) && isAllKept(stderr);
  const outputs = { stdout: stdout.bytes, stderr: stderr.bytes };
  claim.finish(isShared ? { exitCode, outputs } : undefined);
}
