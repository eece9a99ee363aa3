/** A claim as stored. */
export interface Claim {
  readonly executionId: string;
  readonly state: 'running' | 'done';
  readonly exitCode: number | null;
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
  readonly ownerPid: number | null;
  readonly ownerStart: number | null;
  /** The daemon that made the claim and learns of its end. */
  readonly brokerPid: number | null;
  readonly brokerStart: number | null;
  /** UTC, in the format of `created_at`. */
  readonly expiresAt: string;
}
