/// <reference lib="esnext.disposable" preserve="true" />

/** The result of a guarded execution. */
export interface GuardResult<T> {
  /** True if the body returned or was skipped. */
  readonly success: boolean;
  /** What the body returned; for a replayed duplicate, what the first execution returned. Undefined if nothing. */
  readonly output: T | undefined;
  /** What the body threw. Anything but an Error is wrapped in one, as its `cause`. */
  readonly error: Error | undefined;
  /** Whether the body was skipped, as a duplicate or by a closed gate. */
  readonly skipped: boolean;
  /** W3C trace id (32 hex digits), shared by executions with one cause. */
  readonly correlationId: string;
}

/** Options of a guarded execution. All are optional. */
export interface GuardOptions {
  /** The tool, if the payload does not name it. */
  readonly tool?: string | undefined;
  /**
   * What the hook read: the text, the bytes, or the parsed value. HookBus reads event, tool, session and tool use from
   * it, and stores it if payloads are stored.
   */
  readonly payload?: string | Uint8Array | object | null | undefined;
  /** Executions of this hook with the same key are duplicates; empty or absent: no deduplication. */
  readonly dedupeKey?: string | undefined;
  /** How long the key counts, in whole seconds from 1; default: `HOOKBUS_DEDUPE_TTL`. */
  readonly dedupeTtlSeconds?: number | undefined;
  /**
   * What a duplicate does. Default: `deny` on events that a hook can block, which repeats a refusal and runs otherwise;
   * else `skip`.
   */
  readonly onDuplicate?: 'deny' | 'skip' | 'replay' | undefined;
  /** With `replay`: how many seconds a duplicate waits for the first execution before its own body runs; at most 5. */
  readonly waitSeconds?: number | undefined;
  /** The session, if the payload does not name it. */
  readonly sessionId?: string | undefined;
  /** The tool use, if the payload does not name it. */
  readonly toolUseId?: string | undefined;
}

/** The argument of a guarded body. */
export interface ExecutionContext<T> {
  /** Always false: the body of a skipped execution does not run. */
  readonly skipped: false;
  readonly correlationId: string;
  /** Sets the output. The last call counts, and overrides what the body returns. */
  setOutput(value: T): void;
}

/** A guarded execution for `await using`. */
export interface GuardedExecution<T> {
  /** Whether to skip the work. Check it yourself: your code runs either way. */
  readonly skipped: boolean;
  /** For a replayed duplicate, what the first execution returned; otherwise undefined. */
  readonly output: T | undefined;
  readonly correlationId: string;
  /** Sets the output; the last call counts. Without it, and without `fail`, the execution counts as failed. */
  setOutput(value: T): void;
  /** Marks the execution as failed, with the reason. */
  fail(error: unknown): void;
  /** Records the execution. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>;
}
