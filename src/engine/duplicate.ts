import type { Report } from '../app/store/debug-log.ts';
import type { RunOptions } from '../config/run-options.ts';
import type { Settings } from '../config/settings.ts';
import type { KeyedEnd, KeyResult } from '../domain/key/dedupe-key.ts';
import type { Begin, Capture } from '../domain/record.ts';
import type { Meters } from './streams/meters.ts';
import { writeAll } from './streams/output.ts';

/** Whether the hook may run. If so, call `finish` afterwards: waiters get the result. */
export type HookClaim =
  | {
      readonly kind: 'run';
      readonly key?: string;
      readonly finish: (end: KeyedEnd | undefined) => void;
    }
  | {
      readonly kind: 'duplicate';
      readonly key: string;
      readonly of: string;
      /** Absent if there is nothing to repeat. */
      readonly result?: KeyResult;
    };

export interface ClaimParts {
  readonly begin: Begin;
  readonly options: RunOptions;
  readonly settings: Settings;
  /** The complete payload. */
  readonly payload: Uint8Array;
  readonly report: Report;
}

/** A run without a key, which nobody waits for. */
export const UNKEYED: HookClaim = { kind: 'run', finish: () => undefined };

/** Repeats the first execution's output, if the policy says so. */
export async function answerDuplicate(
  { result }: HookClaim & { kind: 'duplicate' },
  meters: Meters,
): Promise<void> {
  if (result === undefined) return;
  meters.stdout.push(result.stdout);
  meters.stderr.push(result.stderr);
  await writeAll(1, result.stdout);
  await writeAll(2, result.stderr);
}

/** Shares the result with duplicates, if they may have it. */
export function finishClaim(claim: HookClaim, exitCode: number | undefined, meters: Meters): void {
  if (claim.kind !== 'run' || claim.key === undefined) return;
  const stdout = meters.stdout.capture();
  const stderr = meters.stderr.capture();
  // The capture may be larger than what duplicates may get.
  const isAllKept = ({ truncated, bytes }: Capture): boolean =>
    !truncated && bytes.length <= meters.maxSharedBytes;
  const isShared = exitCode !== undefined && isAllKept(stdout) && isAllKept(stderr);
  const outputs = { stdout: stdout.bytes, stderr: stderr.bytes };
  claim.finish(isShared ? { exitCode, outputs } : undefined);
}
