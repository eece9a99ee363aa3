/// <reference lib="esnext.disposable" preserve="true" />

/** What came of a guarded execution. */
export interface GuardResult<T> {
  /** Whether it went well: the body returned, or it was skipped. */
  readonly success: boolean;
  /** What the body gave; of a replayed duplicate, what the first one gave. Undefined where there is none. */
  readonly output: T | undefined;
  /** What the body threw. Anything but an Error is wrapped in one, as its `cause`. */
  readonly error: Error | undefined;
  /** Whether the body was not run: a duplicate, or a gate is closed. */
  readonly skipped: boolean;
  /** W3C trace id, 32 hex digits, shared by executions with one cause. */
  readonly correlationId: string;
}

/** What a guarded execution may be told. All of it can be left out. */
export interface GuardOptions {
  /** The tool, where the payload does not say. */
  readonly tool?: string | undefined;
  /**
   * What the hook read: the text, the bytes, or what they were parsed to. Event, tool, session and tool use are found in
   * it, and it is stored where payloads are.
   */
  readonly payload?: string | Uint8Array | object | null | undefined;
  /** Makes this execution the same as others of this hook; empty or absent: it is not deduplicated. */
  readonly dedupeKey?: string | undefined;
  /** Whole seconds, from 1, that the key counts; `HOOKBUS_DEDUPE_TTL` where absent. */
  readonly dedupeTtlSeconds?: number | undefined;
  /**
   * What a duplicate does. Where absent: `deny` on events that a hook can block, which gives a refusal again and runs
   * otherwise; else `skip`.
   */
  readonly onDuplicate?: 'deny' | 'skip' | 'replay' | undefined;
  /** With `replay`: most seconds that a duplicate waits for the first one, before its own body runs; at most 5. */
  readonly waitSeconds?: number | undefined;
  /** The session, where the payload does not say. */
  readonly sessionId?: string | undefined;
  /** The tool use, where the payload does not say. */
  readonly toolUseId?: string | undefined;
}

/** What the body of a guarded execution is given. */
export interface ExecutionContext<T> {
  /** Always false: the body of a skipped execution is not run. */
  readonly skipped: false;
  readonly correlationId: string;
  /** Says what the output is; the last word counts, and goes before what the body returns. */
  setOutput(value: T): void;
}

/** A guarded execution for `await using`. */
export interface GuardedExecution<T> {
  /** Whether the work is not to be done. The caller has to look: its code runs either way. */
  readonly skipped: boolean;
  /** Of a replayed duplicate, what the first one gave; otherwise undefined. */
  readonly output: T | undefined;
  readonly correlationId: string;
  /** Says what the output is; the last word counts. Without it, and without `fail`, the execution counts as failed. */
  setOutput(value: T): void;
  /** Says that it failed, and why. */
  fail(error: unknown): void;
  /** Records it. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>;
}
